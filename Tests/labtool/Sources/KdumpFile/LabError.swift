/// A file that can't be checked: its name, and what is wrong with it.
public struct LabError: Error, CustomStringConvertible {
  public let description: String

  public init(_ file: String, _ problem: String) { description = "\(file): \(problem)" }
}
