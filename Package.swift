// swift-tools-version: 6.1
import PackageDescription

/// A file sees the members of those modules alone that it imports. `Tests/program/run` compares the imports with the dependencies.
let testSettings: [SwiftSetting] = [.enableUpcomingFeature("MemberImportVisibility")]

/// A release build is Embedded Swift; a debug build compiles the same sources as regular Swift, whose modules tests can import (they
/// can't import an Embedded module).
///
/// A release program is optimised as a whole when it is linked: its objects are bitcode. SwiftPM has no link-time optimisation for
/// Linux, so the compiler's front end writes bitcode where it would write an object.
///
/// A flag that is there for the program's size saves 8 KiB or more of the static program as it is packed into an initramfs
/// (`Tests/bench/flags` measures them). Checks of exclusive access and the stack protector stay, for less than 1 KiB each: this is a root
/// daemon that writes physical memory.
let settings: [SwiftSetting] =
  testSettings + [
    .enableExperimentalFeature("Embedded", .when(configuration: .release)),
    .unsafeFlags(
      [
        "-wmo", "-Osize",
        // Unoptimised by LLVM: the front end crashes on writing what its own passes leave (functions without a name).
        "-Xfrontend", "-emit-bc", "-Xfrontend", "-disable-llvm-optzns",
        // 7.6 KiB, and 26 KiB of the dynamic program, whose limit is 268: one inline function of libc's headers with an unwind table would
        // give one to every function, and nothing unwinds.
        "-Xcc", "-fno-asynchronous-unwind-tables",
      ], .when(configuration: .release)),
  ]

let cSettings: [CSetting] = [
  .unsafeFlags(["-Oz", "-flto", "-fno-asynchronous-unwind-tables"], .when(configuration: .release))
]

/// Relocatable, which costs 6.3 KiB, and read-only once relocated (0.1 KiB). Optimised as a whole, which saves 219 KiB.
let linking: [LinkerSetting] = [
  .unsafeFlags(
    ["-use-ld=lld", "-lto=llvm-full", "-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"],
    .when(configuration: .release))
]

/// An initramfs has no shared libraries: its program is static, and relocatable like the other.
let staticLinking: [LinkerSetting] = [
  .unsafeFlags(
    [
      // SwiftPM asks for a dynamic one as well.
      "-Xclang-linker", "-static-pie", "-Xclang-linker", "-Wno-unused-command-line-argument",
      // No CUSE (character devices in user space), which libfuse's table of requests names and no mount sends: without its handler,
      // libfuse answers ENOSYS, and its path-based interface is not linked.
      "-Xlinker", "--defsym=cuse_lowlevel_init=0",
    ], .when(configuration: .release))
]

