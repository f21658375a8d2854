import CrashedKernel
import KernelFixtures
import OldMemory
import Platform
import TestSupport
import Testing

@testable import Commands

@Suite("A way to store files that there is not")
struct StoreWayTests {
  private let directory: TemporaryDirectory
  private let kernel: CrashedKernel

  init() throws {
    directory = try TemporaryDirectory()
    try FakeKernel(.allCases[0]).write(to: directory.path + "/vmcore")
    kernel = try CrashedKernel.open(Text(directory.path + "/vmcore"))
  }

  /// The paths for a source and options.
  private func paths(_ source: String, _ options: String) throws -> OldMemoryPaths {
    let arguments = try MountArguments([source, "/mnt", "-o", options].map { Text($0) })
    guard case .crashed(let paths) = MemorySource(arguments.source, arguments.memory) else { throw Failure("it is scratch memory") }
    return paths
  }

  @Test(
    "device dax has the machine's own memory, and that of no file; a saved vmcore has no memory device",
    arguments: [
      ("oldmem", "store=dax,vmcore=VMCORE", "dax"), ("oldmem", "store=dax,devmem=VMCORE", "dax"), ("VMCORE", "store=dax", "dax"),
      ("VMCORE", "store=devmem", "devmem"),
    ])
  func message(source: String, options: String, word: String) throws {
    let vmcore = directory.path + "/vmcore"
    func path(_ text: String) -> String { text.split(separator: "VMCORE", omittingEmptySubsequences: false).joined(separator: vmcore) }
    let paths = try paths(path(source), path(options))
    #expect(paths.bus == nil && paths.keptFile == nil)
    let policy = ReusePolicy(level: DumpLevel(rawValue: 31))
    let error = try #require(throws: PoolError.self) {
      _ = try FramePool.oldMemory(of: kernel, policy: policy, paths: paths, checksums: true)
    }
    let said = "store=\(word) does not go with this source and its options"
    #expect(error.text(paths).string == "no way to write the crashed kernel's memory: " + said)
    #expect(StoreChoice.text(paths, kernel, policy).string == "nothing: " + said)
  }

  @Test("the machine's own memory may be device dax's")
  func own() throws { #expect(try paths("oldmem", "store=dax").bus != nil) }
}
