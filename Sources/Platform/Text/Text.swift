import CPlatform

/// Bytes of text under construction: messages, tables, JSON.
///
/// Appending is kept out of line: it is called all over the program, and inlining it would double the program's size.
///
/// The program's only string type: `String` costs Unicode tables in Embedded Swift, and file names, VMCOREINFO and
/// log lines are bytes anyway.
public struct Text: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  @inline(never)
  public init(_ literal: Literal) { append(literal) }

  public init(bytes: some Collection<UInt8>) { append(bytes: bytes) }

  @inline(never)
  public mutating func append(_ literal: Literal) { bytes.append(contentsOf: literal.bytes) }

  @inline(never)
  public mutating func append(_ other: Text) { bytes.append(contentsOf: other.bytes) }

  public mutating func append(bytes other: some Collection<UInt8>) { bytes.append(contentsOf: other) }

  @inline(never)
  public mutating func append(byte: UInt8) { bytes.append(byte) }

  /// A NUL-terminated string of C's, or nothing for NULL.
  @inline(never)
  public mutating func append(cString: UnsafePointer<CChar>?) {
    guard var next = cString else { return }
    while next.pointee != 0 {
      bytes.append(UInt8(bitPattern: next.pointee))
      next += 1
    }
  }

  /// A text in which each '%' stands for the next value.
  @inline(never)
  public init(_ template: Literal, _ first: Text, _ second: Text = Text(), _ third: Text = Text()) {
    append(template, first, second, third)
  }

  /// The same with numbers.
  @inline(never)
  public init(_ template: Literal, _ first: UInt64, _ second: UInt64 = 0, _ third: UInt64 = 0) {
    append(template, first, second, third)
  }

  /// Appends a text in which each '%' stands for the next value.
  @inline(never)
  public mutating func append(_ template: Literal, _ first: Text, _ second: Text = Text(), _ third: Text = Text()) {
    fill(template) { text, index in text.append(index == 0 ? first : index == 1 ? second : third) }
  }

  /// The same with numbers.
  @inline(never)
  public mutating func append(_ template: Literal, _ first: UInt64, _ second: UInt64 = 0, _ third: UInt64 = 0) {
    fill(template) { text, index in text.append(index == 0 ? first : index == 1 ? second : third) }
  }

  @inline(never)
  private mutating func fill(_ template: Literal, _ value: (inout Text, Int) -> Void) {
    var values = 0
    for byte in template.bytes {
      if byte == UInt8(ascii: "%") {
        value(&self, values)
        values += 1
      } else {
        append(byte: byte)
      }
    }
  }

  /// `value` in decimal, right-aligned in at least `width` columns.
  @inline(never)
  public mutating func append(_ value: some BinaryInteger, width: Int = 0) {
    append(digitsOf: UInt64(value.magnitude), negative: value < 0, radix: 10, width: width, padding: UInt8(ascii: " "))
  }

  /// `value` in hexadecimal with 0x before it.
  @inline(never)
  public mutating func append(hex value: UInt64) {
    append("0x")
    append(digitsOf: value, negative: false, radix: 16, width: 1, padding: UInt8(ascii: "0"))
  }

  /// `numerator / denominator` with `decimals` digits after the point, rounded down; "-" when the denominator is 0.
  @inline(never)
  public mutating func append(ratio numerator: UInt64, to denominator: UInt64, decimals: Int, width: Int = 0) {
    guard denominator > 0 else { return append("-") }
    var scale: UInt64 = 1
    for _ in 0..<decimals { scale *= 10 }
    let whole = numerator / denominator
    append(whole, width: decimals > 0 ? width - decimals - 1 : width)
    guard decimals > 0 else { return }
    let (product, overflow) = (numerator % denominator).multipliedReportingOverflow(by: scale)
    append(byte: UInt8(ascii: "."))
    let fraction = overflow ? 0 : product / denominator
    append(digitsOf: fraction, negative: false, radix: 10, width: decimals, padding: UInt8(ascii: "0"))
  }

  @inline(never)
  public mutating func pad(to column: Int, from start: Int = 0) {
    while bytes.count - start < column { bytes.append(UInt8(ascii: " ")) }
  }

  @inline(never)
  private mutating func append(digitsOf value: UInt64, negative: Bool, radix: UInt64, width: Int, padding: UInt8) {
    var digits = InlineArray<21, UInt8>(repeating: 0)
    var count = 0
    var rest = value
    repeat {
      let digit = UInt8(truncatingIfNeeded: rest % radix)
      digits[count] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      count += 1
      rest /= radix
    } while rest > 0
    let columns = count + (negative ? 1 : 0)
    if columns < width { for _ in columns..<width { bytes.append(padding) } }
    if negative { bytes.append(UInt8(ascii: "-")) }
    while count > 0 {
      count -= 1
      bytes.append(digits[count])
    }
  }

  /// The bytes with a NUL after them, for a C function that only reads.
  public func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    terminated().withUnsafeBufferPointer { buffer in
      buffer.baseAddress!.withMemoryRebound(to: CChar.self, capacity: buffer.count) { body($0) }
    }
  }

  @inline(never)
  private func terminated() -> [UInt8] {
    var terminated = bytes
    terminated.append(0)
    return terminated
  }
}

extension Text {
  /// Whether two texts are the same bytes.
  public static func == (left: Text, right: Literal) -> Bool { left.bytes.elementsEqual(right) }

  /// The index of this text among a literal's words, which single spaces separate; nil if it is none of them. A word that ends with '='
  /// or '-' matches every text that begins with it. This takes less code than an array of literals.
  @inline(never)
  public func place(in list: Literal) -> Int? {
    let list = list.bytes
    var start = 0
    var place = 0
    while start < list.count {
      var end = start
      while end < list.count, list[end] != UInt8(ascii: " ") { end += 1 }
      let word = list[start..<end]
      let isOpen = list[end - 1] == UInt8(ascii: "=") || list[end - 1] == UInt8(ascii: "-")
      if isOpen ? bytes.starts(with: word) : word.elementsEqual(bytes) { return place }
      start = end + 1
      place += 1
    }
    return nil
  }

  /// Whether it is one of a literal's words, as `place(in:)` has them.
  public func isWord(of list: Literal) -> Bool { place(in: list) != nil }
}

extension Array where Element == UInt8 {
  /// Whether these are the bytes of a literal.
  @inline(never)
  public func elementsEqual(_ literal: Literal) -> Bool { count == literal.count && starts(with: literal) }

  /// Whether the first of these are the bytes of a literal.
  @inline(never)
  public func starts(with literal: Literal) -> Bool {
    let other = literal.bytes
    guard other.count <= count else { return false }
    for index in other.indices where self[index] != other[index] { return false }
    return true
  }
}
