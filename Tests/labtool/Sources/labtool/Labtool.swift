import CommandWords
import Foundation
import KdumpFile

/// A subcommand: a check with a verdict of one line.
protocol Check {
  static var manual: Manual { get }
  init(_ words: Words) throws(UsageError)
  func run() throws
}

/// Judges what a run of the VM lab has left.
///
/// Every check exits 0 when it holds and 1 when it does not, with one line that says what was seen. A file that can't be judged
/// (missing, truncated, no dump) is neither: 2. Words that make no sense: 64, as sysexits.h has it.
@main
struct Labtool {
  private struct Entry: Sendable {
    let manual: Manual
    let run: @Sendable (Words) throws -> Void

    init<Kind: Check>(_ kind: Kind.Type) {
      manual = kind.manual
      run = { words in try Kind(words).run() }
    }
  }

  private static let checks = [
    Entry(Show.self), Entry(Compare.self), Entry(Bitmap.self), Entry(Classes.self), Entry(Hard.self), Entry(Record.self),
    Entry(Written.self), Entry(Disk.self),
  ]

  static func main() {
    do { try run(Array(CommandLine.arguments.dropFirst())) } catch let error as UsageError {
      FileHandle.standardError.write(Data("labtool: \(error)\n".utf8))
      exit(64)
    } catch {
      print("labtool: \(error)")
      exit(2)
    }
  }

  private static func run(_ words: [String]) throws {
    let isHelp = words.contains("--help") || words.contains("-h")
    guard let check = checks.first(where: { $0.manual.name == words.first }) else {
      if isHelp { return print(page) }
      let names = checks.map(\.manual.name).joined(separator: ", ")
      throw UsageError(words.first.map { "unknown check '\($0)': it is one of \(names)" } ?? "name a check: \(names)")
    }
    if isHelp { return print(check.manual.page) }
    try check.run(Words(Array(words.dropFirst()), check.manual))
  }

  private static var page: String {
    (["usage: labtool CHECK WORD…, and labtool CHECK --help", "Judges what a run of the VM lab has left."]
      + checks.map { "  \($0.manual.name): \($0.manual.abstract)" }).joined(separator: "\n")
  }
}

/// Prints the verdict of a check that has a summary: what is wrong, then that. Anything wrong ends the program with 1.
func conclude(_ summary: String, wrong: [String]) {
  conclude(wrong.isEmpty, (wrong + [summary]).joined(separator: "; "))
}

/// Prints the verdict of a check; what does not hold ends the program with 1.
func conclude(_ holds: Bool, _ verdict: String) {
  print(verdict)
  if !holds { exit(1) }
}

/// The first few of a list of pages, for a message.
func firstFew(_ pfns: [PFN]) -> String {
  pfns.prefix(8).map(\.description).joined(separator: " ") + (pfns.count > 8 ? " …" : "")
}
