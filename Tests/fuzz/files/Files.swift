// Memory safety: libFuzzer's bytes are copied before use.
import Driver
import Foundation

@testable import FileSystemModel

/// A fault that is made on purpose: `OLDMEMFS_FAULT=clear` or `release`.
private func plant(_ frames: TestFrames) {
  switch ProcessInfo.processInfo.environment["OLDMEMFS_FAULT"] {
  case "clear": frames.forgetsToClear = true
  case "release": frames.losesReleases = true
  default: break
  }
}

/// The main function, by the name that SwiftPM gives it: with -sanitize=fuzzer the compiler makes none. All arguments are libFuzzer's.
@_cdecl("fuzzfiles_main")
public func run(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  fuzz(count, words, testOneInput)
}

/// libFuzzer calls it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  do { try Requests.run(Array(UnsafeBufferPointer(start: bytes, count: count)), plant: plant) } catch {
    FileHandle.standardError.write(Data("DIFFERENT: \(error)\n".utf8))
    abort()
  }
  return 0
}
