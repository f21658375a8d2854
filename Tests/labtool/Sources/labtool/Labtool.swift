import ArgumentParser
import KdumpFile

@main
struct Labtool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "labtool",
    abstract: "Judges what a run of the VM lab has left.",
    discussion: """
      Every check exits 0 when it holds and 1 when it does not, with one line that says what was seen. A file that \
      can't be judged (missing, truncated, no dump) is neither: exit 2.
      """,
    subcommands: [Show.self, Compare.self, Bitmap.self, Classes.self, Hard.self, Record.self, Written.self])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as LabError {
      print("labtool: \(error)")
      exit(withError: ExitCode(2))
    } catch {
      exit(withError: error)
    }
  }
}

/// Prints the verdict of a check; what does not hold ends the program with 1.
func conclude(_ holds: Bool, _ verdict: String) throws {
  print(verdict)
  if !holds { throw ExitCode(1) }
}

/// The first few of a list of pages, for a message.
func firstFew(_ pfns: [PFN]) -> String {
  pfns.prefix(8).map(\.description).joined(separator: " ") + (pfns.count > 8 ? " …" : "")
}
