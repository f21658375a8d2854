import Platform

/// A size in the form of tmpfs's options: "512k", "64m", "1g", "50%". The digits are decimal.
enum Size: Equatable {
  case absolute(UInt64)
  case percent(UInt64)

  /// nil if the text is no size, or too large for 64 bits.
  init?(_ text: Text) {
    if text.hasSuffix("%") {
      guard let percent = text.part(0..<text.bytes.count - 1).number() else { return nil }
      self = .percent(percent)
      return
    }
    guard let value = text.byteCount({ $0.number() }) else { return nil }
    self = .absolute(value)
  }

  /// The size in bytes. A percentage is of `whole`, the bytes of a machine; 1000 % is the most, so that the product fits in 64 bits.
  func bytes(of whole: UInt64) -> UInt64 {
    switch self {
    case .absolute(let bytes): return bytes
    case .percent(let percent):
      let percent = min(percent, 1000)
      return whole / 100 * percent + whole % 100 * percent / 100
    }
  }
}
