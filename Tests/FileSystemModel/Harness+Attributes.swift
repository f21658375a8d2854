@testable import FileSystem

/// Compares requests about attributes, extended attributes and ACLs.
extension Harness {
  func runAttributes(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .setAttributes(let place, let change, let caller):
      let node = node(place)
      try compare {
        .node(Description(try real.setAttributes(of: node.number, to: change, by: Pools.callers[caller])))
      } _: {
        try model.setAttributes(node, to: change, by: caller, isOpen: false)
        return .node(Description(node))
      }
    case .attributes(let place):
      let node = node(place)
      try compare {
        .node(Description(try real.attributes(of: node.number)))
      } _: {
        .node(Description(node))
      }
    case .setFlags(let place, let flags):
      let node = node(place)
      try compareStatus {
        try real.setFlags(of: node.number, to: flags)
      } _: {
        model.setFlags(of: node, to: flags)
      }
    case .readLink(let place):
      let node = node(place)
      try compare {
        .bytes(try real.readLink(node.number))
      } _: {
        .bytes(try model.readLink(node))
      }
    case .setLimits(let size, let inodes):
      real.setLimits(size: size, inodes: inodes.map { $0 + UInt64(ballast.inodes) })
      (model.sizeLimit, model.inodeLimit) = (size, inodes)
    case .stale(let number):
      let number = InodeNumber(UInt64(number))
      let isBallast = real.inodes.contains(number.handle) && real.inodes[number.handle].mode.type == 0
      guard nodes[number.rawValue] == nil, !isBallast else { return }
      real.forget(number, count: 1)
      real.close(number, .cached)
      try compare {
        .node(Description(try real.attributes(of: number)))
      } _: {
        throw FileSystemError.stale
      }
      try compare {
        .bytes(try real.bytes(of: number, at: 0, count: 1, touching: true))
      } _: {
        throw FileSystemError.stale
      }
    default: break
    }
  }

  func runExtendedAttributes(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .setAttribute(let place, let name, let length, let flags, let caller):
      let node = node(place)
      let value = Array(repeating: UInt8(truncatingIfNeeded: steps), count: length)
      try compareStatus {
        try real.setAttribute(
          Pools.attributes[name], of: node.number, to: value, SetAttributeFlags(rawValue: flags), by: Pools.callers[caller])
      } _: {
        try model.setAttribute(name, of: node, to: value, flags: flags)
      }
    case .attribute(let place, let name):
      let node = node(place)
      try compare {
        .bytes(try real.attribute(Pools.attributes[name], of: node.number))
      } _: {
        .bytes(try model.attribute(name, of: node))
      }
    case .attributeNames(let place, let caller):
      let node = node(place)
      try compare {
        .names(try real.attributeNames(of: node.number, by: Pools.callers[caller]))
      } _: {
        .names(Set(model.attributes(of: node, isPrivileged: Pools.callers[caller].uid == 0).keys))
      }
    case .removeAttribute(let place, let name):
      let node = node(place)
      try compareStatus {
        try real.removeAttribute(Pools.attributes[name], of: node.number)
      } _: {
        try model.removeAttribute(name, of: node)
      }
    case .setAccessList(let place, let isDefault, let choice, let caller):
      let node = node(place)
      let list = AccessListValue.choices[choice % AccessListValue.choices.count]
      let bytes = list?.bytes ?? AccessListValue.broken[choice / 7 % AccessListValue.broken.count]
      try compareStatus {
        try real.setAttribute(.accessList(isDefault: isDefault), of: node.number, to: bytes, [], by: Pools.callers[caller])
      } _: {
        try model.setAccessList(list, isDefault: isDefault, of: node, by: caller)
      }
    case .removeAccessList(let place, let isDefault):
      let node = node(place)
      try compareStatus {
        try real.removeAttribute(.accessList(isDefault: isDefault), of: node.number)
      } _: {
        try model.removeAccessList(isDefault: isDefault, of: node)
      }
    default: break
    }
  }
}
