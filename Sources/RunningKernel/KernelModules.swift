import Platform

/// The modules of an installed kernel, by the lists that depmod and the kernel's own installation leave in `/lib/modules/RELEASE`
/// (modules.dep(5), Documentation/kbuild/kbuild.rst).
public struct KernelModules {
  private let listings: [Text]

  /// nil if the kernel has no folder of modules there.
  public init?(of release: Text, in root: Text = Text("/lib/modules")) {
    var listings: [Text] = []
    for name in ["modules.dep", "modules.builtin"] as [Literal] {
      var path = root
      path.append("/%/%", release, Text(name))
      do throws(Errno) {
        let file = try FileDescriptor.open(path, flags: FileDescriptor.readOnly)
        listings.append(Text(bytes: try file.contents(limit: Int(clamping: try file.size()))))
      } catch {}
    }
    if listings.isEmpty { return nil }
    self.listings = listings
  }

  /// Whether there is a module of this name, loadable or built in.
  public func contains(_ name: Literal) -> Bool {
    for listing in listings {
      for line in listing.split(UInt8(ascii: "\n")) {
        // A path, then for a loadable module ':' and what it needs; the file may be compressed.
        guard let path = line.split(UInt8(ascii: ":")).first else { continue }
        let file = path.dropping((path.bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
        if file.hasPrefix(name), file.dropping(name.count).hasPrefix(".ko") { return true }
      }
    }
    return false
  }
}
