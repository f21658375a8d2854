import Platform

/// The dump level that a machine's kdump configuration takes its dump at.
///
/// The same files are in the capture kernel's initramfs: dracut puts `/etc/kdump.conf` there (kdump.conf(5)), kdump-tools its
/// `/etc/default/kdump-tools`.
extension DumpLevel {
  /// What may be reused whatever the configuration: free pages, of which no dump is the poorer.
  public static var unknown: DumpLevel { .free }

  /// The level of the files that are there, nil for one that is not.
  ///
  /// Where several levels are named, what all of them leave out: makedumpfile tries the levels of a list in turn. A file
  /// that names none, or in a way that only a shell could tell, leaves free pages.
  public init(kdumpConf: [UInt8]?, kdumpTools: [UInt8]?) {
    var level: DumpLevel?
    if let kdumpConf { Self.restrict(&level, to: Self.collector(in: kdumpConf)) }
    if let kdumpTools { Self.restrict(&level, to: Self.arguments(in: kdumpTools)) }
    self = level ?? .unknown
  }

  @inline(never)
  private static func restrict(_ level: inout DumpLevel?, to other: DumpLevel?) {
    let other = other ?? .unknown
    level = level?.intersection(other) ?? other
  }

  /// The level of `core_collector` in kdump.conf; nil if there is none.
  private static func collector(in file: [UInt8]) -> DumpLevel? {
    var level: DumpLevel?
    forEachLine(of: file) { words in
      guard let first = words.first, first == "core_collector" else { return }
      // Only makedumpfile has levels; any other program copies everything.
      let program = words.firstIndex { $0.hasSuffix("makedumpfile") }
      restrict(&level, to: program.flatMap { named(in: words, from: $0 + 1) })
    }
    return level
  }

  /// The level of `MAKEDUMP_ARGS` in a file of shell assignments; nil if there is none.
  private static func arguments(in file: [UInt8]) -> DumpLevel? {
    var level: DumpLevel?
    forEachLine(of: file) { words in
      for word in words {
        guard let value = word.value(of: "MAKEDUMP_ARGS=") ?? word.value(of: "MAKEDUMP_ARGS+=") else { continue }
        var found: DumpLevel?
        forEachLine(of: value.bytes) { found = named(in: $0, from: 0) }
        restrict(&level, to: found)
      }
    }
    return level
  }

  /// The level that makedumpfile's words name, all of those after `-d` together; nil if they name none. A word that a shell
  /// would change may hide one.
  private static func named(in words: [Text], from start: Int) -> DumpLevel? {
    var level: DumpLevel?
    var index = start
    while index < words.count {
      let word = words[index].bytes
      index += 1
      if word.contains(UInt8(ascii: "$")) || word.contains(UInt8(ascii: "`")) { restrict(&level, to: .unknown) }
      guard word.count > 1, word[0] == UInt8(ascii: "-"), word[1] != UInt8(ascii: "-") else { continue }
      // A cluster of short options: "-cd31". Only the last can take a value, which is the rest, or the next word.
      guard let place = word.indices.dropFirst().first(where: { takesValue(word[$0]) }) else { continue }
      var value = words[index - 1].dropping(place + 1)
      if value.bytes.isEmpty, index < words.count {
        value = words[index]
        index += 1
      }
      if word[place] == UInt8(ascii: "d") { restrict(&level, to: list(value)) }
    }
    return level
  }

  /// "b:cDd:eEFfg:hi:lL:pRvXx:z" is what makedumpfile.c 1.7.8 gives to getopt_long.
  private static func takesValue(_ letter: UInt8) -> Bool { ("bdgiLx" as Literal).bytes.contains(letter) }

  /// What all levels of a list such as "1,31" leave out.
  private static func list(_ value: Text) -> DumpLevel {
    var level: DumpLevel?
    var number = Text()
    for byte in value.bytes + [UInt8(ascii: ",")] {
      if byte != UInt8(ascii: ",") {
        number.append(byte: byte)
      } else if !number.bytes.isEmpty {
        guard let bits = number.number(), bits <= 31 else { return .unknown }
        restrict(&level, to: DumpLevel(rawValue: UInt32(bits)))
        number = Text()
      }
    }
    return level ?? .unknown
  }

  // MARK: Lines and words

  /// Hands on the words of each line, as a shell splits them: quotes join and go, a `#` at a word's start ends the line, `;` ends
  /// a word, and a line that ends in a backslash goes on in the next.
  private static func forEachLine(of file: [UInt8], _ body: ([Text]) -> Void) {
    var words: [Text] = []
    var word = Text()
    var isInWord = false
    var isComment = false
    var quote: UInt8?
    func endWord() {
      if isInWord { words.append(word) }
      word = Text()
      isInWord = false
    }
    for index in file.indices {
      var byte = file[index]
      // A backslash before a line's end, and that end, are as good as spaces.
      if byte == UInt8(ascii: "\\"), index + 1 < file.count, file[index + 1] == UInt8(ascii: "\n") { byte = UInt8(ascii: " ") }
      if byte == UInt8(ascii: "\n"), index > 0, file[index - 1] == UInt8(ascii: "\\") { byte = UInt8(ascii: " ") }
      if byte == UInt8(ascii: "\n") {
        endWord()
        body(words)
        words = []
        isComment = false
        quote = nil
      } else if isComment {
        continue
      } else if let open = quote {
        if byte == open { quote = nil } else { word.append(byte: byte) }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
        isInWord = true
      } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "\r") {
        endWord()
      } else if byte == UInt8(ascii: "#"), !isInWord {
        isComment = true
      } else {
        word.append(byte: byte)
        isInWord = true
      }
    }
    endWord()
    body(words)
  }
}
