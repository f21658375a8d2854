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
      var text = Text("no way to write the crashed kernel's memory: ")
      let start = text.bytes.count
      func add(_ failure: WayError?, _ path: Text) {
        guard let failure else { return }
        text.append(text.bytes.count > start ? "; %" : "%", failure.text(path))
      }
      add(failures.device, paths.device ?? Text())
      if case .unopenable(.notSuitable) = failures.dax {
        text.append(text.bytes.count > start ? "; " : "")
        text.append("device dax has no memory (see 'oldmemfs memmap'), or is not there")
      } else {
        add(failures.dax, Text("device dax"))
      }
      add(failures.vmcore, paths.vmcore)
      if text.bytes.count == start { text.append("%", paths.wayless) }
      return text
    }
  }
}

extension OldMemoryPaths {
  /// What to say where the only way to try is none to this memory.
  @inline(never)
  var wayless: Text { Text("store=% does not go with this source and its options", Text((way ?? .vmcore).word)) }
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
    case .refused(.outside): return Text("% has no memory in which a frame is reusable", path)
    case .refused(.few): return Text("% could have but a few reusable frames of each 2 MiB", path)
    case .refused(.different): return Text("% shows other bytes at a reusable frame than the vmcore, so it is not written", path)
    }
  }
}
