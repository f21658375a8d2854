// Memory safety: libfuse copies the words it is given; `found` lives as long as the call that gets it as `data`.
import CFuse
import Platform

/// The words of a command line, as libfuse's option parser splits them.
public final class ParsedWords {
  /// The words that are no options.
  public fileprivate(set) var operands: [Text] = []
  /// The options, without dashes and without `-o`: "size=1m", "f".
  public fileprivate(set) var options: [Text] = []
}

/// Splits the words of a command line and `-o` lists by libfuse's parser, as every FUSE program does.
public enum OptionParser {
  /// Splits the words. An error has libfuse's message.
  ///
  /// - Parameter valued: long options, with dashes, whose value is the next word. It is appended after "=".
  public static func parse(_ words: [Text], valued: [Literal] = []) throws(Failure) -> ParsedWords {
    cfuse_keep_messages()
    var arguments = fuse_args()
    defer { fuse_opt_free_args(&arguments) }
    add(Text("oldmemfs"), to: &arguments)
    var index = 0
    while index < words.count {
      var word = words[index]
      if valued.contains(where: { word.bytes.elementsEqual($0) }), index + 1 < words.count {
        index += 1
        word.append("=")
        word.append(words[index])
      }
      add(word, to: &arguments)
      index += 1
    }
    let found = ParsedWords()
    let outcome = withExtendedLifetime(found) {
      fuse_opt_parse(&arguments, Unmanaged.passUnretained(found).toOpaque(), nil) { data, word, key, _ in
        let found = Unmanaged<ParsedWords>.fromOpaque(data!).takeUnretainedValue()
        var text = Text()
        text.append(cString: word)
        // FUSE_OPT_KEY_OPT and FUSE_OPT_KEY_NONOPT are macros of negative numbers.
        if key == -2 { found.operands.append(text) } else { found.options.append(OptionParser.withoutDashes(text)) }
        return 0
      }
    }
    guard outcome == 0 else { throw Failure(usage: "%", Session.lastMessage) }
    return found
  }

  private static func withoutDashes(_ text: Text) -> Text {
    if text.hasPrefix("--") { return text.dropping(2) }
    return text.hasPrefix("-") ? text.dropping(1) : text
  }

  /// Adds a word. It fails only without memory for it, where the program can do nothing.
  private static func add(_ word: Text, to arguments: inout fuse_args) {
    let outcome = word.withCString { fuse_opt_add_arg(&arguments, $0) }
    precondition(outcome == 0)
  }
}
