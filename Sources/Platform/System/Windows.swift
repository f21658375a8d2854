// Memory safety: a window's mapping lives as long as the window, which whoever looks at its bytes holds.

/// A cache of mapped windows of a file. It has a fixed number of them, and evicts the least recently used.
public final class Windows {
  public final class Window {
    public let mapping: Mapping
    /// Where in the file it lies.
    public let start: UInt64
    fileprivate var lastUse: UInt64 = 0

    fileprivate init(_ mapping: consuming Mapping, start: UInt64) {
      self.mapping = mapping
      self.start = start
    }

    public var end: UInt64 { start + UInt64(mapping.bytes.count) }
  }

  private let most: Int
  private var windows: [Window] = []
  private var clock: UInt64 = 0

  public init(most: Int) { self.most = most }

  /// The window over a place in the file; nil if none is mapped there.
  public func window(over offset: UInt64) -> Window? {
    var index = windows.count
    while index > 0 {
      index -= 1
      let window = windows[index]
      guard offset >= window.start && offset < window.end else { continue }
      // The last place is looked at first: the next request is often for the same window.
      windows.swapAt(index, windows.count - 1)
      return used(window)
    }
    return nil
  }

  /// Maps a part of the file (page-aligned), as a window of its own.
  @inline(never)
  public func map(_ file: borrowing FileDescriptor, _ range: Range<UInt64>, _ access: Mapping.Access) throws(Errno) -> Window {
    if windows.count == most { dropOldest() }
    let mapping = try Mapping(of: file, offset: range.lowerBound, count: Int(range.upperBound - range.lowerBound), access: access)
    let window = Window(mapping, start: range.lowerBound)
    windows.append(window)
    return used(window)
  }

  private func used(_ window: Window) -> Window {
    clock += 1
    window.lastUse = clock
    return window
  }

  private func dropOldest() {
    var oldest = 0
    for index in windows.indices where windows[index].lastUse < windows[oldest].lastUse { oldest = index }
    windows.remove(at: oldest)
  }
}
