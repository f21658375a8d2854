import Platform
import Testing

@testable import SwapSpace

@Suite("Swap area")
struct SwapAreaTests {
  @Test("the header has the version, the last page and the magic bytes where the kernel looks for them")
  func header() {
    let page = SwapArea.header(pages: 0x1234)
    #expect(page.count == 4096)
    #expect(page[1024..<1028].elementsEqual([1, 0, 0, 0]))
    #expect(page[1028..<1032].elementsEqual([0x33, 0x12, 0, 0]))
    #expect(page[1032..<1036].elementsEqual([0, 0, 0, 0]))
    #expect(page[4086...].elementsEqual("SWAPSPACE2".utf8))
    #expect(page[..<1024].allSatisfy { $0 == 0 } && page[1036..<4086].allSatisfy { $0 == 0 })
  }

  @Test("an integer's bytes are written and read the lowest first")
  func integers() {
    var bytes = [UInt8](repeating: 0xff, count: 10)
    bytes.put(UInt64(0x0102_0304_0506_0708), at: 1)
    #expect(bytes == [0xff, 8, 7, 6, 5, 4, 3, 2, 1, 0xff])
    #expect(bytes.integer(at: 1, bytes: 8) == 0x0102_0304_0506_0708)
    #expect(bytes.integer(at: 1, bytes: 2) == 0x0708)
  }
}
