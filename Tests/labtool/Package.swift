// swift-tools-version: 6.1
import PackageDescription

/// What the VM lab needs on the host to judge a run: regular Swift, no part of the program.
let package = Package(
  name: "labtool",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .executableTarget(
      name: "labtool",
      dependencies: ["KdumpFile", .product(name: "ArgumentParser", package: "swift-argument-parser")]
    ),
    .target(name: "KdumpFile"),
    .testTarget(name: "KdumpFileTests", dependencies: ["KdumpFile"]),
  ]
)
