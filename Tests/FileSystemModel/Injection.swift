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

extension Harness {
  /// Takes all spare records, so that every reservation must grow.
  func fillSlabs() {
    let time = reference.time
    while fileSystem.inodes.room > 0 {
      fileSystem.inodes.link(fileSystem.inodes.add(mode: FileMode(0), uid: 0, gid: 0, at: time), in: InodeNumber.root.handle)
      ballast.inodes += 1
    }
    fill(fileSystem.extents.mapForTests.nodes, MapNode(), &ballast.extentNodes)
    fill(fileSystem.entries.mapForTests.nodes, MapNode(), &ballast.entryNodes)
    fill(fileSystem.attributes.mapForTests.nodes, MapNode(), &ballast.attributeNodes)
    fill(fileSystem.blobs.shortForTests, ShortPiece(), &ballast.shortPieces)
    fill(fileSystem.blobs.longForTests, LongPiece(), &ballast.longPieces)
    if let limit = reference.inodeLimit { fileSystem.setLimits(size: reference.sizeLimit, inodes: limit + UInt64(ballast.inodes)) }
  }

  private func fill<Record>(_ slab: Slab<Record>, _ record: Record, _ count: inout Int) {
    while slab.room > 0 {
      _ = slab.add(record)
      count += 1
    }
  }
}
