import Platform
import Vmcore

/// Why a crashed kernel can't be understood, or a part of it.
public enum KernelError: Error, BitwiseCopyable, Sendable, Describable {
  case missing(MissingKey)
  /// A kernel that is not supported; the reason is in words.
  case unsupported(Literal)
  /// A value that can't be right; what it is, in words.
  case implausible(Literal)
  /// A structure whose address leads nowhere: what, and the address.
  case unreachable(Literal, UInt64)
  case unreadable(VmcoreError)

  /// What is wrong and what to do, in one line.
  @inline(never)
  public func describe(to text: inout Text) {
    switch self {
    case .missing(let key): text.append("this kernel's layout can't be decoded: %", key.text)
    case .unsupported(let reason): text.append("this kernel is not supported: %", Text(reason))
    case .implausible(let what): text.append("this kernel's layout can't be decoded: implausible %", Text(what))
    case .unreachable(let what, let address):
      text.append("% points nowhere: ", Text(what))
      text.append(hex: address)
    case .unreadable(let error): error.describe(to: &text)
    }
  }
}
