/// A message that ends the program.
public struct Failure: Error {
  public let message: Text

  public init(_ message: Text) { self.message = message }

  public init(_ build: (inout Text) -> Void) {
    var text = Text()
    build(&text)
    message = text
  }
}
