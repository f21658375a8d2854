/// A message that ends the program.
public struct Failure: Error {
  public let message: Text
  /// The command line makes no sense.
  public let isUsage: Bool

  public init(_ message: Text) {
    self.message = message
    isUsage = false
  }

  /// A message in which each '%' stands for the next text.
  @inline(never)
  public init(_ template: Literal, _ first: Text = Text(), _ second: Text = Text(), _ third: Text = Text()) {
    self.init(Text(template, first, second, third))
  }

  /// What is wrong with the command line, in a message in which each '%' stands for the next text.
  @inline(never)
  public init(usage template: Literal, _ first: Text = Text(), _ second: Text = Text(), _ third: Text = Text()) {
    var text = Text(template, first, second, third)
    text.append("; see 'oldmemfs --help'")
    message = text
    isUsage = true
  }
}
