import KernelFixtures
import Platform
import TestSupport
import Testing

@testable import Vmcore

extension Vmcore {
  /// Writes a core file and opens it. It stays open after the file is removed.
  convenience init(_ core: FakeCore) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/vmcore"
    try core.write(to: path)
    try self.init(path: Text(path))
  }
}

@Suite("A core file")
struct VmcoreTests {
  /// Two segments with a hole between them, and VMCOREINFO.
  private func core() -> FakeCore {
    var core = FakeCore()
    core.segments = [
      .init(physical: 0x10_0000, virtual: 0xffff_ffff_8100_0000, size: 0x2000),
      .init(physical: 0x10_0000, virtual: 0xffff_8880_0010_0000, size: 0x8000),
      .init(physical: 0x20_0000, virtual: 0xffff_8880_0020_0000, size: 0x4000),
    ]
    core.notes = [.init(name: "CORE", contents: [1, 2, 3]), .init(name: "VMCOREINFO", contents: Array("OSRELEASE=1.2.3\n".utf8))]
    for page in 0..<UInt64(12) { core.put(page + 100, at: page < 8 ? 0x10_0000 + page * 4096 : 0x20_0000 + (page - 8) * 4096) }
    return core
  }

  /// The message if the file is refused; otherwise nil.
  private func refusal(_ core: FakeCore) throws -> String? {
    do {
      _ = try Vmcore(core)
      return nil
    } catch let error as VmcoreError {
      var text = Text()
      error.describe(to: &text)
      return text.string
    }
  }

  @Test("memory is what the direct map has, whole pages, sorted")
  func segments() throws {
    var core = core()
    core.segments.swapAt(1, 2)
    // It begins 100 bytes into a page, and ends inside one.
    core.segments.append(.init(physical: 0x30_0064, virtual: 0xffff_8880_0030_0064, size: 0x1fff))
    let vmcore = try Vmcore(core)
    #expect(vmcore.segments.map(\.frames) == [PFN(0x100)..<PFN(0x108), PFN(0x200)..<PFN(0x204), PFN(0x301)..<PFN(0x302)])
  }

  @Test("memory is read where it is, across pages")
  func reading() throws {
    let vmcore = try Vmcore(core())
    #expect(try vmcore.word(at: PhysicalAddress(0x10_3000)) == 103)
    #expect(try vmcore.word(at: PhysicalAddress(0x20_1000)) == 109)
    #expect(try vmcore.word(at: PhysicalAddress(0x10_3ffc)) == 104 << 32)
  }

  @Test(
    "what is outside every PT_LOAD can't be read",
    arguments: [0, 0xf_f000, 0x10_8000, 0x1f_fffc, 0x20_4000, 0x20_3ffc, UInt64.max, UInt64.max - 7])
  func absent(address: UInt64) throws {
    let vmcore = try Vmcore(core())
    #expect(throws: VmcoreError.self) { try vmcore.word(at: PhysicalAddress(address)) }
  }

  @Test("a run of pages has a place in the file only if it is in one PT_LOAD")
  func fileOffset() throws {
    let core = core()
    let vmcore = try Vmcore(core)
    #expect(vmcore.fileOffset(of: PFN(0x102), count: 6) == core.offset(ofPhysical: 0x10_2000))
    #expect(vmcore.fileOffset(of: PFN(0x102), count: 7) == nil)
    #expect(vmcore.fileOffset(of: PFN(0x102), count: 0) == nil)
    #expect(vmcore.fileOffset(of: PFN(0x102), count: Int.max) == nil)
    #expect(vmcore.fileOffset(of: PFN(0x108), count: 1) == nil)
    #expect(vmcore.fileOffset(of: PFN(0), count: 1) == nil)
  }

  @Test("an address of the direct map leads to memory, others do not")
  func directMap() throws {
    let vmcore = try Vmcore(core())
    #expect(vmcore.physical(ofDirect: 0xffff_8880_0010_1234) == PhysicalAddress(0x10_1234))
    #expect(vmcore.physical(ofDirect: 0xffff_8880_0010_8000) == nil)
    #expect(vmcore.physical(ofDirect: 0xffff_ffff_8100_0000) == nil)
    #expect(vmcore.physical(ofDirect: 0) == nil)
  }

  @Test("more program headers than fit in e_phnum are counted in a section header")
  func extendedNumbering() throws {
    var core = core()
    core.usesExtendedNumbering = true
    #expect(try Vmcore(core).segments.count == 2)
  }

