/// How much memory metadata may take, and how much it does.
final class MemoryBudget {
  /// Bytes; growth beyond it is ENOMEM.
  let limit: Int
  private(set) var used = 0
  /// For tests: growth fails once, after this many that succeed; nil, also after it has failed, for never.
  var growthsUntilFailure: Int?

  init(limit: Int) { self.limit = limit }

  /// Takes a page's worth of bytes from the budget.
  func take(_ bytes: Int) throws(FileSystemError) {
    if let left = growthsUntilFailure {
      growthsUntilFailure = left > 0 ? left - 1 : nil
      guard left > 0 else { throw .noMemory }
    }
    guard bytes <= limit - used else { throw .noMemory }
    used += bytes
  }

  func giveBack(_ bytes: Int) { used -= bytes }
}
