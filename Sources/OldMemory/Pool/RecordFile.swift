import Frames
import Platform

/// A file that gets a line 'FIRST_PFN COUNT' for each run of frames before it is overwritten for the first time: what is on disk or
/// in another file system's memory is then complete whenever the process ends, and however.
final class RecordFile {
  private let file: FileDescriptor

  /// Goes on at the file's end, wherever others have written meanwhile: it is open for appending.
  init(_ file: consuming FileDescriptor) { self.file = file }

  func add(_ run: FrameRun) throws(Errno) { try file.write(Text("% %\n", run.first.rawValue, UInt64(run.count))) }
}

extension FramePool {
  /// From now on each run of frames that is overwritten for the first time has a line in a file, which is open for appending.
  public func keepRecord(in file: consuming FileDescriptor) { recordFile = RecordFile(file) }

  /// Puts on the record those of a section's frames that are to be overwritten now, and never were. A record that can't be written
  /// stops nobody: the dump is of what the record is for, and comes first.
  func announce(_ places: Range<Int>, of open: OpenSection, at index: Int) {
    guard let recordFile else { return }
    var start = open.overwritten.firstClear(from: places.lowerBound, before: places.upperBound)
    while start < places.upperBound {
      let end = open.overwritten.firstSet(from: start, before: places.upperBound)
      do throws(Errno) {
        try recordFile.add(FrameRun(first: table.firstFrame(at: index) + start, count: end - start))
      } catch {
        Log.line(Text("the record of overwritten pages can't be kept, and is not complete any more: %", error.text))
        self.recordFile = nil
        return
      }
      start = open.overwritten.firstClear(from: end, before: places.upperBound)
    }
  }
}
