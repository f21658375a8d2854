extension Text {
  /// Whether the text starts with a literal.
  @inline(never)
  public func hasPrefix(_ prefix: Literal) -> Bool { bytes.starts(with: prefix) }

  /// Whether the text ends with a literal.
  public func hasSuffix(_ suffix: Literal) -> Bool { bytes.count >= suffix.count && dropping(bytes.count - suffix.count) == suffix }

  /// The text after a prefix; nil if it has another start.
  @inline(never)
  public func value(of prefix: Literal) -> Text? { hasPrefix(prefix) ? dropping(prefix.count) : nil }

  /// The text without its first `count` bytes.
  public func dropping(_ count: Int) -> Text { part(min(count, bytes.count)..<bytes.count) }

  /// The bytes at these places.
  @inline(never)
  public func part(_ places: Range<Int>) -> Text {
    var text = Text()
    for place in places { text.append(byte: bytes[place]) }
    return text
  }

  /// The text as a number in radix 8, 10 or 16; nil if it is no number, or too large for 64 bits.
  public func number(radix: UInt64 = 10) -> UInt64? {
    guard !bytes.isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in bytes {
      guard let digit = Self.digit(byte), digit < radix else { return nil }
      let (product, tooLarge) = value.multipliedReportingOverflow(by: radix)
      let (sum, overflow) = product.addingReportingOverflow(digit)
      guard !tooLarge, !overflow else { return nil }
      value = sum
    }
    return value
  }

  /// The text as a number of bytes, with an optional suffix k, m, g, t, p or e in either case (`memparse`, lib/cmdline.c); nil if it is
  /// no such number, or too large for 64 bits. `number` reads the digits.
  @inline(never)
  public func byteCount(_ number: (Text) -> UInt64?) -> UInt64? {
    guard let last = bytes.last else { return nil }
    let place = Text("kmgtpeKMGTPE").bytes.firstIndex(of: last)
    guard let count = number(place == nil ? self : part(0..<bytes.count - 1)) else { return nil }
    let (value, overflow) = count.multipliedReportingOverflow(by: 1 << (place.map { 10 * UInt64($0 % 6 + 1) } ?? 0))
    return overflow ? nil : value
  }

  /// The value of a hexadecimal digit.
  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): return UInt64(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): return UInt64(byte - UInt8(ascii: "A")) + 10
    default: return nil
    }
  }
}

extension Array where Element == UInt8 {
  /// The rest of the first line that starts with a text; nil if none does.
  @inline(never)
  public func line(after start: Text) -> Text? {
    var matched = 0
    for index in indices {
      if matched == start.bytes.count {
        var line = Text()
        for place in index..<count {
          if self[place] == UInt8(ascii: "\n") { break }
          line.append(byte: self[place])
        }
        return line
      }
      if self[index] == UInt8(ascii: "\n") {
        matched = 0
      } else if matched >= 0 {
        matched = self[index] == start.bytes[matched] ? matched + 1 : -1
      }
    }
    return matched == start.bytes.count ? Text() : nil
  }
}
