import CrashedKernel
import Platform

/// A map of physical memory, in 80 columns of plain ASCII: a capture kernel's console may be a serial line.
enum ScanMap {
  static func append(_ map: ReuseMap, _ text: inout Text) {
    text.append("\nmemory, a cell for each ")
    amount(map.cellFrames, &text)
    text.append(":\n")
    var next: UInt64?
    for row in map.rows {
      if let next, row.first > next { text.append("          :\n") }
      next = row.first + UInt64(ReuseMap.columns) * map.cellFrames
      let start = text.bytes.count
      amount(row.first, &text, width: 5)
      text.pad(to: 10, from: start)
      text.append("|")
      for cell in row.cells { text.append(byte: shade(cell)) }
      text.append("|\n")
    }
    text.append("          . nothing reusable   : to 25 %   - to 50 %   + to 75 %   * to 99 %\n")
    text.append("          # all of it   R this kernel's by now   ? can't be told   blank: no memory\n")
  }

  /// The character for a cell, by the share of its memory that is reusable.
  private static func shade(_ cell: ReuseMap.Cell) -> UInt8 {
    if cell.frames == 0 { return UInt8(ascii: " ") }
    if cell.unreadable == cell.frames { return UInt8(ascii: "?") }
    if cell.taken == cell.frames { return UInt8(ascii: "R") }
    if cell.reusable == 0 { return UInt8(ascii: ".") }
    if cell.reusable >= cell.frames { return UInt8(ascii: "#") }
    switch (cell.reusable * 4 - 1) / cell.frames {
    case 0: return UInt8(ascii: ":")
    case 1: return UInt8(ascii: "-")
    case 2: return UInt8(ascii: "+")
    default: return UInt8(ascii: "*")
    }
  }

  /// Appends the size of some frames, in the largest unit that divides it.
  private static func amount(_ frames: UInt64, _ text: inout Text, width: Int = 0) {
    let kib = frames * 4
    if kib >= 1 << 20, kib % (1 << 20) == 0 {
      text.append(kib >> 20, width: width)
      text.append(" GiB")
    } else if kib == 0 || kib % 1024 == 0 {
      text.append(kib >> 10, width: width)
      text.append(" MiB")
    } else {
      text.append(kib, width: width)
      text.append(" KiB")
    }
  }
}
