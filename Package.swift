// swift-tools-version: 6.1
import PackageDescription

/// `swift build -c release` builds the program that ships, as Embedded Swift; a debug build compiles the same
/// sources as regular Swift, whose modules tests can import (an Embedded module can't be imported by them).
let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Embedded", .when(configuration: .release)),
  .unsafeFlags(["-wmo", "-Osize"], .when(configuration: .release)),
]

let package = Package(
  name: "oldmemfs",
  // Each floor depends only on floors below it.
  targets: [
    .target(name: "OldMemory", dependencies: ["CrashedKernel", "Vmcore", "Platform"], swiftSettings: settings),
    .target(name: "CrashedKernel", dependencies: ["Vmcore", "Platform"], swiftSettings: settings),
    .target(name: "Vmcore", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: settings),
    .target(name: "CPlatform"),
    .testTarget(name: "OldMemoryTests", dependencies: ["OldMemory"]),
    .testTarget(name: "PlatformTests", dependencies: ["Platform"]),
  ]
)
