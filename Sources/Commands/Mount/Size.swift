import Platform

/// A size as tmpfs's options take it: "512k", "64m", "1g", "50%" (`memparse`, lib/cmdline.c, in decimal).
enum Size: Equatable {
  case absolute(UInt64)
  case percent(UInt64)

  /// nil if the text is no size or does not fit.
  init?(_ text: Text) {
    guard let last = text.bytes.last else { return nil }
    var digits = text.part(0..<text.bytes.count - 1)
    let shift: UInt64
    switch last {
    case UInt8(ascii: "%"):
      guard let percent = digits.number() else { return nil }
      self = .percent(percent)
      return
    case UInt8(ascii: "k"), UInt8(ascii: "K"): shift = 10
    case UInt8(ascii: "m"), UInt8(ascii: "M"): shift = 20
    case UInt8(ascii: "g"), UInt8(ascii: "G"): shift = 30
    case UInt8(ascii: "t"), UInt8(ascii: "T"): shift = 40
    case UInt8(ascii: "p"), UInt8(ascii: "P"): shift = 50
    case UInt8(ascii: "e"), UInt8(ascii: "E"): shift = 60
    default:
      digits = text
      shift = 0
    }
    guard let number = digits.number() else { return nil }
    let (value, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    guard !overflow else { return nil }
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
