// swift-tools-version: 6.1
import PackageDescription

/// The fuzzers of the parsers and of the file system. They have a package of their own since all its modules are built with
/// -sanitize=fuzzer.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "oldmemfs", path: "../..")],
  targets: [
    // libFuzzer, as a function.
    .target(name: "Driver", path: "driver"),
    .executableTarget(
      name: "fuzzparsers", dependencies: ["Driver", .product(name: "Parsers", package: "oldmemfs")], path: "parsers",
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
    .executableTarget(
      name: "fuzzfiles", dependencies: ["Driver", .product(name: "FileSystemModel", package: "oldmemfs")], path: "files",
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
  ]
)
