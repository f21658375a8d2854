import KernelFixtures
import Platform
import TestSupport
import Testing
import Vmcore

@testable import CrashedKernel

/// The classified pages of a section of a fake kernel.
struct Classified {
  private let first: UInt64
  private let map = FrameMap()

  /// Classifies a section of the kernel, of which the capture kernel may have taken some frames.
  init(_ kernel: FakeKernel, section: Int = 0, taken: Range<UInt64>? = nil) throws {
    first = UInt64(section) << 15
    let crashed = try CrashedKernel(kernel)
    if let taken { crashed.take(PFN(taken.lowerBound)..<PFN(taken.upperBound)) }
    try crashed.classify(section: section, into: map)
  }

  subscript(pfn: UInt64) -> FrameState { map[Int(pfn - first)] }

  /// The common state of these pages; nil if they differ.
  subscript(pfns: Range<UInt64>) -> FrameState? {
    let state = self[pfns.lowerBound]
    return pfns.allSatisfy { self[$0] == state } ? state : nil
  }

  /// The number of the section's pages in a state.
  func count(_ state: FrameState) -> Int { (0..<FrameMap.frameCount).filter { map[$0] == state }.count }
}

extension CrashedKernel {
  /// Writes the fake kernel's vmcore and opens it. It stays open after its file is removed.
  convenience init(_ kernel: FakeKernel) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/vmcore"
    try kernel.write(to: path)
    try self.init(core: Vmcore(path: Text(path)))
  }
}

extension FrameState: CustomTestStringConvertible {
  public var testDescription: String { hold == .none ? "\(frameClass)" : "\(frameClass), held: \(hold)" }
}