let package = Package(
  name: "oldmemfs",
  products: [
    .executable(name: "oldmemfs", targets: ["oldmemfs"]),
    .executable(name: "oldmemfs-initramfs", targets: ["oldmemfs-initramfs"]),
    // What Tests/fuzz links: the parsers, the file system.
    .library(name: "Parsers", targets: ["CrashedKernel", "Vmcore", "Platform", "KernelFixtures", "TestSupport"]),
    .library(name: "FileSystemModel", targets: ["FileSystemModel", "FileSystem", "Frames"]),
  ],
  // Each floor depends only on floors below it.
  targets: [
    .executableTarget(name: "oldmemfs", dependencies: ["Commands", "Platform"], swiftSettings: settings, linkerSettings: linking),
    .executableTarget(
      name: "oldmemfs-initramfs", dependencies: ["Boot", "Commands", "Platform", "CPlatform"], swiftSettings: settings,
      linkerSettings: linking + staticLinking),
    .target(
      name: "Commands",
      dependencies: [
        "FuseServer", "FileSystem", "OldMemory", "Frames", "CrashedKernel", "Vmcore", "RunningKernel", "DeviceDax", "SwapSpace", "Platform",
        "CPlatform",
      ], swiftSettings: settings),
    .target(name: "Boot", dependencies: ["RunningKernel", "SwapSpace", "Platform", "CBoot"], swiftSettings: settings),
    .target(
      name: "FuseServer", dependencies: ["FileSystem", "OldMemory", "Frames", "Platform", "CFuse", "CPlatform"],
      swiftSettings: settings),
    .target(name: "FileSystem", dependencies: ["Frames", "Platform", "CPlatform"], swiftSettings: settings),
    .target(name: "OldMemory", dependencies: ["Frames", "CrashedKernel", "Vmcore", "DeviceDax", "Platform"], swiftSettings: settings),
    .target(name: "Frames", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "CrashedKernel", dependencies: ["Vmcore", "Platform"], exclude: ["Reuse/REUSE.md"], swiftSettings: settings),
    .target(name: "Vmcore", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "DeviceDax", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "RunningKernel", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "SwapSpace", dependencies: ["Platform"], swiftSettings: settings),
    .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: settings),
    .target(name: "CPlatform", cSettings: cSettings),
    .target(name: "CFuse", dependencies: ["CPlatform"], cSettings: cSettings, linkerSettings: [.linkedLibrary("fuse3")]),
    .target(name: "CBoot", cSettings: cSettings, linkerSettings: [.linkedLibrary("lzma")]),
    // What the tests share: temporary directories, strings as text, a bus of device dax.
    .target(name: "TestSupport", dependencies: ["DeviceDax", "Platform"], path: "Tests/TestSupport", swiftSettings: testSettings),
    // A tiny crashed kernel, for the tests.
    .target(name: "KernelFixtures", path: "Tests/KernelFixtures", swiftSettings: testSettings),
    // A frame store that checks its user, and a reference of the file system, for its tests and for the fuzzer.
    .target(
      name: "FileSystemModel", dependencies: ["FileSystem", "Frames", "Platform"], path: "Tests/FileSystemModel",
      swiftSettings: testSettings),
    // The kernel's side of /dev/fuse, for the tests.
    .systemLibrary(name: "FuseProtocol", path: "Tests/FuseProtocol"),
    .testTarget(
      name: "CommandsTests", dependencies: ["Commands", "CrashedKernel", "OldMemory", "Platform", "KernelFixtures", "TestSupport"],
      swiftSettings: testSettings),
    .testTarget(
      name: "FuseServerTests", dependencies: ["FuseServer", "FileSystem", "OldMemory", "Frames", "Platform", "CFuse", "FuseProtocol"],
      swiftSettings: testSettings),
    .testTarget(
      name: "FileSystemTests", dependencies: ["FileSystem", "FileSystemModel", "Frames", "Platform"], swiftSettings: testSettings),
    .testTarget(
      name: "OldMemoryTests",
      dependencies: ["OldMemory", "Frames", "CrashedKernel", "Vmcore", "DeviceDax", "Platform", "KernelFixtures", "TestSupport"],
      swiftSettings: testSettings),
    .testTarget(
      name: "CrashedKernelTests", dependencies: ["CrashedKernel", "Vmcore", "Platform", "KernelFixtures", "TestSupport"],
      swiftSettings: testSettings),
    .testTarget(name: "VmcoreTests", dependencies: ["Vmcore", "Platform", "KernelFixtures", "TestSupport"], swiftSettings: testSettings),
    .testTarget(name: "RunningKernelTests", dependencies: ["RunningKernel", "Platform", "TestSupport"], swiftSettings: testSettings),
    .testTarget(name: "DeviceDaxTests", dependencies: ["DeviceDax", "Platform", "TestSupport"], swiftSettings: testSettings),
    .testTarget(name: "SwapSpaceTests", dependencies: ["SwapSpace", "Platform", "TestSupport"], swiftSettings: testSettings),
    .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"], swiftSettings: testSettings),
    .testTarget(name: "BootTests", dependencies: ["Boot", "Platform", "CBoot", "TestSupport"], swiftSettings: testSettings),
  ]
)
