import Platform
import TestSupport
import Testing

@testable import Boot

@Suite("systemd's units for the first stage's mounts")
struct MountUnitsTests {
  @Test(
    "a unit is named as systemd-escape --path names it",
    arguments: [
      ("/oldmem", "oldmem.mount"), ("/var", "var.mount"), ("/a/b", "a-b.mount"), ("/lab-dir", #"lab\x2ddir.mount"#),
      ("/.cache.d", #"\x2ecache.d.mount"#), ("/a b~", #"a\x20b\x7e.mount"#), ("/A:_9", "A:_9.mount"),
    ])
  func names(place: String, unit: String) { #expect(MountUnits.name(of: Text(place)).string == unit) }
}
