/// A value that describes itself in words, as a part of a line.
public protocol Describable {
  func describe(to text: inout Text)
}

extension Describable {
  /// The words by themselves.
  public var text: Text {
    var text = Text()
    describe(to: &text)
    return text
  }
}
