import CBoot
import Platform

/// The packed second stage: an .xz file that holds a cpio archive.
struct Payload {
  private let path: Text
  private let length: UInt64

  init(path: Text) throws(PayloadError) {
    self.path = path
    do throws(Errno) {
      length = try FileDescriptor.open(path, flags: FileDescriptor.readOnly).size()
    } catch { throw .unreadable(path, error) }
  }

  func stream(frees: Bool) throws(UnpackError) -> ArchiveStream {
    let file: FileDescriptor
    do throws(Errno) {
      file = try FileDescriptor.open(path, flags: frees ? FileDescriptor.readWrite : FileDescriptor.readOnly)
    } catch { throw .failed(path, error) }
    return try ArchiveStream(file, length: length, frees: frees)
  }
}

enum PayloadError: Error {
  case unreadable(Text, Errno)

  func report() {
    switch self {
    case .unreadable(let path, let error):
      var message = Text("can't read the payload ").appending(path).appending(": ")
      error.describe(to: &message)
      Log.line(message)
    }
  }
}
