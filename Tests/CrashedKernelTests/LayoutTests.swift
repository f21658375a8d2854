import KernelFixtures
import Platform
import TestSupport
import Testing
import Vmcore

@testable import CrashedKernel

@Suite("A kernel's layout")
struct LayoutTests {
  /// The message if the kernel is refused; otherwise nil.
  private func refusal(_ kernel: FakeKernel) throws -> String? {
    do {
      _ = try CrashedKernel(kernel)
      return nil
    } catch let error as KernelError {
      var text = Text()
      error.describe(to: &text)
      return text.string
    }
  }

  @Test("every kernel of the matrix is understood", arguments: KernelSeries.allCases, [4, 5])
  func understood(series: KernelSeries, levels: Int) throws {
    #expect(try refusal(FakeKernel(series, levels: levels)) == nil)
  }

  @Test(
    "a key that is missing is named",
    arguments: [
      "SYMBOL(swapper_pg_dir)", "SYMBOL(mem_section)", "LENGTH(mem_section)", "SIZE(mem_section)",
      "OFFSET(mem_section.section_mem_map)", "NUMBER(SECTION_SIZE_BITS)", "NUMBER(phys_base)", "SIZE(page)",
      "OFFSET(page.flags)", "OFFSET(page._refcount)", "OFFSET(page.mapping)", "OFFSET(page._mapcount)",
      "OFFSET(page.private)", "OFFSET(page.compound_head)", "LENGTH(zone.free_area)", "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)",
      "NUMBER(PG_lru)", "NUMBER(PG_private)", "NUMBER(PG_swapcache)", "NUMBER(PG_head_mask)", "PAGESIZE",
    ])
  func missing(key: String) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.inform(key, nil)
    let refusal = try refusal(kernel)
    #expect(refusal?.contains(key) ?? false, "\(refusal ?? "accepted")")
    kernel.inform(key, "nonsense")
    let nonsense = try self.refusal(kernel)
    #expect(nonsense?.contains(key) ?? false, "\(nonsense ?? "accepted")")
  }

  @Test(
    "values that can't be are refused",
    arguments: [
      ("SIZE(page)", "8"), ("SIZE(page)", "2048"), ("SIZE(page)", "60"), ("OFFSET(page.flags)", "64"), ("OFFSET(page.flags)", "57"),
      ("OFFSET(page._mapcount)", "62"), ("OFFSET(page.private)", "-8"), ("OFFSET(page.compound_order)", "64"),
      ("OFFSET(page.compound_dtor)", "999"), ("LENGTH(zone.free_area)", "0"), ("LENGTH(zone.free_area)", "99"),
      ("NUMBER(SECTION_SIZE_BITS)", "30"), ("SIZE(mem_section)", "0"), ("SIZE(mem_section)", "24"),
      ("OFFSET(mem_section.section_mem_map)", "12"), ("LENGTH(mem_section)", "0"), ("LENGTH(mem_section)", "99999999"),
      ("PAGESIZE", "16384"), ("NUMBER(phys_base)", "99999999999999999999"), ("SIZE(page)", "9223372036854775807"),
    ])
  func implausible(key: String, value: String) throws {
    var kernel = FakeKernel(.v6_1)
    kernel.inform(key, value)
    #expect(try refusal(kernel) != nil)
  }

  @Test("memory encryption is refused")
  func encryption() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.inform("NUMBER(sme_mask)", "140737488355328")
    #expect(try refusal(kernel)?.contains("SME") ?? false)
  }

  @Test("a TDX guest and an SNP host are refused by name, by the processor's flags")
  func confidential() {
    func refusal(_ flags: String) -> Bool? {
      ConfidentialMachine.refusal(cpuinfo: Array("processor\t: 0\nvendor_id\t: x\nflags\t\t: \(flags)\nbugs\t\t: sev_snp\n".utf8)).map {
        literal in
        Text(literal).string.contains("TDX") || Text(literal).string.contains("SNP")
      }
    }
    #expect(refusal("fpu vme tdx_guest lm") == true)
    #expect(refusal("fpu sev_snp") == true)
    #expect(refusal("fpu vme lm sev sev_es tdx_guests xsev_snp") == nil)
    #expect(ConfidentialMachine.refusal(cpuinfo: []) == nil)
  }

  @Test("Xen is refused", arguments: ["Xen", "VMCOREINFO_XEN"])
  func xen(note: String) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.core.notes.append(.init(name: note, contents: [1, 2, 3, 4]))
    #expect(try refusal(kernel)?.contains("Xen") ?? false)
  }

  @Test("a kernel without sparse memory is refused")
  func flatMemory() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.inform("SYMBOL(mem_section)", nil)
    kernel.inform("SYMBOL(mem_map)", "ffffffff82000000")
    #expect(try refusal(kernel)?.contains("sparse memory") ?? false)
  }

  @Test(
    "of a layout of flags that is not known, free pages are taken and nothing else",
    arguments: [
      ("NUMBER(PG_lru)", "6"), ("NUMBER(PG_private)", "12"), ("NUMBER(PG_head_mask)", "128"),
    ])
  func unknownFlags(key: String, value: String) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x7000, order: 3)
    kernel.makeCache(0x7010)
    kernel.change(0x7010) { $0.flags = 1 << 5 | 1 << 6 | 1 << 17 }
    kernel.makeAnonymous(0x7020)
    kernel.inform(key, value)
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7008] == FrameState(.free, .none))
    #expect(found[0x7010].hold != .none || found[0x7010].frameClass == .kernel)
    #expect(found[0x7020] == FrameState(.user, .unknownFlags))
  }

  @Test("without PG_hwpoison, PG_swapbacked and the types the rest is told all the same")
  func optionalKeys() throws {
    var kernel = FakeKernel(.v6_12)
    for key in ["NUMBER(PG_hwpoison)", "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", "NUMBER(pgtable_l5_enabled)", "NUMBER(sme_mask)"] {
      kernel.inform(key, nil)
    }
    kernel.makeFree(0x7000, order: 3)
    kernel.makeAnonymous(0x7010)
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7008] == FrameState(.free, .none))
    #expect(found[0x7010] == FrameState(.user, .none))
  }

  @Test("where nothing says how large compound pages are, they are the kernel's")
  func unknownOrder() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.inform("NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)", nil)
    kernel.makeCache(0x7000, order: 3)
    kernel.makeCache(0x7010)
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7008] == FrameState(.kernel, .none))
    #expect(found[0x7010] == FrameState(.cache, .none))
  }

  @Test("the order and destructor of 6.3 to 6.5 are found in struct folio")
  func folioOrder() throws {
    var kernel = FakeKernel(.v6_1)
    for key in ["OFFSET(page.compound_order)", "OFFSET(page.compound_dtor)"] { kernel.inform(key, nil) }
    kernel.inform("OFFSET(folio._folio_dtor)", "80")
    kernel.inform("OFFSET(folio._folio_order)", "81")
    kernel.makeCache(0x7000, order: 3)
    kernel.makeHugetlb(0x7200)
    kernel.makeAnonymous(0x7400, order: 9, mapped: .init(whole: 1))
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7008] == FrameState(.cache, .none))
    #expect(found[0x7200..<0x7400] == FrameState(.hugetlb, .none))
    // The position of the counts is not known there.
    #expect(found[0x7400..<0x7600] == FrameState(.user, .compound))
  }

  @Test("6.6 to 6.9 tell huge pages by a flag of the first tail")
  func hugetlbFlag() throws {
    var kernel = FakeKernel(.v6_1)
    for key in ["OFFSET(page.compound_order)", "OFFSET(page.compound_dtor)", "NUMBER(HUGETLB_PAGE_DTOR)"] { kernel.inform(key, nil) }
    kernel.inform("NUMBER(PG_hugetlb)", "8")
    kernel.makeHugetlb(0x7200)
    kernel.change(0x7201) { $0.flags = 9 | 1 << 8 }
    kernel.makeHugetlb(0x7400, .file(mapped: 1))
    kernel.change(0x7401) { $0.flags = 9 | 1 << 8 }
    let found = try Classified(kernel)
    #expect(found[0x7200..<0x7400] == FrameState(.hugetlb, .none))
    #expect(found[0x7400..<0x7600] == FrameState(.hugetlb, .compound))
  }
}
