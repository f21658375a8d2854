// swift-tools-version: 6.1
import PackageDescription

/// The VM lab's checks on the host, in regular Swift; not a part of the program. It has no dependencies to fetch.
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
