extension Text {
  /// The pieces between separators, empty ones left out.
  public func split(_ separator: UInt8) -> [Text] {
    var pieces: [Text] = []
    for piece in bytes.split(separator: separator) {
      pieces.append(Text(bytes: piece))
    }
    return pieces
  }

  /// Whether one of the words, separated by white space, is this one.
  public func contains(word: Literal) -> Bool {
    bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.contains { Array($0).elementsEqual(word) }
  }

  /// This text with another after it.
  public func appending(_ other: Text) -> Text {
    var text = self
    text.append(other)
    return text
  }

  public func appending(_ other: Literal) -> Text { appending(Text(other)) }
}
