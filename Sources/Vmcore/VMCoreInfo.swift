import Platform

/// A key that VMCOREINFO lacks, or whose value is no number.
public struct MissingKey: Error, BitwiseCopyable, Sendable, Describable {
  let kind: Literal
  let name: Literal
  /// The key is there, but its value is no number.
  public let isMalformed: Bool

  @inline(never)
  public func describe(to text: inout Text) {
    text.append(isMalformed ? "VMCOREINFO has no number in %" : "VMCOREINFO lacks %", key)
  }

  /// The key in full: "OFFSET(page.flags)".
  public var key: Text { Text("%(%)", Text(kind), Text(name)) }
}

/// The VMCOREINFO note: lines of KEY=VALUE by which a kernel tells its layout
/// (Documentation/admin-guide/kdump/vmcoreinfo.rst).
public struct VMCoreInfo {
  private let text: [UInt8]

  /// The kernel writes at most a page (`VMCOREINFO_BYTES`, include/linux/crash_core.h); a longer one is cut off.
  static var mostBytes: Int { 1 << 16 }

  public init(_ text: [UInt8]) { self.text = text }

  /// The kernel's release: "6.12.95+deb12-amd64".
  public var release: Text { value(of: Text("OSRELEASE")) ?? Text("unknown") }

  /// NUMBER(name): a signed number, in decimal or hexadecimal.
  @inline(never)
  public func number(_ name: Literal) throws(MissingKey) -> Int64 { try required("NUMBER", name, hexadecimal: false) }
  /// SYMBOL(name): an address.
  @inline(never)
  public func symbol(_ name: Literal) throws(MissingKey) -> UInt64 {
    UInt64(bitPattern: try required("SYMBOL", name, hexadecimal: true))
  }
  /// OFFSET(structure.member), in bytes.
  public func offset(_ name: Literal) throws(MissingKey) -> Int { try small("OFFSET", name) }
  /// SIZE(structure), in bytes.
  public func size(_ name: Literal) throws(MissingKey) -> Int { try small("SIZE", name) }
  /// LENGTH(array), in elements.
  public func length(_ name: Literal) throws(MissingKey) -> Int { try small("LENGTH", name) }

  /// The same, nil where the key is missing or malformed.
  @inline(never)
  public func optionalNumber(_ name: Literal) -> Int64? { do throws(MissingKey) { return try number(name) } catch { return nil } }
  @inline(never)
  public func optionalSymbol(_ name: Literal) -> UInt64? { do throws(MissingKey) { return try symbol(name) } catch { return nil } }
  @inline(never)
  public func optionalOffset(_ name: Literal) -> Int? { do throws(MissingKey) { return try offset(name) } catch { return nil } }

  @inline(never)
  private func small(_ kind: Literal, _ name: Literal) throws(MissingKey) -> Int {
    let value = try required(kind, name, hexadecimal: false)
    guard value >= 0, value <= Int64(Int32.max) else { throw MissingKey(kind: kind, name: name, isMalformed: true) }
    return Int(value)
  }

  @inline(never)
  private func required(_ kind: Literal, _ name: Literal, hexadecimal: Bool) throws(MissingKey) -> Int64 {
    let value = value(of: MissingKey(kind: kind, name: name, isMalformed: false).key)
    guard let value, let number = Self.number(value, hexadecimal: hexadecimal)
    else { throw MissingKey(kind: kind, name: name, isMalformed: value != nil) }
    return number
  }

  /// The value of a key at the start of a line.
  public func value(of key: Text) -> Text? { text.line(after: Text("%=", key)) }

  /// Parses a number of VMCOREINFO: symbols are in bare hexadecimal, all others in decimal or with 0x. nil if it doesn't fit.
  private static func number(_ text: Text, hexadecimal: Bool) -> Int64? {
    let negative = text.hasPrefix("-")
    var digits = negative ? text.dropping(1) : text
    let prefixed = digits.value(of: "0x")
    let radix: UInt64 = hexadecimal || prefixed != nil ? 16 : 10
    if let prefixed { digits = prefixed }
    guard let value = digits.number(radix: radix) else { return nil }
    if negative { return value <= 1 << 63 ? Int64(bitPattern: 0 &- value) : nil }
    return radix == 16 || value <= UInt64(Int64.max) ? Int64(bitPattern: value) : nil
  }
}
