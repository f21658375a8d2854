import CrashedKernel
import OldMemory
import Platform
import Vmcore

/// The one line that each failure to reach old memory becomes: what is wrong, and what to do.
extension PoolError {
  @inline(never)
  func describe(to text: inout Text) {
    switch self {
    case .noMemory(let error):
      text.append("no memory for the frame store: ")
      error.describe(to: &text)
    case .nothingReusable:
      text.append("no frame may be reused at this dump level; give a higher level= if the dump is taken at one")
    case .noWay(let failures):
      text.append("no way to write the crashed kernel's memory: ")
      failures.device?.describe(to: &text)
      if failures.device != nil, failures.vmcore != nil { text.append("; ") }
      failures.vmcore?.describe(to: &text)
    }
  }
}

extension WayError {
  @inline(never)
  func describe(to text: inout Text) {
    switch self {
    case .unopenable(let path, let error):
      text.append("can't open ")
      text.append(path)
      text.append(" for writing (")
      error.describe(to: &text)
      if error == .permission { text.append(": kernel lockdown, as with Secure Boot, or not root") }
      text.append(")")
    case .foreign(let path):
      text.append(path)
      text.append(" doesn't show this crashed kernel's memory, so it is not written")
    case .refused(let path):
      text.append(path)
      text.append(" takes no write to a reusable frame")
    }
  }
}
