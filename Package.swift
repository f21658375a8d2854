// swift-tools-version: 6.1
import PackageDescription

/// `swift build -c release` builds the program that ships, as Embedded Swift; a debug build compiles the same
/// sources as regular Swift, whose modules tests can import (an Embedded module can't be imported by them).
///
/// The release program is optimised whole, when it is linked: its objects are bitcode. SwiftPM knows no link-time optimisation
/// for Linux, so the compiler's front end is told to write bitcode where it would write an object.
///
/// A flag that is there for the program's size saves 8 KiB or more of the static program as it is packed into an initramfs
/// (`Tests/bench/flags` measures them). Checks of exclusive access and the stack protector stay, for less than 1 KiB each: this is a root
/// daemon that writes physical memory.
let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Embedded", .when(configuration: .release)),
  .unsafeFlags(
    [
      "-wmo", "-Osize",
      // Unoptimised by LLVM: the front end crashes on writing what its own passes leave (functions without a name).
      "-Xfrontend", "-emit-bc", "-Xfrontend", "-disable-llvm-optzns",
      // 12 KiB: one inline function of libc's headers with an unwind table would give one to every function, and nothing unwinds.
      "-Xcc", "-fno-asynchronous-unwind-tables",
    ], .when(configuration: .release)),
]

let cSettings: [CSetting] = [
  .unsafeFlags(["-Oz", "-flto", "-fno-asynchronous-unwind-tables"], .when(configuration: .release))
]

/// Relocatable (6 KiB), and what is relocated is read-only afterwards. Optimised whole (116 KiB).
let linking: [LinkerSetting] = [
  .unsafeFlags(
    ["-use-ld=lld", "-lto=llvm-full", "-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"],
    .when(configuration: .release))
]

/// OLDMEMFS_INITRAMFS=1 adds what the first stage of an initramfs needs (`dracut-module/install` builds it so): the init, and
/// everything in one static program. `OLDMEMFS_INITRAMFS=1 swift test` has its tests too.
let forInitramfs = Context.environment["OLDMEMFS_INITRAMFS"] != nil
let bootDependencies: [Target.Dependency] = forInitramfs ? ["Boot"] : []
let bootSettings: [SwiftSetting] = forInitramfs ? [.define("OLDMEMFS_INITRAMFS")] : []
let staticSettings: [CSetting] = forInitramfs ? [.define("OLDMEMFS_INITRAMFS")] : []
let bootLinking: [LinkerSetting] = forInitramfs ? [.unsafeFlags(["-Xclang-linker", "-static-pie"], .when(configuration: .release))] : []
let bootTargets: [Target] =
  forInitramfs
  ? [
    .target(name: "Boot", dependencies: ["CrashedKernel", "Platform", "CBoot"], swiftSettings: settings),
    .target(name: "CBoot", dependencies: ["CPlatform"], cSettings: cSettings, linkerSettings: [.linkedLibrary("lzma")]),
    .testTarget(name: "BootTests", dependencies: ["Boot"]),
  ] : []

let package = Package(
  name: "oldmemfs",
  // Each floor depends only on floors below it.
  targets: [
    .executableTarget(
      name: "oldmemfs",
      dependencies: ["FuseServer", "FileSystem", "OldMemory", "Frames", "CrashedKernel", "Vmcore", "Platform"] + bootDependencies,
      swiftSettings: settings + bootSettings, linkerSettings: linking + bootLinking),
    .target(name: "FuseServer", dependencies: ["FileSystem", "OldMemory", "Frames", "Platform", "CFuse"], swiftSettings: settings),
    .target(name: "FileSystem", dependencies: ["Frames", "Platform"], swiftSettings: settings),
    .target(name: "OldMemory", dependencies: ["Frames", "CrashedKernel", "Vmcore", "Platform"], swiftSettings: settings),
    .target(name: "Frames", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "CrashedKernel", dependencies: ["Vmcore", "Platform"], exclude: ["Reuse/REUSE.md"], swiftSettings: settings),
    .target(name: "Vmcore", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: settings),
    .target(name: "CPlatform", cSettings: cSettings),
    .target(
      name: "CFuse", dependencies: ["CPlatform"], cSettings: cSettings + staticSettings, linkerSettings: [.linkedLibrary("fuse3")]),
    .testTarget(name: "FuseServerTests", dependencies: ["FuseServer", "FileSystem", "OldMemory", "Platform", "CFuse", "FuseProtocol"]),
    .systemLibrary(name: "FuseProtocol", path: "Tests/FuseProtocol"),
    .testTarget(name: "FileSystemTests", dependencies: ["FileSystem"]),
    .testTarget(name: "OldMemoryTests", dependencies: ["OldMemory", "KernelFixtures"]),
    .testTarget(name: "CrashedKernelTests", dependencies: ["CrashedKernel", "KernelFixtures"]),
    .testTarget(name: "VmcoreTests", dependencies: ["Vmcore", "KernelFixtures"]),
    // No tests of its own: a tiny crashed kernel for those of others.
    .testTarget(name: "KernelFixtures"),
    .testTarget(name: "PlatformTests", dependencies: ["Platform"]),
  ] + bootTargets
)

// Tests/fuzz builds one more program, and the fake kernel's sources for it.
if Context.environment["OLDMEMFS_FUZZ"] != nil {
  package.targets.removeAll { $0.type == .test }
  package.targets += [
    .target(name: "KernelFixtures", path: "Tests/KernelFixtures"),
    .executableTarget(
      name: "fuzzparsers", dependencies: ["CrashedKernel", "Vmcore", "Platform", "KernelFixtures"], path: "Tests/fuzz/parsers",
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
  ]
}
