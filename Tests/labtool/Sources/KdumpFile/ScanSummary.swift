import Foundation

/// The output of `oldmemfs scan --json`: counts of pages by class, and of those held back by reason.
public struct ScanSummary: Decodable {
  public struct Class: Decodable {
    public let pages: UInt64
    public let reusable: UInt64
  }

  public let level: UInt32
  public let reusablePages: UInt64
  public let classes: [String: Class]
  /// Pages that the dump leaves out but that are not safe to write, by reason.
  public let heldBack: [String: UInt64]

  enum CodingKeys: String, CodingKey {
    case level, classes
    case reusablePages = "reusable_pages"
    case heldBack = "held_back"
  }

  public init(path: String) throws(LabError) {
    let file = try MappedFile(path: path)
    let data = Data(try file.bytes(at: 0, count: file.size))
    do { self = try JSONDecoder().decode(ScanSummary.self, from: data) } catch {
      throw LabError(path, "is not what 'oldmemfs scan --json' prints: \(error)")
    }
  }
}
