import Testing

@testable import CommandWords

private let manual = Manual(
  "weigh", "Weigh a dump.", files: [.init("dump", "A dump."), .init("ranges", "Ranges.")],
  options: [.init("least", "A percentage."), .init("cannot", "A kind.")])

private func complaint(_ words: String...) -> String {
  do { _ = try Words(words, manual).number("least", in: 1...100, default: 95) } catch { return error.description }
  return ""
}

@Suite("the words of a command")
struct WordsTests {
  @Test("files have their places, wherever options stand")
  func files() throws {
    let words = try Words(["--least", "7", "a", "--cannot", "x", "b", "--cannot", "y"], manual)
    #expect(words.files == ["a", "b"])
    #expect(try words.number("least", in: 1...100) == 7)
    #expect(words.all("cannot") == ["x", "y"])
  }

  @Test("an option that is not given has its default, or is missed")
  func defaults() throws {
    let words = try Words(["a", "b"], manual)
    #expect(try words.number("least", default: 95) == 95)
    #expect(words.last("cannot") == nil)
    #expect(throws: UsageError.self) { try words.number("least") }
  }

  @Test("what is wrong is named, and what would be right")
  func complaints() {
    #expect(complaint("a", "b") == "")
    #expect(complaint("a").hasPrefix("weigh: RANGES is missing"))
    #expect(complaint("a", "b", "c").hasPrefix("weigh: unexpected word 'c'"))
    #expect(complaint("a", "b", "--most", "1").hasPrefix("weigh: unknown option '--most': it has --least, --cannot"))
    #expect(complaint("a", "b", "--least").hasPrefix("weigh: the value of --least is missing"))
    #expect(complaint("a", "b", "--least", "101").hasPrefix("weigh: --least '101' is no number from 1 to 100"))
    #expect(complaint("a", "b", "--least", "x").hasSuffix("see 'labtool weigh --help'"))
  }

  @Test("the manual has each word")
  func page() {
    for word in ["weigh DUMP RANGES", "Weigh a dump.", "--least VALUE", "A kind."] { #expect(manual.page.contains(word)) }
  }
}
