/// What a command says of itself, and the words that it takes.
public struct Manual: Sendable {
  /// A file, which has its place, or an option, which has its name and a value behind it.
  public struct Word: Sendable {
    public let name: String
    public let text: String

    public init(_ name: String, _ text: String) {
      self.name = name
      self.text = text
    }
  }

  public let name: String
  /// One sentence.
  public let abstract: String
  /// What else there is to say; may be empty.
  public let discussion: String
  /// All of them must be given, in this order.
  public let files: [Word]
  /// As 'least', which is given as '--least VALUE'.
  public let options: [Word]

  public init(_ name: String, _ abstract: String, discussion: String = "", files: [Word], options: [Word] = []) {
    self.name = name
    self.abstract = abstract
    self.discussion = discussion
    self.files = files
    self.options = options
  }

  /// What --help prints.
  public var page: String {
    let usage = [name] + files.map { $0.name.uppercased() } + (options.isEmpty ? [] : ["[OPTION…]"])
    let lines = files.map { "  \($0.name.uppercased()): \($0.text)" } + options.map { "  --\($0.name) VALUE: \($0.text)" }
    let parts = ["usage: labtool " + usage.joined(separator: " "), abstract, discussion, lines.joined(separator: "\n")]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }
}
