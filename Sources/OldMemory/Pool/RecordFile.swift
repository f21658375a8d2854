import Frames
import Platform

/// A file that gets a line 'FIRST_PFN COUNT' for each run of frames before it is overwritten for the first time, so that the record is
/// complete whenever and however the process ends.
final class RecordFile {
  private let file: FileDescriptor

  /// Takes a file that is open for appending: a line goes to its end even if others write to it, too.
  init(_ file: consuming FileDescriptor) { self.file = file }

  func add(_ run: FrameRun) throws(Errno) { try file.write(Text("% %\n", run.first.rawValue, UInt64(run.count))) }
}

extension FramePool {
  /// From now on each run of frames has its line in a file, which is open for appending, before it is overwritten for the first time.
  public func keepRecord(in file: consuming FileDescriptor) { recordFile = RecordFile(file) }

  /// Records the frames of a section that are about to be overwritten for the first time. A record that can't be written does not stop
  /// the write: the capture comes first.
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
