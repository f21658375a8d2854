// swift-tools-version: 6.1
import PackageDescription

/// `swift build -c release` builds the program that ships, as Embedded Swift; a debug build compiles the same
/// sources as regular Swift, whose modules tests can import (an Embedded module can't be imported by them).
///
/// The release program is optimised whole, when it is linked: its objects are bitcode. SwiftPM knows no link-time optimisation
/// for Linux, so the compiler's front end is told to write bitcode where it would write an object.
let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Embedded", .when(configuration: .release)),
  .unsafeFlags(
    [
      "-wmo", "-Osize",
      // Unoptimised by LLVM: the front end crashes on writing what its own passes leave (functions without a name).
      "-Xfrontend", "-emit-bc", "-Xfrontend", "-disable-llvm-optzns",
      "-Xfrontend", "-mergeable-traps",
      // A copy of a function for each closure that it is called with is larger than the calls that it saves.
      "-Xllvm", "-sil-disable-pass=closure-specialize",
      // The debug build looks for overlapping accesses, and the stack is guarded by bounds checks.
      "-enforce-exclusivity=unchecked",
      "-Xfrontend", "-disable-stack-protector",
      // One inline function of libc's headers with an unwind table would give one to every function: nothing unwinds.
      "-Xcc", "-fno-asynchronous-unwind-tables",
      // SwiftPM asks for frame pointers, in words that come after these; nobody walks the stack.
      "-Xcc", "-Xclang", "-Xcc", "-mframe-pointer=none",
    ], .when(configuration: .release)),
]

/// For all that does no work frame by frame: only short functions go in line into others.
let shortSettings =
  settings + [.unsafeFlags(["-Xllvm", "-sil-inline-overall-caller-block-limit=5"], .when(configuration: .release))]

let cSettings: [CSetting] = [
  .unsafeFlags(["-Oz", "-flto", "-fno-asynchronous-unwind-tables", "-Xclang", "-mframe-pointer=none"], .when(configuration: .release))
]

/// Small rather than relocatable: relocations of its own would be a fifteenth of the program. Nothing looks for a build ID, and
/// without relocations there is next to nothing that could be made read-only after them.
let linking: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "--icf=all", "-Xclang-linker", "-no-pie",
      "-Xlinker", "--build-id=none", "-Xlinker", "-z", "-Xlinker", "norelro",
      "-lto=llvm-full", "-Xlinker", "--lto-newpm-passes=default<Oz>",
      // Only what has one caller, or is no longer than a call, goes in line; what functions have in common goes out of line.
      "-Xlinker", "-mllvm", "-Xlinker", "-inline-threshold=-100",
      "-Xlinker", "-mllvm", "-Xlinker", "-enable-machine-outliner=always",
    ],
    .when(configuration: .release))
]

/// OLDMEMFS_INITRAMFS=1 adds what the first stage of an initramfs needs (`dracut-module/install` builds it so): the init, and
/// everything in one static program. `OLDMEMFS_INITRAMFS=1 swift test` has its tests too.
let forInitramfs = Context.environment["OLDMEMFS_INITRAMFS"] != nil
let bootDependencies: [Target.Dependency] = forInitramfs ? ["Boot"] : []
let bootSettings: [SwiftSetting] = forInitramfs ? [.define("OLDMEMFS_INITRAMFS")] : []
let staticSettings: [CSetting] = forInitramfs ? [.define("OLDMEMFS_INITRAMFS")] : []
let bootLinking: [LinkerSetting] = forInitramfs ? [.unsafeFlags(["-Xclang-linker", "-static"], .when(configuration: .release))] : []
let bootTargets: [Target] =
  forInitramfs
  ? [
    .target(name: "Boot", dependencies: ["CrashedKernel", "Platform", "CBoot"], swiftSettings: shortSettings),
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
      swiftSettings: shortSettings + bootSettings, linkerSettings: linking + bootLinking),
    .target(name: "FuseServer", dependencies: ["FileSystem", "OldMemory", "Frames", "Platform", "CFuse"], swiftSettings: shortSettings),
    .target(name: "FileSystem", dependencies: ["Frames", "Platform"], swiftSettings: shortSettings),
    .target(name: "OldMemory", dependencies: ["Frames", "CrashedKernel", "Vmcore", "Platform"], swiftSettings: shortSettings),
    .target(name: "Frames", dependencies: ["Platform"], swiftSettings: shortSettings),
    .target(name: "CrashedKernel", dependencies: ["Vmcore", "Platform"], exclude: ["Reuse/REUSE.md"], swiftSettings: settings),
    .target(name: "Vmcore", dependencies: ["Platform"], swiftSettings: shortSettings),
    .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: shortSettings),
    .target(name: "CPlatform", cSettings: cSettings),
    .target(
      name: "CFuse", dependencies: ["CPlatform"], cSettings: cSettings + staticSettings, linkerSettings: [.linkedLibrary("fuse3")]),
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
