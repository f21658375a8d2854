import Platform
import TestSupport
import Testing

@testable import RunningKernel

@Suite("Kernel modules")
struct KernelModulesTests {
  private func modules(dep: String?, builtin: String?) throws -> KernelModules? {
    let root = try TemporaryDirectory()
    if let dep { try root.write("6.12/modules.dep", Array(dep.utf8)) }
    if let builtin { try root.write("6.12/modules.builtin", Array(builtin.utf8)) }
    return KernelModules(of: Text("6.12"), in: Text(root.path))
  }

  @Test("a module is found, loadable, compressed or built in, and by its whole name alone")
  func found() throws {
    let modules = try #require(
      try modules(
        dep: "kernel/drivers/dax/hmem/dax_hmem.ko.xz: kernel/drivers/dax/dax.ko.xz\nkernel/drivers/x/not_device_dax.ko: \n",
        builtin: "kernel/drivers/dax/kmem.ko\nkernel/drivers/y/kmem2.ko\n"))
    #expect(modules.contains("dax_hmem"))
    #expect(modules.contains("kmem"))
    #expect(!modules.contains("dax"))
    #expect(!modules.contains("device_dax"))
    #expect(!modules.contains("hmem"))
  }

  @Test("one of the two lists is enough, none is not")
  func lists() throws {
    #expect(try modules(dep: "a/kmem.ko:\n", builtin: nil)?.contains("kmem") == true)
    #expect(try modules(dep: nil, builtin: "a/kmem.ko\n")?.contains("kmem") == true)
    #expect(try modules(dep: nil, builtin: nil) == nil)
  }
}
