/// The key of an `OrderedMap`: something in an order, of some owner.
struct MapKey: Comparable, BitwiseCopyable {
  /// The inode that the entry belongs to.
  var owner: UInt32
  /// Its place there: a file's block, a name's hash.
  var position: UInt64

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
  /// The leaf that was used last; 0 since a node went. Most of what comes next is in it: a descent for each block of a scattered file, and
  /// for each name of a listing, was a third of their time.
  private var recent: UInt32 = 0

  init(nodes capacity: Int, budget: MemoryBudget) {
    nodes = Slab(capacity: capacity, budget: budget)
  }

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
    let leaf = leaf(for: key)
    let place = nodes[leaf].firstPlace(from: key)
    if place < nodes[leaf].size { return nodes[leaf].entry(place) }
    let next = nodes[leaf].next
    return next != 0 ? nodes[next].entry(0) : nil
  }

  /// The last entry at or before a key.
  func last(upTo key: MapKey) -> MapEntry? {
    guard root != 0 else { return nil }
    let leaf = leaf(for: key)
    let place = nodes[leaf].firstPlace(from: key)
    if place < nodes[leaf].size, nodes[leaf].key(place) == key { return nodes[leaf].entry(place) }
    if place > 0 { return nodes[leaf].entry(place - 1) }
    let previous = nodes[leaf].previous
    return previous != 0 ? nodes[previous].entry(nodes[previous].size - 1) : nil
  }

  /// The leaf in which a key belongs. Between the keys of two leaves it is the nodes above that say in which.
  private func leaf(for key: MapKey) -> UInt32 {
    if recent != 0, nodes[recent].key(0) <= key, nodes[recent].next == 0 || key <= nodes[recent].key(nodes[recent].size - 1) {
      return recent
    }
    recent = root
    for _ in 0..<height { recent = UInt32(nodes[recent].value(nodes[recent].child(for: key))) }
    return recent
  }

  // MARK: Changing

  /// Changes the value of a key that is there.
  func update(_ key: MapKey, to value: UInt64) {
    let leaf = leaf(for: key)
    let place = nodes[leaf].firstPlace(from: key)
    precondition(place < nodes[leaf].size && nodes[leaf].key(place) == key, "no such key")
    nodes[leaf].set(place, key, value)
  }

  /// Inserts a key that is not there; `reserve` comes first.
  func insert(_ key: MapKey, _ value: UInt64) {
    count += 1
    guard root != 0 else {
      root = nodes.add(MapNode())
      nodes[root].insert(key, value, at: 0)
      return
    }
    let leaf = leaf(for: key)
    if nodes[leaf].size < MapNode.capacity { return nodes[leaf].insert(key, value, at: nodes[leaf].firstPlace(from: key)) }
    guard let split = insert(key, value, into: root, height) else { return }
    let left = root
    root = nodes.add(MapNode())
    nodes[root].insert(nodes[left].key(0), UInt64(left), at: 0)
    nodes[root].insert(split.key, split.value, at: 1)
    height += 1
  }

  /// Inserts below a node; the entry for a new right-hand neighbour if the node was split.
  private func insert(_ key: MapKey, _ value: UInt64, into node: UInt32, _ level: Int) -> MapEntry? {
    if level == 0 { return add(key, value, to: node, at: nodes[node].firstPlace(from: key), isLeaf: true) }
    let place = nodes[node].child(for: key)
    let child = UInt32(nodes[node].value(place))
    guard let split = insert(key, value, into: child, level - 1) else { return nil }
    return add(split.key, split.value, to: node, at: place + 1, isLeaf: false)
  }

  private func add(_ key: MapKey, _ value: UInt64, to node: UInt32, at place: Int, isLeaf: Bool) -> MapEntry? {
    if nodes[node].size < MapNode.capacity {
      nodes[node].insert(key, value, at: place)
      return nil
    }
    let right = nodes.add(MapNode())
    // What is added at the end leaves the left node full: files and names are mostly written in order.
    let kept = place == MapNode.capacity ? MapNode.capacity : MapNode.capacity / 2
    for index in kept..<MapNode.capacity {
      nodes[right].insert(nodes[node].key(index), nodes[node].value(index), at: index - kept)
    }
    nodes[node].truncate(to: kept)
    if place > kept || (place == kept && kept == MapNode.capacity) {
      nodes[right].insert(key, value, at: place - kept)
    } else {
      nodes[node].insert(key, value, at: place)
    }
    if isLeaf { link(right, after: node) }
    return MapEntry(key: nodes[right].key(0), value: UInt64(right))
  }

  private func link(_ right: UInt32, after left: UInt32) {
    let next = nodes[left].next
    nodes[right].next = next
    nodes[right].previous = left
    nodes[left].next = right
    if next != 0 { nodes[next].previous = right }
  }

  private func unlink(_ leaf: UInt32) {
    let (previous, next) = (nodes[leaf].previous, nodes[leaf].next)
    if previous != 0 { nodes[previous].next = next }
    if next != 0 { nodes[next].previous = previous }
  }

  /// Removes a key that is there.
  func remove(_ key: MapKey) {
    count -= 1
    let leaf = leaf(for: key)
    // The nodes above stay as they are.
    if nodes[leaf].size > MapNode.capacity / 4 { return remove(key, from: leaf, 0) }
    recent = 0
    remove(key, from: root, height)
    while height > 0, nodes[root].size == 1 {
      let child = UInt32(nodes[root].value(0))
      nodes.remove(root)
      root = child
      height -= 1
    }
    if nodes[root].size == 0 {
      nodes.remove(root)
      root = 0
      height = 0
    }
  }

  private func remove(_ key: MapKey, from node: UInt32, _ level: Int) {
    if level == 0 {
      let place = nodes[node].firstPlace(from: key)
      precondition(place < nodes[node].size && nodes[node].key(place) == key, "no such key")
      nodes[node].remove(at: place)
      return
    }
    let place = nodes[node].child(for: key)
    let child = UInt32(nodes[node].value(place))
    remove(key, from: child, level - 1)
    if nodes[child].size < MapNode.capacity / 4 { thin(out: node, at: place, level) }
  }

  /// Removes an empty child, or joins one that has become small with a neighbour where both fit in one node.
  private func thin(out node: UInt32, at place: Int, _ level: Int) {
    let child = UInt32(nodes[node].value(place))
    if nodes[child].size == 0 { return drop(child, from: node, at: place, level) }
    let left = place > 0 ? place - 1 : place
    guard left + 1 < nodes[node].size else { return }
    let (into, from) = (UInt32(nodes[node].value(left)), UInt32(nodes[node].value(left + 1)))
    guard nodes[into].size + nodes[from].size <= MapNode.capacity else { return }
    for index in 0..<nodes[from].size {
      // An inner node's first key is not maintained; the node's own key in its parent is.
      let key = level > 1 && index == 0 ? nodes[node].key(left + 1) : nodes[from].key(index)
      nodes[into].insert(key, nodes[from].value(index), at: nodes[into].size)
    }
    drop(from, from: node, at: left + 1, level)
  }

  private func drop(_ child: UInt32, from node: UInt32, at place: Int, _ level: Int) {
    if level == 1 { unlink(child) }
    nodes.remove(child)
    nodes[node].remove(at: place)
  }
}
