import CommandWords
import Foundation
import KdumpFile

/// A subcommand: a check that prints one line.
protocol Check {
  static var manual: Manual { get }
  init(_ words: Words) throws(UsageError)
  func run() throws
}

/// Checks the files of a run of the VM lab.
///
/// Every check prints one line, and exits with 0 if it passes and 1 if it fails. The exit code is 2 for a file that can't be checked
/// (missing, truncated, not a dump), and 64 for wrong arguments (EX_USAGE in sysexits.h).
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
    (["usage: labtool CHECK WORD…, and labtool CHECK --help", "Checks the files of a run of the VM lab."]
      + checks.map { "  \($0.manual.name): \($0.manual.abstract)" }).joined(separator: "\n")
  }
}

/// Prints what is wrong, then the summary. Ends the program with 1 if anything is wrong.
func conclude(_ summary: String, wrong: [String]) {
  conclude(wrong.isEmpty, (wrong + [summary]).joined(separator: "; "))
}

/// Prints the verdict of a check. Ends the program with 1 if it does not hold.
func conclude(_ holds: Bool, _ verdict: String) {
  print(verdict)
  if !holds { exit(1) }
}

/// The first few of a list of pages, for a message.
func firstFew(_ pfns: [PFN]) -> String {
  pfns.prefix(8).map(\.description).joined(separator: " ") + (pfns.count > 8 ? " …" : "")
}
