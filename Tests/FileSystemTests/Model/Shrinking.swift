@testable import FileSystem

/// Runs operations from the beginning; the deviation, if there is one.
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

/// The fewest operations found that still lead to a deviation: parts are left out, big ones first, as long as it stays.
///
/// - Parameter isFailing: whether operations lead to one; asked some thousand times at the most.
func shrink(_ operations: [Operation], while isFailing: ([Operation]) -> Bool) -> [Operation] {
  guard isFailing(operations) else { return operations }
  var operations = operations
  var size = operations.count / 2
  var attempts = 3000
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
