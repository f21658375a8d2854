@testable import FileSystem

/// Runs the operations, and returns the deviation, if there is one.
func firstDeviation(in operations: [Operation], fault: PlantedFault? = nil, prepare: (Harness) -> Void = { _ in }) -> Deviation? {
  do {
    let harness = try Harness(fault: fault)
    prepare(harness)
    for operation in operations { try harness.step(operation) }
    try harness.checkWhole()
    return nil
  } catch let deviation as Deviation {
    return deviation
  } catch {
    return Deviation(nil, "\(error)")
  }
}

/// The fewest operations found that still lead to a deviation.
///
/// - Parameter isFailing: whether the operations lead to one; called some thousand times at most.
func shrink(_ operations: [Operation], while isFailing: ([Operation]) -> Bool) -> [Operation] {
  guard isFailing(operations) else { return operations }
  var attempts = 3000
  var operations = leaveOut(operations, &attempts, while: isFailing)
  // With fewer directories, operations work in other ones, and so depend on all of them. In the root directory they don't.
  for index in operations.indices {
    var simpler = operations
    simpler[index] = operations[index].inRoot
    if isFailing(simpler) { operations = simpler }
  }
  let simple = operations.map(\.inRoot)
  if isFailing(simple) { operations = simple }
  return leaveOut(operations, &attempts, while: isFailing)
}

/// Leaves parts out, big ones first, while the rest still fails.
private func leaveOut(_ operations: [Operation], _ attempts: inout Int, while isFailing: ([Operation]) -> Bool) -> [Operation] {
  var operations = operations
  var size = operations.count / 2
  while size > 0 {
    var start = 0
    var isShorter = false
    while start < operations.count, attempts > 0 {
      attempts -= 1
      var shorter = operations
      shorter.removeSubrange(start..<min(start + size, operations.count))
      if isFailing(shorter) {
        operations = shorter
        isShorter = true
      } else {
        start += size
      }
    }
    if size > 1 { size /= 2 } else if !isShorter || attempts == 0 { size = 0 }
  }
  return operations
}

extension Operation {
  /// The same in the root directory.
  fileprivate var inRoot: Operation {
    switch self {
    case .lookUp(_, let name): return .lookUp(0, name)
    case .makeNode(_, let name, let type, let permissions, let device, let caller):
      return .makeNode(0, name, type: type, permissions: permissions, device: device, caller)
    case .makeDirectory(_, let name, let permissions, let caller): return .makeDirectory(0, name, permissions: permissions, caller)
    case .makeLink(_, let name, let length, let caller): return .makeLink(0, name, length: length, caller)
    case .unlink(_, let name): return .unlink(0, name)
    case .removeDirectory(_, let name): return .removeDirectory(0, name)
    case .rename(_, let name, _, let newName, let flags, let caller):
      return .rename(0, name, to: 0, newName, flags: flags, caller)
    default: return self
    }
  }
}
