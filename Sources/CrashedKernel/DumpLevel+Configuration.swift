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
    func restrict(to other: DumpLevel) { level = level.map { $0.intersection(other) } ?? other }
    if let kdumpConf { restrict(to: Self.collector(in: kdumpConf) ?? .unknown) }
    if let kdumpTools { restrict(to: Self.arguments(in: kdumpTools) ?? .unknown) }
    self = level ?? .unknown
  }

  /// The level of `core_collector` in kdump.conf; nil if there is none.
  private static func collector(in file: [UInt8]) -> DumpLevel? {
    var level: DumpLevel?
    for line in lines(of: file) {
      let words = Self.words(of: line)
      guard let first = words.first, first == "core_collector" else { continue }
      // Only makedumpfile has levels; any other program copies everything.
      let found = words.dropFirst().firstIndex { $0.hasSuffix("makedumpfile") }.flatMap { named(in: words[($0 + 1)...]) } ?? .unknown
      level = level.map { $0.intersection(found) } ?? found
    }
    return level
  }

  /// The level of `MAKEDUMP_ARGS` in a file of shell assignments; nil if there is none.
  private static func arguments(in file: [UInt8]) -> DumpLevel? {
    var level: DumpLevel?
    for line in lines(of: file) {
      for word in words(of: line) {
        guard let value = word.value(after: "MAKEDUMP_ARGS=") ?? word.value(after: "MAKEDUMP_ARGS+=") else { continue }
        let found = named(in: words(of: value.bytes[...])[...]) ?? .unknown
        level = level.map { $0.intersection(found) } ?? found
      }
    }
    return level
  }

  /// The level that makedumpfile's words name, all of those after `-d` together; nil if they name none. A word that a shell
  /// would change may hide one.
  private static func named(in words: ArraySlice<Text>) -> DumpLevel? {
    var level: DumpLevel?
    func restrict(to other: DumpLevel) { level = level.map { $0.intersection(other) } ?? other }
    var index = words.startIndex
    while index < words.endIndex {
      let word = words[index].bytes
      index += 1
      if word.contains(UInt8(ascii: "$")) || word.contains(UInt8(ascii: "`")) { restrict(to: .unknown) }
      guard word.count > 1, word[0] == UInt8(ascii: "-"), word[1] != UInt8(ascii: "-") else { continue }
      // A cluster of short options: "-cd31". Only the last can take a value, which is the rest, or the next word.
      for (place, letter) in word.enumerated().dropFirst() where takesValue(letter) {
        var value = Array(word[(place + 1)...])
        if value.isEmpty, index < words.endIndex {
          value = words[index].bytes
          index += 1
        }
        if letter == UInt8(ascii: "d") { restrict(to: list(value)) }
        break
      }
    }
    return level
  }

  /// "b:cDd:eEFfg:hi:lL:pRvXx:z" is what makedumpfile.c 1.7.8 gives to getopt_long.
  private static func takesValue(_ letter: UInt8) -> Bool {
    letter == UInt8(ascii: "b") || letter == UInt8(ascii: "d") || letter == UInt8(ascii: "g") || letter == UInt8(ascii: "i")
      || letter == UInt8(ascii: "L") || letter == UInt8(ascii: "x")
  }

  /// What all levels of a list such as "1,31" leave out.
  private static func list(_ value: [UInt8]) -> DumpLevel {
    var level = DumpLevel(rawValue: 31)
    for part in value.split(separator: UInt8(ascii: ",")) {
      var text = Text()
      text.append(bytes: part)
      guard let number = text.number(), number <= 31 else { return .unknown }
      level.formIntersection(DumpLevel(rawValue: UInt32(number)))
    }
    return value.isEmpty ? .unknown : level
  }

  // MARK: Lines and words

  /// Lines; one that ends in a backslash goes on in the next.
  private static func lines(of file: [UInt8]) -> [ArraySlice<UInt8>] {
    var joined = file
    for index in joined.indices.dropFirst() where joined[index] == UInt8(ascii: "\n") && joined[index - 1] == UInt8(ascii: "\\") {
      joined[index - 1] = UInt8(ascii: " ")
      joined[index] = UInt8(ascii: " ")
    }
    return joined.split(separator: UInt8(ascii: "\n"))
  }

  /// Words as a shell splits them: quotes join and go, a `#` at a word's start ends the line, `;` ends a word.
  private static func words(of line: ArraySlice<UInt8>) -> [Text] {
    var words: [Text] = []
    var word = Text()
    var quote: UInt8?
    var isInWord = false
    for byte in line {
      if let open = quote {
        if byte == open { quote = nil } else { word.append(byte: byte) }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
        isInWord = true
      } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "\r") {
        if isInWord { words.append(word) }
        word = Text()
        isInWord = false
      } else if byte == UInt8(ascii: "#"), !isInWord {
        break
      } else {
        word.append(byte: byte)
        isInWord = true
      }
    }
    if isInWord { words.append(word) }
    return words
  }
}

extension Text {
  fileprivate func hasSuffix(_ suffix: Literal) -> Bool {
    bytes.suffix(suffix.count).elementsEqual(suffix.bytes)
  }

  fileprivate func value(after prefix: Literal) -> Text? { hasPrefix(prefix) ? dropping(prefix.count) : nil }
}
