import Platform

/// A size as tmpfs's options take it: "512k", "64m", "1g", "50%"; in decimal.
enum Size: Equatable {
  case absolute(UInt64)
  case percent(UInt64)

  /// nil if the text is no size or does not fit.
  init?(_ text: Text) {
    if text.hasSuffix("%") {
      guard let percent = text.part(0..<text.bytes.count - 1).number() else { return nil }
      self = .percent(percent)
      return
    }
    guard let value = text.byteCount({ $0.number() }) else { return nil }
    self = .absolute(value)
  }

  /// The size in bytes, a percentage being one of `whole`, which a machine can have. Ten times all is as good as more: the product
  /// always fits.
  func bytes(of whole: UInt64) -> UInt64 {
    switch self {
    case .absolute(let bytes): return bytes
    case .percent(let percent):
      let percent = min(percent, 1000)
      return whole / 100 * percent + whole % 100 * percent / 100
    }
  }
}
