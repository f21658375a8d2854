import Platform
import Vmcore

/// Why a crashed kernel can't be understood, or a part of it.
public indirect enum KernelError: Error, Sendable {
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
    case .missing(let key):
      text.append("this kernel's layout can't be decoded: ")
      key.describe(to: &text)
    case .unsupported(let reason):
      text.append("this kernel is not supported: ")
      text.append(reason)
    case .implausible(let what):
      text.append("this kernel's layout can't be decoded: implausible ")
      text.append(what)
    case .unreachable(let what, let address):
      text.append(what)
      text.append(" points nowhere: ")
      text.append(hex: address)
    case .unreadable(let error): error.describe(to: &text)
    }
  }
}
