import CBoot
import Platform

/// `oldmemfs boot`: the init of a two-stage initramfs. It mounts `/oldmem`, unpacks the payload into it, puts its directories
/// in place by bind mounts, and becomes the payload's own init. If there is no old memory to use, the payload is unpacked
/// into this kernel's memory, as if there were no two stages.
public enum Boot {
  /// The program itself in the first stage; it stays there, in memory.
  static var programPath: Text { Text("/oldmemfs") }
  static var payloadPath: Text { Text("/oldmemfs.payload") }
  static var settingsPath: Text { Text("/oldmemfs.conf") }
  static var modulePath: Text { Text("/fuse.ko") }
  static var target: Text { Text("/oldmem") }

  /// Returns only if no init could be started.
  public static func run() -> Int32 {
    mountKernelFileSystems()
    Log.switchToKernel()
    keepNothingBack()
    let settings = BootSettings(contents(of: settingsPath))
    guard putPayloadInPlace(settings) else {
      // Nothing of the capture is there. Waiting would not bring it back.
      cboot_end_kernel(CChar(settings.failureAction.rawValue))
      return 1
    }
    _ = payloadPath.withCString { unlink($0) }
    _ = settingsPath.withCString { unlink($0) }
    unmountKernelFileSystems()
    execute("/init", ["/init"])
    return 1
  }

  /// `oldmemfs start`: for an initramfs without a payload, called early by its own init: mounts `/oldmem` with the watcher
  /// beside the daemon. 0 once it is mounted; the reason is in the log otherwise.
  public static func start() -> Int32 {
    let settings = BootSettings(contents(of: settingsPath))
    if contents(of: Text("/proc/cmdline")).contains(word: "oldmemfs=off") {
      Log.line("oldmemfs=off: everything stays in memory")
      return 1
    }
    guard settings.allowsReuse else {
      settings.sayNoReuse()
      return 1
    }
    _ = target.withCString { mkdir($0, 0o755) }
    guard let watcher = Watcher.start(settings) else { return 1 }
    watcher.commit()
    return 0
  }

  /// In old memory if that can be, in this kernel's memory otherwise; false if neither can be.
  private static func putPayloadInPlace(_ settings: BootSettings) -> Bool {
    do throws(PayloadError) {
      let payload = try Payload(path: payloadPath)
      return unpackIntoOldMemory(payload, settings) || unpackIntoMemory(payload)
    } catch {
      var message = Text()
      error.describe(to: &message)
      message.append("; failure action: ")
      message.append(settings.failureAction.name)
      Log.line(message)
      return false
    }
  }

  /// True when the payload is in place.
  private static func unpackIntoOldMemory(_ payload: borrowing Payload, _ settings: BootSettings) -> Bool {
    if contents(of: Text("/proc/cmdline")).contains(word: "oldmemfs=off") {
      Log.line("oldmemfs=off: everything stays in memory")
      return false
    }
    guard settings.allowsReuse else {
      settings.sayNoReuse()
      return false
    }
    loadFuse()
    _ = target.withCString { mkdir($0, 0o755) }
    guard let watcher = Watcher.start(settings) else {
      Log.line("no old memory is used: everything stays in memory")
      return false
    }
    do throws(UnpackError) {
      var unpacker = Unpacker(into: target, keeping: settings.keptInMemory)
      var stream = try payload.stream(frees: false)
      try unpacker.unpack(&stream)
      try putInPlace(unpacker.moved)
    } catch {
      var message = Text("can't use old memory for the initramfs: ")
      error.describe(to: &message)
      message.append("; everything stays in memory")
      Log.line(message)
      GivenUp.leaveRecord()
      watcher.stop()
      return false
    }
    watcher.commit()
    Log.line("the initramfs is in old memory")
    return true
  }

  private static func putInPlace(_ directories: [Text]) throws(UnpackError) {
    for (index, directory) in directories.enumerated() {
      let source = target.appending("/").appending(directory)
      let place = Text("/").appending(directory)
      _ = place.withCString { mkdir($0, 0o755) }
      let outcome = source.withCString { source in place.withCString { mount(source, $0, nil, UInt(MS_BIND), nil) } }
      guard outcome != 0 else { continue }
      let error = Errno(cplatform_errno())
      for done in directories[..<index] { _ = Text("/").appending(done).withCString { umount2($0, Int32(MNT_DETACH)) } }
      throw .failed(place, error)
    }
  }

