import Foundation

/// A directory in TMPDIR that is removed with the object.
public final class TemporaryDirectory {
  public let path: String

  public init() throws {
    var template = Array("\(FileManager.default.temporaryDirectory.path)/oldmemfs-tests.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file below the directory, makes its parents, and returns its path.
  @discardableResult
  public func write(_ name: String, _ contents: [UInt8] = []) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(contents).write(to: URL(fileURLWithPath: file))
    return file
  }
}
