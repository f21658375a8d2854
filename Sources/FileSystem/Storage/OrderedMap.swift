/// The key of an `OrderedMap`: something in an order, of some owner.
struct MapKey: Comparable, BitwiseCopyable {
  /// The inode that the entry belongs to.
  var owner: UInt32
  /// Its place there: a file's block, a name's hash.
  var position: UInt64

  static var first: MapKey { MapKey(owner: 0, position: 0) }
  /// No key is this large: an owner is a handle.
  static var last: MapKey { MapKey(owner: UInt32.max, position: UInt64.max) }

  static func < (left: MapKey, right: MapKey) -> Bool {
    left.owner != right.owner ? left.owner < right.owner : left.position < right.position
  }
}

struct MapEntry: BitwiseCopyable {
  var key: MapKey
  var value: UInt64
}

/// A sorted map from keys to 8-byte values: a B+ tree whose nodes lie in a slab.
///
/// All files' extents are one map, all directories' entries another. `reserve` makes room before anything is changed; after it
/// an insertion can't fail, so that an operation either fails whole or succeeds whole.
final class OrderedMap {
  let nodes: Slab<MapNode>
  private(set) var root: UInt32 = 0
  private(set) var height = 0
  private(set) var count = 0
  /// The leaf that was used last, and the keys that belong in it; 0 since a node went or came. Most of what comes next is in it: a descent
  /// for each block of a scattered file, and for each name of a listing, was a third of their time.
  private var recent: UInt32 = 0
  private var recentLow = MapKey.first
  private var recentHigh = MapKey.last
  /// The key that was inserted last.
  private var inserted = MapKey.last

  init(nodes capacity: Int, budget: MemoryBudget) {
    nodes = Slab(capacity: capacity, budget: budget)
  }

  func node(_ handle: UInt32) -> NodeReference { NodeReference(nodes.address(of: handle)) }

  /// Makes sure that the next `insertions` insertions succeed: each splits at most a node per level, and may add a level.
  func reserve(_ insertions: Int = 1) throws(FileSystemError) { try nodes.reserve(insertions * (height + 3)) }

  // MARK: Looking

  subscript(key: MapKey) -> UInt64? {
    guard let entry = first(from: key), entry.key == key else { return nil }
    return entry.value
  }

  /// The first entry at or after a key.
  func first(from key: MapKey) -> MapEntry? {
    guard root != 0 else { return nil }
    let leaf = node(leaf(for: key))
    let place = leaf.firstPlace(from: key)
    if place < leaf.size { return leaf.entry(place) }
    return leaf.next != 0 ? node(leaf.next).entry(0) : nil
  }

  /// The last entry at or before a key.
  func last(upTo key: MapKey) -> MapEntry? {
    guard root != 0 else { return nil }
    let leaf = node(leaf(for: key))
    let place = leaf.firstPlace(from: key)
    if place < leaf.size, leaf.key(place) == key { return leaf.entry(place) }
    if place > 0 { return leaf.entry(place - 1) }
    guard leaf.previous != 0 else { return nil }
    let previous = node(leaf.previous)
    return previous.entry(previous.size - 1)
  }

  /// The leaf in which a key belongs. Between the keys of two leaves it is the nodes above that say in which.
  private func leaf(for key: MapKey) -> UInt32 {
    if recent != 0, recentLow <= key, key < recentHigh { return recent }
    recent = root
    recentLow = .first
    recentHigh = .last
    for _ in 0..<height {
      let inner = node(recent)
      let place = inner.place(ofChildFor: key)
      // The bounds of a node below lie within those of the node above.
      if place > 0 { recentLow = inner.key(place) }
      if place + 1 < inner.size { recentHigh = inner.key(place + 1) }
      recent = inner.child(place)
    }
    return recent
  }

  // MARK: Changing

  /// Changes the value of a key that is there.
  func update(_ key: MapKey, to value: UInt64) {
    let leaf = node(leaf(for: key))
    leaf.set(place(of: key, in: leaf), key, value)
  }

  /// The place of a key that is there.
  private func place(of key: MapKey, in leaf: NodeReference) -> Int {
    let place = leaf.firstPlace(from: key)
    precondition(place < leaf.size && leaf.key(place) == key, "no such key")
    return place
  }

