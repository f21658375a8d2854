import CPlatform
import Frames
import Platform

/// Why a request could not be answered.
public enum FileSystemError: Error, Equatable, Sendable {
  case noEntry
  case exists
  case notDirectory
  case isDirectory
  case notEmpty
  case notPermitted
  case accessDenied
  case nameTooLong
  case invalid
  case tooLarge
  case noSpace
  case noMemory
  case noAttribute
  case attributeTooLarge
  case bufferTooSmall
  case unsupported
  case noData
  case stale
  /// A frame lost what was written to it.
  case damaged(FrameNumber)
  /// A frame could not be read or written, and how that failed.
  case inaccessible(FrameNumber, Errno)

  init(_ error: StoreError) {
    switch error {
    case .noSpace: self = .noSpace
    case .noMemory: self = .noMemory
    case .damaged(let frame): self = .damaged(frame)
    case .inaccessible(let frame, let cause): self = .inaccessible(frame, cause)
    }
  }

  /// The one place where an error becomes an errno.
  public var errno: Errno {
    switch self {
    case .noEntry: return Errno(ENOENT)
    case .exists: return Errno(EEXIST)
    case .notDirectory: return Errno(ENOTDIR)
    case .isDirectory: return Errno(EISDIR)
    case .notEmpty: return Errno(ENOTEMPTY)
    case .notPermitted: return Errno(EPERM)
    case .accessDenied: return Errno(EACCES)
    case .nameTooLong: return Errno(ENAMETOOLONG)
    case .invalid: return Errno(EINVAL)
    case .tooLarge: return Errno(EFBIG)
    case .noSpace: return Errno(ENOSPC)
    case .noMemory: return Errno(ENOMEM)
    case .noAttribute: return Errno(ENODATA)
    case .attributeTooLarge: return Errno(E2BIG)
    case .bufferTooSmall: return Errno(ERANGE)
    case .unsupported: return Errno(EOPNOTSUPP)
    case .noData: return Errno(ENXIO)
    case .stale: return Errno(ESTALE)
    case .damaged, .inaccessible: return Errno(EIO)
    }
  }
}

/// What was tried with a file's data when a frame failed: `FileSystem.lastAttempt` says it after an error that names a frame.
public struct Attempt: BitwiseCopyable {
  public let inode: InodeNumber
  /// Where in the file, in bytes: the start of the block.
  public let offset: UInt64
  /// "read", "write", "truncate", "fallocate".
  public let operation: Literal
}
