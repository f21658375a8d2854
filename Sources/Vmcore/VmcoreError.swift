import Platform

/// Why a vmcore can't be read.
public enum VmcoreError: Error, BitwiseCopyable, Sendable, Describable {
  case unopenable(Errno)
  case unreadable(Errno)
  /// Not an ELF file.
  case notELF
  /// An ELF file, but not a 64-bit x86-64 core; the reason is in words.
  case notCore(Literal)
  /// The file ends before what its headers promise: bytes needed, bytes there.
  case truncated(needed: UInt64, size: UInt64)
  /// Headers that make no sense; the reason is in words.
  case malformed(Literal)
  /// No VMCOREINFO note.
  case noVMCoreInfo
  /// A physical address that no PT_LOAD holds.
  case absent(PhysicalAddress)

  /// What is wrong and what to do, in one line.
  @inline(never)
  public func describe(to text: inout Text) {
    switch self {
    case .unopenable(let error): text.append("can't be opened (%)", error.text)
    case .unreadable(let error): text.append("can't be read (%)", error.text)
    case .notELF: text.append("not an ELF file; give the ELF vmcore itself, or convert a compressed dump with 'makedumpfile -E' first")
    case .notCore(let reason): text.append("an ELF file but no x86-64 core: %", Text(reason))
    case .truncated(let needed, let size): text.append("truncated: its headers need % bytes and it has %; copy it again", needed, size)
    case .malformed(let reason): text.append("damaged ELF headers: %", Text(reason))
    case .noVMCoreInfo: text.append("no VMCOREINFO note, so the kernel's layout is unknown; is it a kdump vmcore?")
    case .absent(let address):
      text.append("no memory at physical address ")
      text.append(hex: address.rawValue)
    }
  }
}
