import CBoot
import Foundation
import Platform

/// A directory of a test's own, removed with it.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("\(NSTemporaryDirectory())/boot.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file below the directory, whose parents are made, and answers with its path.
  @discardableResult
  func write(_ name: String, _ contents: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(contents).write(to: URL(fileURLWithPath: file))
    return file
  }

  func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

  /// What lstat(2) says; nil if there is nothing of that name.
  func status(_ name: String) -> stat? {
    var status = stat()
    return lstat("\(path)/\(name)", &status) == 0 ? status : nil
  }

  func names(_ name: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)").sorted()
  }
}

extension Text {
  init(_ string: String) {
    self.init()
    append(bytes: Array(string.utf8))
  }

  var string: String { String(decoding: bytes, as: UTF8.self) }
}
