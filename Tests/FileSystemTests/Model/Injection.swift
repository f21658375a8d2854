import Frames
import Platform

@testable import FileSystem

/// An allocation, or a write or read of the store, that must fail.
struct Injection {
  enum Kind: CaseIterable { case metadata, frames, writes, reads }

  let kind: Kind
  /// The number of such calls in the same request that succeed before.
  let successes: Int

  /// The expected error, if the request can't be done in part.
  var error: FileSystemError {
    switch kind {
    case .metadata: return .noMemory
    case .frames: return .noSpace
    case .writes: return .inaccessible(FrameNumber(0), .io)
    case .reads: return .damaged(FrameNumber(0))
    }
  }

  func arm(_ fileSystem: FileSystem<TestStore>) {
    switch kind {
    case .metadata: fileSystem.budget.growthsUntilFailure = successes
    case .frames: fileSystem.store.frames.callsUntilFailure = (.allocate, successes)
    case .writes: fileSystem.store.frames.callsUntilFailure = (.write, successes)
    case .reads: fileSystem.store.frames.callsUntilFailure = (.read, successes)
    }
  }

  /// Takes it back, and returns whether it happened.
  func disarm(_ fileSystem: FileSystem<TestStore>) -> Bool {
    let isLeft = fileSystem.budget.growthsUntilFailure != nil || fileSystem.store.frames.callsUntilFailure != nil
    fileSystem.budget.growthsUntilFailure = nil
    fileSystem.store.frames.callsUntilFailure = nil
    return !isLeft
  }
}
