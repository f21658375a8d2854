import Platform

/// The name of an extended attribute: 1 to 255 bytes, in one of the name spaces that tmpfs has (xattr(7)).
public struct AttributeName: Equatable {
  public let bytes: [UInt8]
  let space: Space

  enum Space {
    case user
    case trusted
    case security
    case accessList(AccessList.Kind)
  }

  /// The name; one of another name space is `unsupported`.
  public init(_ bytes: [UInt8]) throws(FileSystemError) {
    guard bytes.count <= 255 else { throw .bufferTooSmall }
    self.bytes = bytes
    if try Self.hasName(bytes, after: "user.") {
      space = .user
    } else if try Self.hasName(bytes, after: "trusted.") {
      space = .trusted
    } else if try Self.hasName(bytes, after: "security.") {
      space = .security
    } else if bytes.elementsEqual(AccessList.Kind.access.name) {
      space = .accessList(.access)
    } else if bytes.elementsEqual(AccessList.Kind.defaults.name) {
      space = .accessList(.defaults)
    } else {
      throw .unsupported
    }
  }

  /// A name that is known to be one.
  init(_ literal: Literal, _ space: Space) {
    bytes = Text(literal).bytes
    self.space = space
  }

  /// Whether the name is in a name space; nothing after the prefix is `invalid` (`xattr_resolve_name`, fs/xattr.c).
  private static func hasName(_ bytes: [UInt8], after prefix: Literal) throws(FileSystemError) -> Bool {
    guard bytes.starts(with: prefix) else { return false }
    guard bytes.count > prefix.count else { throw .invalid }
    return true
  }

  public static func == (left: AttributeName, right: AttributeName) -> Bool { left.bytes == right.bytes }

  static var capability: AttributeName { AttributeName("security.capability", .security) }
}

/// Flags of setxattr(2).
public struct SetAttributeFlags: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// XATTR_CREATE and XATTR_REPLACE (sys/xattr.h).
  public static var create: SetAttributeFlags { SetAttributeFlags(rawValue: 1) }
  public static var replace: SetAttributeFlags { SetAttributeFlags(rawValue: 2) }
}
