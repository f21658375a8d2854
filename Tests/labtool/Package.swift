// swift-tools-version: 6.1
import PackageDescription

/// What the VM lab needs on the host to judge a run: regular Swift, no part of the program. It has no packages to fetch.
let package = Package(
  name: "labtool",
  targets: [
    .executableTarget(name: "labtool", dependencies: ["CommandWords", "KdumpFile"]),
    .target(name: "CommandWords"),
    .target(name: "KdumpFile"),
    .testTarget(name: "CommandWordsTests", dependencies: ["CommandWords"]),
    .testTarget(name: "KdumpFileTests", dependencies: ["KdumpFile"]),
  ]
)
