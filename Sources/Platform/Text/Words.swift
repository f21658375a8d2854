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
  @inline(never)
  public func contains(word: Literal) -> Bool {
    let word = word.bytes
    // The bytes of the word that the current one begins with; nil once it is another.
    var same: Int? = 0
    for byte in bytes {
      if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") {
        if same == word.count { return true }
        same = 0
      } else if let count = same {
        same = count < word.count && byte == word[count] ? count + 1 : nil
      }
    }
    return same == word.count
  }

  /// This text with another after it.
  public func appending(_ other: Text) -> Text {
    var text = self
    text.append(other)
    return text
  }

  public func appending(_ other: Literal) -> Text { appending(Text(other)) }
}
