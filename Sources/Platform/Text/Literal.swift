// Memory safety: only literals of the program make a Literal; they are NUL-terminated (StaticString.utf8Start) and never go.
import CPlatform

/// A string literal: one pointer, where a StaticString is three words at each of the many places that hand one on.
public struct Literal: ExpressibleByStringLiteral, BitwiseCopyable, @unchecked Sendable {
  private let start: UnsafePointer<UInt8>

  @inline(__always)
  public init(stringLiteral literal: StaticString) { start = literal.utf8Start }

  /// Its bytes, without the NUL.
  public var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

  /// How many bytes it has.
  public var count: Int { strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)) }
}
