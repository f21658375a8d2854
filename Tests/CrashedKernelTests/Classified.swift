import KernelFixtures
import Platform
import Testing
import Vmcore

@testable import CrashedKernel

/// What a fake kernel's pages were found to be.
struct Classified {
  private let first: UInt64
  private let map = FrameMap()

  /// Classifies a section of the kernel.
  init(_ kernel: FakeKernel, section: Int = 0) throws {
    first = UInt64(section) << 15
    try CrashedKernel(kernel).classify(section: section, into: map)
  }

  subscript(pfn: UInt64) -> FrameState { map[Int(pfn - first)] }

  /// The one state that all of the pages have; nil if they differ.
  subscript(pfns: Range<UInt64>) -> FrameState? {
    let state = self[pfns.lowerBound]
    return pfns.allSatisfy { self[$0] == state } ? state : nil
  }

  /// How many of the section's pages are in a state.
  func count(_ state: FrameState) -> Int { (0..<FrameMap.frameCount).filter { map[$0] == state }.count }
}

extension CrashedKernel {
  /// Writes the fake kernel's vmcore and opens it. The file may go: it stays open.
  convenience init(_ kernel: FakeKernel) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/vmcore"
    try kernel.write(to: path)
    try self.init(core: Vmcore(path: Text(path)))
  }
}

extension Text {
  init(_ string: String) {
    self.init()
    append(bytes: Array(string.utf8))
  }

  var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension FrameState: CustomTestStringConvertible {
  public var testDescription: String { hold == .none ? "\(frameClass)" : "\(frameClass), held: \(hold)" }
}
