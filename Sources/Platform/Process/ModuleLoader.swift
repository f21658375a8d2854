/// The kernel's own loader of modules, which knows where this kernel's lie.
public enum ModuleLoader {
  /// Loads a module, if there is one that is not loaded or built in; `words` are its name and its parameters. Where there is no loader, as in
  /// the first stage of an initramfs, nothing happens.
  ///
  /// - Parameter root: below which `/proc` is; nothing for this machine's.
  public static func load(_ words: Literal, root: Text = Text()) throws(Errno) {
    let loader = SysFile.text(root.appending("/proc/sys/kernel"), "modprobe")
    switch try ChildProcess.fork() {
    case .child:
      try? ThisProcess.execute(loader, [loader, Text("-q")] + Text(words).split(UInt8(ascii: " ")))
      ThisProcess.end(code: 127)
    case .parent(let child): _ = child.end()
    }
  }
}
