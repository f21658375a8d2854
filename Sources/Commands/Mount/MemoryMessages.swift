import CrashedKernel
import OldMemory
import Platform

/// A line for each failure to reach old memory: the fault, and a remedy where there is one.
extension PoolError {
  @inline(never)
  func text(_ paths: OldMemoryPaths) -> Text {
    switch self {
    case .noMemory(let error): return Text("no memory for the frame store: %", error.text)
    case .nothingReusable(let level):
      let hint: Literal = level.excludesAll ? "" : " at this dump level; give a higher level= if the dump is taken at one"
      return Text("no page may be reused%", Text(hint))
    case .unreadable(let sections, let error):
      return Text(
        "no page is known to be reusable: % sections of memory can't be read, the first because %", Text("%", UInt64(sections)), error.text)
    case .noWay(let failures):
      let device = failures.device.map { $0.text(paths.device ?? Text()) } ?? Text()
      let vmcore = failures.vmcore.map { $0.text(paths.vmcore) } ?? Text()
      let both = failures.device != nil && failures.vmcore != nil
      return Text("no way to write the crashed kernel's memory: %%%", device, Text(both ? "; " : ""), vmcore)
    }
  }
}

extension WayError {
  @inline(never)
  func text(_ path: Text) -> Text {
    switch self {
    case .unopenable(.notSuitable): return Text("% is neither a memory device nor a file, so it is not written", path)
    case .unopenable(let error):
      let hint: Literal = error == .permission ? ": kernel lockdown, as with Secure Boot, or not root" : ""
      return Text("can't open % for writing (%%)", path, error.text, Text(hint))
    case .foreign: return Text("% doesn't show this crashed kernel's memory, so it is not written", path)
    case .unmappable:
      return Text(
        "% lets no page of the crashed kernel's own be mapped, so it may be other memory, and is not written (iomem=relaxed?)", path)
    case .refused(.inaccessible(let error)): return Text("% takes no write to a reusable frame (%)", path, error.text)
    case .refused(.unreadable(let error)):
      return Text("% can't be compared with the vmcore at a reusable frame: the vmcore %", path, error.text)
    case .refused(.different): return Text("% shows other bytes at a reusable frame than the vmcore, so it is not written", path)
    }
  }
}
