import Frames
import Platform

@testable import FileSystem

/// One allocation, or one write to the store or read of it, that is to fail.
struct Injection {
  enum Kind: CaseIterable { case metadata, frames, writes, reads }

  let kind: Kind
  /// How many of the kind succeed before in the same request.
  let successes: Int

  /// What the request is to answer, if it can't do a part.
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

  /// Takes it back; whether it came to it.
  func disarm(_ fileSystem: FileSystem<TestStore>) -> Bool {
    let isLeft = fileSystem.budget.growthsUntilFailure != nil || fileSystem.store.frames.callsUntilFailure != nil
    fileSystem.budget.growthsUntilFailure = nil
    fileSystem.store.frames.callsUntilFailure = nil
    return !isLeft
  }
}
