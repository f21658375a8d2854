/// The manual of a command, which also says which arguments it takes.
public struct Manual: Sendable {
  /// A file, known by its position, or an option, given as a name and a value.
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
  /// More text; may be empty.
  public let discussion: String
  /// Required, in this order.
  public let files: [Word]
  /// Such as 'least', given as '--least VALUE'.
  public let options: [Word]

  public init(_ name: String, _ abstract: String, discussion: String = "", files: [Word], options: [Word] = []) {
    self.name = name
    self.abstract = abstract
    self.discussion = discussion
    self.files = files
    self.options = options
  }

  /// The output of --help.
  public var page: String {
    let usage = [name] + files.map { $0.name.uppercased() } + (options.isEmpty ? [] : ["[OPTION…]"])
    let lines = files.map { "  \($0.name.uppercased()): \($0.text)" } + options.map { "  --\($0.name) VALUE: \($0.text)" }
    let parts = ["usage: labtool " + usage.joined(separator: " "), abstract, discussion, lines.joined(separator: "\n")]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }
}