  /// Inserts a key that is not there; `reserve` comes first.
  func insert(_ key: MapKey, _ value: UInt64) {
    count += 1
    defer { inserted = key }
    guard root != 0 else {
      root = nodes.add(MapNode())
      node(root).insert(key, value, at: 0)
      return
    }
    let leaf = node(leaf(for: key))
    if leaf.size < MapNode.capacity { return leaf.insert(key, value, at: leaf.firstPlace(from: key)) }
    recent = 0
    guard let split = insert(key, value, into: root, height) else { return }
    let left = root
    root = nodes.add(MapNode())
    node(root).insert(node(left).key(0), UInt64(left), at: 0)
    node(root).insert(split.key, split.value, at: 1)
    height += 1
  }

  /// Inserts below a node; the entry for a new right-hand neighbour if the node was split.
  private func insert(_ key: MapKey, _ value: UInt64, into handle: UInt32, _ level: Int) -> MapEntry? {
    let inner = node(handle)
    if level == 0 { return add(key, value, to: handle, at: inner.firstPlace(from: key), isLeaf: true) }
    let place = inner.place(ofChildFor: key)
    guard let split = insert(key, value, into: inner.child(place), level - 1) else { return nil }
    return add(split.key, split.value, to: handle, at: place + 1, isLeaf: false)
  }

  private func add(_ key: MapKey, _ value: UInt64, to handle: UInt32, at place: Int, isLeaf: Bool) -> MapEntry? {
    let left = node(handle)
    if left.size < MapNode.capacity {
      left.insert(key, value, at: place)
      return nil
    }
    let other = nodes.add(MapNode())
    let right = node(other)
    // What is added at the end, or behind what came last, leaves the left node to be filled: files are mostly written in order.
    let isNext = place == MapNode.capacity || (place > 0 && left.key(place - 1) == inserted)
    let kept = isNext ? place : MapNode.capacity / 2
    left.move(from: kept, to: right)
    if place > kept || place == MapNode.capacity {
      right.insert(key, value, at: place - kept)
    } else {
      left.insert(key, value, at: place)
    }
    if isLeaf { link(other, after: handle) }
    return MapEntry(key: right.key(0), value: UInt64(other))
  }

  private func link(_ right: UInt32, after left: UInt32) {
    let next = node(left).next
    node(right).next = next
    node(right).previous = left
    node(left).next = right
    if next != 0 { node(next).previous = right }
  }

  private func unlink(_ leaf: NodeReference) {
    if leaf.previous != 0 { node(leaf.previous).next = leaf.next }
    if leaf.next != 0 { node(leaf.next).previous = leaf.previous }
  }

  /// Removes a key that is there.
  func remove(_ key: MapKey) {
    count -= 1
    let leaf = node(leaf(for: key))
    // The nodes above stay as they are.
    if leaf.size > MapNode.capacity / 4 { return leaf.remove(at: place(of: key, in: leaf)) }
    recent = 0
    remove(key, from: root, height)
    while height > 0, node(root).size == 1 {
      let child = node(root).child(0)
      nodes.remove(root)
      root = child
      height -= 1
    }
    if node(root).size == 0 {
      nodes.remove(root)
      root = 0
      height = 0
    }
  }

  private func remove(_ key: MapKey, from handle: UInt32, _ level: Int) {
    let inner = node(handle)
    if level == 0 { return inner.remove(at: place(of: key, in: inner)) }
    let place = inner.place(ofChildFor: key)
    let child = inner.child(place)
    remove(key, from: child, level - 1)
    if node(child).size < MapNode.capacity / 4 { thin(out: inner, at: place, level) }
  }

  /// Removes an empty child, or joins one that has become small with a neighbour where both fit in one node.
  private func thin(out parent: NodeReference, at place: Int, _ level: Int) {
    if node(parent.child(place)).size == 0 { return drop(from: parent, at: place, level) }
    let left = place > 0 ? place - 1 : place
    guard left + 1 < parent.size else { return }
    let (into, from) = (node(parent.child(left)), node(parent.child(left + 1)))
    guard into.size + from.size <= MapNode.capacity else { return }
    for index in 0..<from.size {
      // An inner node's first key is not maintained; the node's own key in its parent is.
      let key = level > 1 && index == 0 ? parent.key(left + 1) : from.key(index)
      into.insert(key, from.value(index), at: into.size)
    }
    drop(from: parent, at: left + 1, level)
  }

  /// Removes a child.
  private func drop(from parent: NodeReference, at place: Int, _ level: Int) {
    let child = parent.child(place)
    if level == 1 { unlink(node(child)) }
    nodes.remove(child)
    parent.remove(at: place)
  }
}
