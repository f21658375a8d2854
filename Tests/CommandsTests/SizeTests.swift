import Platform
import TestSupport
import Testing

@testable import Commands

@Suite("Sizes")
struct SizeTests {
  private func size(_ string: String) -> Size? { Size(Text(string)) }

  @Test(
    "each letter is a thousand and twenty-four of the one before, in either case",
    arguments: [
      ("0", 0), ("1", 0), ("7k", 10), ("7K", 10), ("7m", 20), ("7M", 20), ("7g", 30), ("7G", 30), ("7t", 40), ("7P", 50), ("7e", 60),
    ])
  func letters(text: String, shift: UInt64) {
    #expect(size(text) == .absolute((UInt64(text.prefix(1)) ?? 0) << shift))
  }

  @Test(
    "what is no number, and what does not fit into 64 bits, is none",
    arguments: [
      "", "k", "%", "-1", "+1", "1.5m", "1 m", " 1", "1kk", "1b", "0x10", "m1", "18446744073709551616", "16e", "18014398509481984k",
    ])
  func none(text: String) { #expect(size(text) == nil) }

  @Test("the largest that fits is one")
  func largest() {
    #expect(size("18446744073709551615") == .absolute(UInt64.max))
    #expect(size("15e") == .absolute(15 << 60))
    #expect(size("18014398509481983k") == .absolute(UInt64.max - 1023))
  }

  @Test("a percentage is one of the whole, rounded down, and of more than the machine has it is ten times the whole")
  func percent() {
    #expect(size("50%") == .percent(50) && size("50%")?.bytes(of: 1001) == 500)
    #expect(size("0%")?.bytes(of: 1000) == 0 && size("100%")?.bytes(of: 12345) == 12345)
    #expect(size("33%")?.bytes(of: 10) == 3)
    #expect(size("5000%")?.bytes(of: 1000) == 10000 && size("18446744073709551615%")?.bytes(of: 1 << 52) == 10 << 52)
    #expect(size("3k")?.bytes(of: 1) == 3072)
  }
}
