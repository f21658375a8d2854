import Testing

@testable import Platform

struct MountFlagsTests {
  @Test("a later option goes over an earlier one")
  func order() {
    #expect(MountFlags([Text("ro"), Text("rw")]).rawValue == 0)
    #expect(MountFlags([Text("exec"), Text("noexec")]).rawValue == 8)
  }

  @Test("flags are the kernel's numbers, and other options are none")
  func numbers() {
    #expect(MountFlags([Text("ro"), Text("nosuid"), Text("nodev"), Text("sync"), Text("noatime")]).rawValue == 1 | 2 | 4 | 16 | 1024)
    #expect(MountFlags([Text("relatime"), Text("size=1m"), Text("remount")]).rawValue == 0)
  }
}
