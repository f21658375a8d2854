import Frames
import Platform

@testable import FileSystem

/// Where choices come from: random numbers, or the bytes of a fuzzer.
protocol Choices {
  /// A number below `bound`.
  mutating func below(_ bound: Int) -> Int
}

extension Choices {
  /// True once in `count` times.
  mutating func once(in count: Int) -> Bool { below(count) == 0 }
}

extension SeededGenerator: Choices {}

extension Generator where Random == SeededGenerator {
  init(seed: UInt64) { self.init(SeededGenerator(seed: seed)) }
}

/// Makes operations by choice.
struct Generator<Random: Choices> {
  private(set) var random: Random

  init(_ random: Random) { self.random = random }

  /// Other choices than those of operations.
  mutating func below(_ bound: Int) -> Int { random.below(bound) }
  mutating func once(in count: Int) -> Bool { random.once(in: count) }

  mutating func next() -> Operation {
    switch random.below(100) {
    case 0..<12: return makeSomething()
    case 12..<30: return changeNames()
    case 30..<38: return .forget(place, count: random.once(in: 3) ? UInt64(random.below(3)) : UInt64.max)
    case 38..<52: return .write(place, offset: offset, count: length, caller)
    case 52..<60: return .read(place, offset: offset, count: length, touching: !random.once(in: 4))
    case 60..<72: return changeSpace()
    case 72..<80: return changeAttributes()
    case 80..<89: return extendedAttributes()
    case 89..<95: return .list(place, count: 1 + random.below(6), referencing: random.once(in: 3))
    default: return rest()
    }
  }

  // MARK: Parts

  private var place: Int { mutating get { random.below(1 << 20) } }
  private var name: Int { mutating get { random.below(Pools.names.count) } }
  private var caller: Int { mutating get { random.below(Pools.callers.count) } }
  private var permissions: UInt32 { mutating get { UInt32(random.once(in: 4) ? random.below(0o10000) : random.below(0o1000)) } }

  /// A position in a file: mostly near its start, and often at a block boundary.
  private var offset: UInt64 {
    mutating get {
      let block = UInt64(random.below(10)) * UInt64(frameSize)
      switch random.below(40) {
      case 0: return UInt64(Int64.max) - UInt64(random.below(3 * frameSize))
      case 1: return (1 << 52) + block
      case 2..<16: return block
      case 16..<22: return block + UInt64(frameSize) - 1 - UInt64(random.below(3))
      default: return block + UInt64(random.below(frameSize))
      }
    }
  }

  private var length: Int {
    mutating get {
      switch random.below(8) {
      case 0: return random.below(3)
      case 1...3: return frameSize * (1 + random.below(3))
      case 4: return random.below(6 * frameSize)
      default: return random.below(frameSize)
      }
    }
  }

  private var time: AttributeChange.NewTime {
    mutating get {
      if random.once(in: 2) { return .now }
      return .time(Time(seconds: Int64(random.below(2_000_000)), nanoseconds: UInt32(random.below(1_000_000_000))))
    }
  }

  /// Mostly none: with these flags most requests fail, which tests little.
  private var flags: FileFlags {
    mutating get { random.once(in: 5) ? [.immutable, .append, .noDump, .noAccessTime, [.append, .noDump]][random.below(5)] : [] }
  }

  private var access: OpenAccess {
    mutating get {
      var access: OpenAccess = random.once(in: 5) ? .truncating : []
      if random.once(in: 2) { access.insert(.writing) }
      if random.once(in: 2) { access.insert(.appending) }
      if random.once(in: 4) { access.insert(.asking) }
      return access
    }
  }

  // MARK: Kinds of operations

  private mutating func makeSomething() -> Operation {
    switch random.below(12) {
    case 0..<6: return .makeNode(place, name, type: FileMode.regular, permissions: permissions, device: 0, caller)
    case 6:
      return .makeNode(place, name, type: [0o010000, 0o140000, 0o020000][random.below(3)], permissions: permissions, device: 0x103, caller)
    case 7: return .makeUnnamed(place, permissions: permissions, caller)
    case 8: return .makeLink(place, name, length: [1, 26, 27, 250, 251, 4095, 4096, 0][random.below(8)], caller)
    default: return .makeDirectory(place, name, permissions: permissions, caller)
    }
  }

  private mutating func changeNames() -> Operation {
    switch random.below(18) {
    case 0..<3: return .lookUp(place, name)
    case 3: return random.once(in: 2) ? .lookUpDot(place) : .lookUpDotDot(place)
    case 4..<6: return .link(place, place, name)
    case 6..<9: return .unlink(place, name)
    case 9..<11: return .removeDirectory(place, name)
    default:
      let flags = [0, 0, 0, 1, 2, 2, 4, 5, 3, 6, 8][random.below(11)]
      return .rename(place, name, to: place, name, flags: UInt32(flags), caller)
    }
  }

  private mutating func changeSpace() -> Operation {
    switch random.below(12) {
    case 0..<4: return .truncate(place, size: offset, caller, isOpen: random.once(in: 2))
    case 4..<7:
      let count = random.once(in: 12) ? UInt64(Int64.max) - UInt64(random.below(100_000)) : UInt64(length)
      return .allocate(place, offset: offset, count: count, mode: Int32(random.below(2)), caller)
    case 7..<9: return .allocate(place, offset: offset, count: UInt64(length), mode: 3, caller)
    case 9: return .allocate(place, offset: offset, count: UInt64(length), mode: [2, 16, 4][random.below(3)], caller)
    case 10: return .seek(place, .data, offset: offset)
    default: return .seek(place, .hole, offset: offset)
    }
  }

  private mutating func changeAttributes() -> Operation {
    if random.once(in: 4) { return .attributes(place) }
    if random.once(in: 5) { return .setFlags(place, flags) }
    var change = AttributeChange()
    if random.once(in: 2) { change.permissions = permissions }
    if random.once(in: 4) { change.uid = UInt32(1000 + random.below(3)) }
    if random.once(in: 4) { change.gid = [0, 100, 200, 400][random.below(4)] }
    if random.once(in: 4) { change.accessed = time }
    if random.once(in: 4) { change.modified = time }
    if random.once(in: 6) { change.size = offset }
    return .setAttributes(place, change, caller)
  }

  private mutating func extendedAttributes() -> Operation {
    let attribute = random.below(Pools.attributes.count)
    switch random.below(12) {
    case 0..<3:
      let length = [0, 1, 26, 27, 250, 251, 2000, 65537][random.below(8)]
      return .setAttribute(place, attribute, length: length, flags: Int32([0, 0, 1, 2][random.below(4)]), caller)
    case 3: return .attribute(place, attribute)
    case 4: return .attributeNames(place, caller)
    case 5..<7: return .removeAttribute(place, attribute)
    case 7..<11: return .setAccessList(place, isDefault: random.once(in: 2), place, caller)
    default: return .removeAccessList(place, isDefault: random.once(in: 2))
    }
  }

  private mutating func rest() -> Operation {
    switch random.below(10) {
    case 0..<3: return .open(place, access, isStream: random.once(in: 2), mixing: random.once(in: 3), caller)
    case 3..<6: return .close(place, random.once(in: 2) ? .direct : .cached)
    case 6..<8: return .readLink(place)
    case 8: return .stale(UInt32(truncatingIfNeeded: random.once(in: 2) ? random.below(400) : random.below(1 << 33)))
    default:
      let size: UInt64? = random.once(in: 3) ? nil : UInt64(random.below(90 * frameSize))
      return .setLimits(size: size, inodes: random.once(in: 5) ? nil : UInt64(1 + random.below(90)))
    }
  }
}