  /// A file with one fault, and the expected message.
  struct Wrong: Sendable {
    let reason: String
    let change: @Sendable (inout FakeCore) -> Void

    init(_ reason: String, _ change: @escaping @Sendable (inout FakeCore) -> Void) {
      self.reason = reason
      self.change = change
    }
  }

  @Test(
    "a file that is no core file of this architecture is refused with the reason",
    arguments: [
      Wrong("not an ELF file") { $0.magic = [0x4b, 0x44, 0x55, 0x4d] }, Wrong("not 64-bit") { $0.elfClass = 1 },
      Wrong("not little-endian") { $0.byteOrder = 2 }, Wrong("ET_CORE") { $0.type = 2 }, Wrong("EM_X86_64") { $0.machine = 183 },
      Wrong("other architectures") { $0.machine = 21 }, Wrong("EM_X86_64") { $0.machine = 3 },
    ])
  func identity(wrong: Wrong) throws {
    var core = core()
    wrong.change(&core)
    let refusal = try refusal(core)
    #expect(refusal?.contains(wrong.reason) ?? false, "\(refusal ?? "accepted")")
  }

  @Test(
    "headers that make no sense are refused",
    arguments: [
      { $0.entrySize = 32 }, { $0.headerCount = 0 }, { $0.headerCount = 0xffff }, { $0.segments = [] },
      // Two segments with the same page, and addresses that overflow.
      { $0.segments[2].physical = 0x10_7000 }, { $0.segments[2].physical = UInt64.max - 0x1000 },
      { $0.segments[2].physical = 1 << 52 },
    ] as [@Sendable (inout FakeCore) -> Void])
  func malformed(change: @Sendable (inout FakeCore) -> Void) throws {
    var core = core()
    change(&core)
    #expect(throws: VmcoreError.self) { try Vmcore(core) }
  }

  @Test("two pages that share a place in the file are refused")
  func alias() throws {
    var core = core()
    core.sharesOffsets = true
    #expect(try refusal(core)?.contains("same place") ?? false)
  }

  @Test("memory that no machine has is refused before anything is kept of it", arguments: [(UInt64(64) << 40, true), (65 << 40, false)])
  func tooMuch(size: UInt64, isAccepted: Bool) throws {
    var bytes = [UInt8](repeating: 0, count: 56)
    for (place, number) in [(0, 1), (8, 0), (16, 0xffff_8880_0000_0000), (24, 0), (32, size)] as [(Int, UInt64)] {
      for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
    }
    let header = try #require(ProgramHeader(ByteReader(bytes: bytes), at: 0))
    let segment = try #require(try LoadSegment(header))
    if isAccepted {
      #expect(try Vmcore.memory([segment]).count == 1)
    } else {
      #expect(throws: VmcoreError.self) { try Vmcore.memory([segment]) }
    }
  }

  @Test("a file that is cut off anywhere is refused, and says so", arguments: [1, 0x4000, 0x9000, 0xf_0000])
  func truncated(missing: UInt64) throws {
    var core = core()
    core.missingBytes = missing
    #expect(try refusal(core)?.contains("truncated") ?? false)
  }

  @Test("a file that ends in its headers is refused", arguments: [0, 1, 63, 64, 100, 200, 360])
  func shortFile(size: UInt64) throws {
    var core = core()
    let whole = zip(core.segments, core.offsets).map { $0.size + $1 }.max()!
    core.missingBytes = whole - size
    #expect(try refusal(core) != nil)
  }

  @Test("a file that is not there, a directory and a device are refused", arguments: ["/nonexistent", "/tmp", "/dev/null"])
  func noFile(path: String) {
    #expect(throws: VmcoreError.self) { try Vmcore(path: Text(path)) }
  }

  @Test("a core file without VMCOREINFO is refused")
  func noVMCoreInfo() throws {
    var core = core()
    core.notes.removeLast()
    #expect(try refusal(core)?.contains("no VMCOREINFO") ?? false)
    core.notes = [.init(name: "VMCOREINFOX", contents: [1]), .init(name: "VMCOREINF", contents: [1])]
    #expect(try refusal(core)?.contains("no VMCOREINFO") ?? false)
  }

  @Test("Xen's notes are seen", arguments: ["Xen", "VMCOREINFO_XEN"])
  func xen(name: String) throws {
    #expect(try !Vmcore(core()).isXen)
    var core = core()
    core.notes.append(.init(name: name, contents: []))
    #expect(try Vmcore(core).isXen)
  }
}
