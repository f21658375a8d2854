// Memory safety: libfuse copies the words it is given; `Visitor` lives as long as the call that gets it as `data`.
import CFuse
import Platform

/// What libfuse's option parser finds on a command line, word by word.
public enum ParsedWord {
  /// A word that belongs to no option.
  case operand(Text)
  /// An option, without its dashes or the `-o` before it: "size=1m", "f".
  case option(Text)
}

/// Splits command-line words and `-o` lists the way every FUSE program and mount(8) do, by libfuse's own parser.
public enum OptionParser {
  private final class Visitor {
    var words: [ParsedWord] = []
  }

  /// The words in order; nil if libfuse could not parse them, with the reason in `lastMessage`.
  ///
  /// - Parameter valued: long options, with dashes, that take the next word as their value; it follows after "=".
  public static func parse(_ words: [Text], valued: [Literal] = []) -> [ParsedWord]? {
    var arguments = fuse_args()
    defer { fuse_opt_free_args(&arguments) }
    guard add(Text("oldmemfs"), to: &arguments) else { return nil }
    var index = 0
    while index < words.count {
      var word = words[index]
      if valued.contains(where: { word.bytes.elementsEqual($0) }), index + 1 < words.count {
        index += 1
        word.append("=")
        word.append(words[index])
      }
      guard add(word, to: &arguments) else { return nil }
      index += 1
    }
    let visitor = Visitor()
    let outcome = withExtendedLifetime(visitor) {
      fuse_opt_parse(&arguments, Unmanaged.passUnretained(visitor).toOpaque(), nil) { data, word, key, _ in
        let visitor = Unmanaged<Visitor>.fromOpaque(data!).takeUnretainedValue()
        var text = Text()
        text.append(cString: word)
        // FUSE_OPT_KEY_OPT and FUSE_OPT_KEY_NONOPT are macros of negative numbers.
        if key == -2 { visitor.words.append(.operand(text)) } else { visitor.words.append(.option(OptionParser.withoutDashes(text))) }
        return 0
      }
    }
    return outcome == 0 ? visitor.words : nil
  }

  private static func withoutDashes(_ text: Text) -> Text {
    if text.hasPrefix("--") { return text.dropping(2) }
    return text.hasPrefix("-") ? text.dropping(1) : text
  }

  private static func add(_ word: Text, to arguments: inout fuse_args) -> Bool {
    word.withCString { fuse_opt_add_arg(&arguments, $0) == 0 }
  }
}
