/// The arguments of a command, sorted into files and options by its manual.
public struct Words: Sendable {
  private let manual: Manual
  /// As many as the manual has.
  public private(set) var files: [String] = []
  private var values: [String: [String]] = [:]

  /// Throws `UsageError` for an unknown option, an option without a value, and too few or too many files.
  public init(_ words: [String], _ manual: Manual) throws(UsageError) {
    self.manual = manual
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("--") else {
        files.append(word)
        continue
      }
      let name = String(word.dropFirst(2))
      guard manual.options.contains(where: { $0.name == name }) else {
        let known = manual.options.map { "--\($0.name)" }.joined(separator: ", ")
        throw UsageError(manual, "unknown option '\(word)'" + (known.isEmpty ? "" : ": it has \(known)"))
      }
      guard let value = rest.popFirst() else { throw UsageError(manual, "the value of \(word) is missing") }
      values[name, default: []].append(value)
    }
    if files.count < manual.files.count {
      throw UsageError(manual, "\(manual.files[files.count].name.uppercased()) is missing")
    }
    if files.count > manual.files.count {
      throw UsageError(manual, "unexpected word '\(files[manual.files.count])'")
    }
  }

  /// All values of an option, in order.
  public func all(_ name: String) -> [String] { values[name] ?? [] }

  /// The last value of an option.
  public func last(_ name: String) -> String? { values[name]?.last }

  /// The value of an option that is a number. Throws `UsageError` when it is none, is out of range, or is not given and has no
  /// default.
  public func number(_ name: String, in range: ClosedRange<UInt64> = 0...UInt64.max, default standard: UInt64? = nil) throws(UsageError)
    -> UInt64
  {
    guard let text = last(name) else {
      guard let standard else { throw UsageError(manual, "--\(name) is missing") }
      return standard
    }
    guard let number = UInt64(text), range.contains(number) else {
      let allowed = range.upperBound == .max ? "\(range.lowerBound) on" : "\(range.lowerBound) to \(range.upperBound)"
      throw UsageError(manual, "--\(name) '\(text)' is no number from \(allowed)")
    }
    return number
  }

  /// An error that is told as one of the command line.
  public func error(_ text: String) -> UsageError { UsageError(manual, text) }
}

/// Words that make no sense, and how to learn which do.
public struct UsageError: Error, CustomStringConvertible {
  public let description: String

  public init(_ text: String) { description = text }
  init(_ manual: Manual, _ text: String) { description = "\(manual.name): \(text): see 'labtool \(manual.name) --help'" }
}
