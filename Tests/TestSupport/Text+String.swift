import Platform

extension Text {
  public init(_ string: String) {
    self.init()
    append(bytes: Array(string.utf8))
  }

  public var string: String { String(decoding: bytes, as: UTF8.self) }
}
