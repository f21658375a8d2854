// Memory safety: libFuzzer's bytes are copied before use.
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

/// libFuzzer without its main function (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>, _ words: UnsafeMutableRawPointer, _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// The main function, by the name that SwiftPM gives it: with -sanitize=fuzzer the compiler makes none. All arguments are libFuzzer's.
@_cdecl("fuzzfiles_main")
public func run(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  var count = count
  var words = words
  return runDriver(&count, &words, testOneInput)
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
