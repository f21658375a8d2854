// swift-tools-version: 6.1
import PackageDescription

/// The fuzzer of the parsers. It has a package of its own since all its modules are built with -sanitize=fuzzer.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "oldmemfs", path: "../..")],
  targets: [
    .executableTarget(
      name: "fuzzparsers", dependencies: [.product(name: "Parsers", package: "oldmemfs")], path: "parsers",
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])])
  ]
)