  private static func unpackIntoMemory(_ payload: borrowing Payload) -> Bool {
    liftRootLimit()
    do throws(UnpackError) {
      var unpacker = Unpacker(into: nil, keeping: [])
      var stream = try payload.stream(frees: true)
      try unpacker.unpack(&stream)
      return true
    } catch {
      var message = Text("can't unpack the initramfs: ")
      error.describe(to: &message)
      Log.line(message)
      return false
    }
  }

  /// The root's tmpfs takes at most half of the memory that there was when it was made (`shmem_default_max_blocks`, mm/shmem.c), before
  /// the kernel gave the image's own back. All of it can be had; a ramfs has no limit, and takes no notice.
  private static func liftRootLimit() {
    _ = Text("/").withCString { root in Text("size=100%").withCString { mount(nil, root, nil, UInt(MS_REMOUNT), $0) } }
  }

  /// Where FUSE is no part of the kernel, its module lies in the first stage, uncompressed.
  private static func loadFuse() {
    guard let module = try? FileDescriptor.open(modulePath, flags: FileDescriptor.readOnly) else { return }
    if cboot_load_module(module.rawValue) != 0, cplatform_errno() != EEXIST {
      var message = Text("the module fuse does not load: ")
      Errno(cplatform_errno()).describe(to: &message)
      Log.line(message)
    }
    _ = modulePath.withCString { unlink($0) }
  }

  /// A capture kernel's free memory is for use: where pages of one kind had to take a block of another's, the kernel keeps as much as
  /// such a block (2 MiB) free from then on, and ends out of memory while it is there (`boost_watermark`, mm/page_alloc.c of 6.12,
  /// spares only machines of 8 MiB). An image that was not booted by a crash leaves the setting as it is.
  private static func keepNothingBack() {
    guard Text("/proc/vmcore").withCString({ access($0, F_OK) }) == 0,
      let setting = try? FileDescriptor.open(Text("/proc/sys/vm/watermark_boost_factor"), flags: O_WRONLY)
    else { return }
    [UInt8(ascii: "0")].withUnsafeBytes { _ = try? setting.write($0, at: 0) }
  }

  /// Mounted as systemd and dracut's init mount them, for our own use until they do.
  private static func mountKernelFileSystems() {
    mountKernelFileSystem("proc", "/proc", UInt(MS_NOSUID | MS_NOEXEC | MS_NODEV))
    mountKernelFileSystem("sysfs", "/sys", UInt(MS_NOSUID | MS_NOEXEC | MS_NODEV))
    mountKernelFileSystem("devtmpfs", "/dev", UInt(MS_NOSUID))
  }

  private static func mountKernelFileSystem(_ type: Literal, _ path: Literal, _ flags: UInt) {
    Text(path).withCString { path in
      _ = mkdir(path, 0o755)
      Text(type).withCString { _ = mount($0, path, $0, flags, nil) }
    }
  }

  /// The payload's init finds nothing that it did not mount itself.
  private static func unmountKernelFileSystems() {
    for path in ["/dev", "/sys", "/proc"] as [Literal] {
      _ = Text(path).withCString { umount2($0, Int32(MNT_DETACH)) }
    }
  }

  static func contents(of path: Text) -> Text {
    var text = Text()
    if let file = try? FileDescriptor.open(path, flags: FileDescriptor.readOnly), let bytes = try? file.contents() {
      text.append(bytes: bytes)
    }
    return text
  }

  /// Waits for the end of a child, for so many seconds at most. Returns how it ended, as waitpid(2) has it, -1 if it is no child; nil if it
  /// still runs.
  static func end(of child: pid_t, within seconds: Int) -> Int32? {
    var status: Int32 = 0
    for _ in 0..<seconds * 100 {
      let ended = waitpid(child, &status, WNOHANG)
      if ended != 0 { return ended < 0 ? -1 : status }
      usleep(10_000)
    }
    return nil
  }

  /// Becomes another program; a line in the log if that can't be.
  static func execute(_ path: Literal, _ words: [Literal]) {
    execute(Text(path), words.map { Text($0) })
  }

  static func execute(_ path: Text, _ words: [Text]) {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { word in word.withCString { strdup($0) } }
    pointers.append(nil)
    path.withCString { path in pointers.withUnsafeBufferPointer { cboot_execute(path, $0.baseAddress!) } }
    let error = Errno(cplatform_errno())
    for pointer in pointers { free(pointer) }
    var message = Text("can't start ").appending(path).appending(": ")
    error.describe(to: &message)
    Log.line(message)
  }
}
