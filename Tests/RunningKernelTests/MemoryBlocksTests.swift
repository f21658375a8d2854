import Foundation
import Platform
import RunningKernel
import TestSupport
import Testing

@Suite("memory blocks")
final class MemoryBlocksTests {
  private let sysfs: TemporaryDirectory
  private let folder = "devices/system/memory"

  init() throws { sysfs = try TemporaryDirectory() }

  private func write(_ name: String, _ text: String) throws { try sysfs.write("\(folder)/\(name)", Array(text.utf8)) }

  private func read(_ name: String) throws -> String { try String(contentsOfFile: "\(sysfs.path)/\(folder)/\(name)", encoding: .utf8) }

  private var blocks: MemoryBlocks? { MemoryBlocks(sysfs: Text(sysfs.path)) }

  @Test("the size is hexadecimal without a prefix", arguments: [("8000000\n", 128 << 20), ("80000000\n", 2 << 30)])
  func size(text: String, bytes: UInt64) throws {
    try write("block_size_bytes", text)
    #expect(blocks?.size == bytes)
  }

  @Test("where there are none, no memory can be added", arguments: ["", "0\n", "8000001\n", "many\n"])
  func none(text: String) throws {
    #expect(blocks == nil)
    try write("block_size_bytes", text)
    #expect(blocks == nil)
  }

  @Test("blocks come online as they are added, and the setting is what it was afterwards")
  func onlining() throws {
    try write("block_size_bytes", "8000000\n")
    try write("auto_online_blocks", "offline\n")
    var during = ""
    try #require(blocks).onlining { during = (try? self.read("auto_online_blocks")) ?? "" }
    #expect(during == "online_kernel")
    #expect(try read("auto_online_blocks").hasPrefix("offline"))
  }

  @Test("a block that is not online is brought online, for the kernel as well")
  func bringsOnline() throws {
    try write("block_size_bytes", "8000000\n")
    try write("memory3/state", "offline\n")
    try #require(blocks).bringOnline(at: 3 << 27)
    #expect(try read("memory3/state") == "online_kernel")
    try write("memory3/state", "online\n")
    try #require(blocks).bringOnline(at: 3 << 27)
    #expect(try read("memory3/state") == "online\n")
    #expect(throws: Errno.noEntry) { try self.blocks?.bringOnline(at: 4 << 27) }
  }

  @Test("amounts are those of /proc/meminfo")
  func amounts() {
    let amounts = MemoryAmounts(Text("MemTotal:         212436 kB\nMemFree:           27000 kB\nMemAvailable:      81212 kB\n"))
    #expect(amounts.total == 212436)
    #expect(amounts.available == 81212)
    #expect(MemoryAmounts(Text("")).total == 0)
  }
}
