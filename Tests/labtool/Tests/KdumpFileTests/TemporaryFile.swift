import Foundation

@testable import KdumpFile

/// Calls `body` with the path of a temporary file with these contents, and removes the file.
func withFile<Result>(_ contents: Data, _ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("labtool-\(UUID().uuidString)").path
  try contents.write(to: URL(fileURLWithPath: path))
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result { try withFile(Data(text.utf8), body) }

func open(_ dump: SmallDump) throws -> Dump { try withFile(dump.bytes(), Dump.init(path:)) }

/// A file with these contents, mapped.
func mapped(_ contents: Data) throws -> MappedFile { try withFile(contents, MappedFile.init(path:)) }
