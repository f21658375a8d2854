@testable import FileSystem

extension OrderedMap {
  /// All entries, in order.
  var all: [MapEntry] {
    var all: [MapEntry] = []
    var next = first(from: MapKey(owner: 0, position: 0))
    while let entry = next {
      all.append(entry)
      let key = entry.key
      if key.position < UInt64.max {
        next = first(from: MapKey(owner: key.owner, position: key.position + 1))
      } else {
        next = key.owner < UInt32.max ? first(from: MapKey(owner: key.owner + 1, position: 0)) : nil
      }
    }
    return all
  }

  /// The faults of the tree: in order, bounds, chain of leaves and counts, and lost nodes.
  ///
  /// - Parameter ballast: nodes that a test has added to the slab.
  func findings(ballast: Int = 0) -> [String] {
    var findings = Findings()
    var seen = 0
    var entries = 0
    var leaves: [UInt32] = []
    func visit(_ handle: UInt32, level: Int, low: MapKey?, high: MapKey?) {
      seen += 1
      let node = node(handle)
      let size = node.size
      findings.expect(size > 0 && size <= MapNode.capacity, "a node has \(size) entries")
      for place in 0..<size {
        let key = node.key(place)
        // The first key of an inner node is not used.
        if level == 0 || place > 0 {
          if let low { findings.expect(key >= low, "\(key) is below its node's bound") }
          if let high { findings.expect(key < high, "\(key) is above its node's bound") }
        }
        if place > (level == 0 ? 0 : 1) { findings.expect(node.key(place - 1) < key, "\(key) is out of order") }
        if level > 0 {
          visit(
            node.child(place), level: level - 1, low: place > 0 ? key : low,
            high: place + 1 < size ? node.key(place + 1) : high)
        }
      }
      if level == 0 {
        entries += size
        leaves.append(handle)
      }
    }
    if root != 0 { visit(root, level: height, low: nil, high: nil) }
    findings.equal(entries, count, "entries")
    findings.equal(seen + ballast, nodes.count, "nodes")
    for (place, leaf) in leaves.enumerated() {
      findings.equal(node(leaf).previous, place > 0 ? leaves[place - 1] : 0, "neighbour before a leaf")
      findings.equal(node(leaf).next, place + 1 < leaves.count ? leaves[place + 1] : 0, "neighbour after a leaf")
    }
    return findings.list
  }
}
