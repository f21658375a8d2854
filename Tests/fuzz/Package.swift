// swift-tools-version: 6.1
import PackageDescription

/// The fuzzer of the parsers, a program of its own: every module of it is built with -sanitize=fuzzer, which no other build wants.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "oldmemfs", path: "../..")],
  targets: [
    .executableTarget(
      name: "fuzzparsers", dependencies: [.product(name: "Parsers", package: "oldmemfs")], path: "parsers",
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])])
  ]
)
