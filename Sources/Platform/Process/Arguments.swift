import CPlatform

/// The words of the command line.
public enum Arguments {
  /// The words after the program's name.
  public static var words: [Text] {
    var words: [Text] = []
    for index in stride(from: 1, to: cplatform_argc(), by: 1) {
      var word = Text()
      word.append(cString: cplatform_argv(index))
      words.append(word)
    }
    return words
  }

  /// The last component of the path that the program was started by.
  public static var programName: Text {
    var path = Text()
    path.append(cString: cplatform_argv(0))
    return path.dropping((path.bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
  }
}
