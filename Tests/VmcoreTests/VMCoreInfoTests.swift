import Platform
import TestSupport
import Testing

@testable import Vmcore

@Suite("VMCOREINFO")
struct VMCoreInfoTests {
  private let info = VMCoreInfo(
    Array(
      """
      OSRELEASE=6.12.0
      NUMBER(negative)=-129
      NUMBER(hexadecimal)=0x800000
      NUMBER(empty)=
      NUMBER(word)=four
      NUMBER(huge)=99999999999999999999
      NUMBER(least)=-9223372036854775808
      SYMBOL(high)=ffffffff81c1a000
      SYMBOL(bad)=xyz
      OFFSET(page.flags)=0
      OFFSET(page.negative)=-8
      SIZE(page)=64
      LENGTH(zone.free_area)=11
      NOTNUMBER(x)=5
      no equals sign
      NUMBER(last)=7
      """.utf8))

  @Test("numbers are signed, decimal or hexadecimal")
  func numbers() throws {
    #expect(try info.number("negative") == -129)
    #expect(try info.number("hexadecimal") == 0x80_0000)
    #expect(try info.number("least") == Int64.min)
    #expect(try info.number("last") == 7)
    #expect(try info.symbol("high") == 0xffff_ffff_81c1_a000)
    #expect(try info.offset("page.flags") == 0)
    #expect(try info.size("page") == 64)
    #expect(try info.length("zone.free_area") == 11)
    #expect(info.release == "6.12.0")
  }

  @Test(
    "what is missing or no number is an error that names the key",
    arguments: [
      ("absent", "lacks NUMBER(absent)"), ("empty", "no number in NUMBER(empty)"), ("word", "no number in NUMBER(word)"),
      ("huge", "no number in NUMBER(huge)"), ("x", "lacks NUMBER(x)"), ("las", "lacks"),
    ])
  func errors(name: String, message: String) {
    let names: [String: Literal] = ["absent": "absent", "empty": "empty", "word": "word", "huge": "huge", "x": "x", "las": "las"]
    do throws(MissingKey) {
      _ = try info.number(names[name]!)
      Issue.record("it was found")
    } catch {
      var text = Text()
      error.describe(to: &text)
      #expect(text.string.contains(message))
    }
  }

  @Test("an offset can't be negative, an address is hexadecimal")
  func implausible() {
    #expect(throws: MissingKey.self) { try info.offset("page.negative") }
    #expect(throws: MissingKey.self) { try info.symbol("bad") }
    #expect(info.optionalOffset("page.negative") == nil)
    #expect(info.optionalNumber("absent") == nil)
  }

  @Test("nothing at all has no keys", arguments: [[], [0], [10, 10, 61], Array(repeating: 0xff, count: 5000)] as [[UInt8]])
  func garbage(bytes: [UInt8]) {
    #expect(VMCoreInfo(bytes).release == "unknown")
    #expect(throws: MissingKey.self) { try VMCoreInfo(bytes).size("page") }
  }
}
