import Testing

@testable import Platform

@Suite("Text")
struct TextTests {
  private func text(_ build: (inout Text) -> Void) -> String {
    var text = Text()
    build(&text)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  @Test("numbers are right-aligned in their columns")
  func alignment() {
    #expect(text { $0.append(42, width: 5) } == "   42")
    #expect(text { $0.append(-7) } == "-7")
    #expect(text { $0.append(UInt64.max) } == "18446744073709551615")
    #expect(text { $0.append(Int64.min) } == "-9223372036854775808")
  }

  @Test("a ratio has its decimals, rounded down")
  func ratio() {
    #expect(text { $0.append(ratio: 2, to: 3, decimals: 2) } == "0.66")
    #expect(text { $0.append(ratio: 7, to: 2, decimals: 0) } == "3")
    #expect(text { $0.append(ratio: 1, to: 0, decimals: 1) } == "-")
  }

  @Test("a word has a place in a list, and one that is open stands for all that begin with it")
  func places() {
    #expect(Text("two").place(in: "one two three") == 1)
    #expect(Text("three").place(in: "one two three") == 2)
    #expect(Text("tw").place(in: "one two three") == nil)
    #expect(Text("").place(in: "one two") == nil)
    #expect(Text("x-systemd.automount").place(in: "user= x- y") == 1)
    #expect(Text("user=me").place(in: "user user= x-") == 1)
    #expect(Text("user").place(in: "user= x-") == nil)
  }

  @Test("hexadecimal has its prefix")
  func hexadecimal() { #expect(text { $0.append(hex: 0xffff_8880) } == "0xffff8880") }
}
