import Platform
import Testing

@testable import RunningKernel

/// A listing of 6.12: a guest with 4 GiB, a low and a high reservation, and a pmem device of which kmem uses a part as memory.
let listing: Literal = """
  00000000-00000fff : Reserved
  00001000-0009fbff : System RAM
  0009fc00-000fffff : Reserved
    000f0000-000fffff : System ROM
  00100000-7ffdbfff : System RAM
    01000000-02209987 : Kernel code
    02400000-02e09fff : Kernel rodata
    35000000-44ffffff : Crash kernel
  7ffdc000-7fffffff : Reserved
  b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]
  100000000-17fffffff : System RAM
    16b000000-17affffff : Crash kernel
  180000000-1bfffffff : System RAM
  240000000-27fffffff : Persistent Memory
    240000000-27fffffff : System RAM (kmem)

  """

@Suite("/proc/iomem")
struct MemoryMapTests {
  @Test("memory and reservations are read, devices' memory is left out")
  func reads() throws {
    let map = try #require(MemoryMap(Text(listing)))
    #expect(map.memory == [0x1000..<0x9fc00, 0x10_0000..<0x7ffd_c000, 0x1_0000_0000..<0x1_8000_0000, 0x1_8000_0000..<0x1_c000_0000])
    #expect(map.reservations == [0x3500_0000..<0x4500_0000, 0x1_6b00_0000..<0x1_7b00_0000])
  }

  @Test("memory that is lent by crashkernel=…,cma is the capture kernel's, in its order")
  func lent() throws {
    let map = try #require(MemoryMap(Text(listing), lent: Text("60000000-67ffffff\n50000000-57ffffff\n")))
    #expect(
      map.reservations == [0x3500_0000..<0x4500_0000, 0x5000_0000..<0x5800_0000, 0x6000_0000..<0x6800_0000, 0x1_6b00_0000..<0x1_7b00_0000])
  }

  @Test("RAM is given wherever it lies, and so are ranges of device dax, and what drivers have")
  func given() throws {
    let map = try #require(
      MemoryMap(
        Text(
          """
          35000000-44ffffff : System RAM
          45000000-47ffffff : RAM buffer
          50000000-5fffffff : PCI Bus 0000:00
            50000000-50003fff : 0000:00:01.0
              50000000-50003fff : virtio-pci-modern
          80000000-cfffffff : hmem.0
            80000000-cfffffff : Soft Reserved
              88000000-97ffffff : dax0.0
                88000000-97ffffff : System RAM (kmem)
              a0000000-a01fffff : dax0.1
              a0400000-a04fffff : ramoops:dump(0/15)
          100000000-13fffffff : Soft Reserved
            100000000-13fffffff : System RAM

          """)))
    #expect(
      map.given == [
        0x3500_0000..<0x4500_0000, 0x5000_0000..<0x5000_4000, 0x5000_0000..<0x5000_4000, 0x8800_0000..<0x9800_0000,
        0x8800_0000..<0x9800_0000, 0xa000_0000..<0xa020_0000, 0xa040_0000..<0xa050_0000, 0x1_0000_0000..<0x1_4000_0000,
      ])
    #expect(map.memory == [0x3500_0000..<0x4500_0000])
  }

  @Test("persistent memory that the command line made, and its block device, are listed apart; who else has some of it is not")
  func legacyPmem() throws {
    let map = try #require(
      MemoryMap(
        Text(
          """
          35000000-44ffffff : System RAM
          60000000-6fffffff : Persistent Memory (legacy)
            60000000-6fffffff : namespace0.0
          70000000-7fffffff : Persistent Memory
            70000000-7fffffff : namespace1.0
          80000000-8fffffff : Persistent Memory (legacy)
            80100000-801fffff : ramoops:dump(0/15)

          """)))
    #expect(map.legacyPmem == [0x6000_0000..<0x7000_0000, 0x8000_0000..<0x9000_0000])
    #expect(
      map.given == [0x3500_0000..<0x4500_0000, 0x7000_0000..<0x8000_0000, 0x7000_0000..<0x8000_0000, 0x8010_0000..<0x8020_0000])
  }

  @Test("a listing without addresses, as others than root see it, is none")
  func unprivileged() {
    #expect(MemoryMap(Text("00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n")) == nil)
    #expect(MemoryMap(Text("")) == nil)
    #expect(MemoryMap(Text("System RAM\n-\n1-2\n0-g : System RAM\n")) == nil)
  }
}
