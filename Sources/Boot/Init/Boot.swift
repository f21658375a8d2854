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

  /// Becomes the payload's init. Returns, or ends the process, only if there is none.
  public static func run() -> Int32 {
    mountKernelFileSystems()
    Log.switchToKernel()
    keepNothingBack()
    let settings = BootSettings(Files.contents(of: settingsPath))
    guard putPayloadInPlace(settings) else {
      // Nothing of the capture is there. Waiting would not bring it back.
      CaptureKernel.end(settings.failureAction)
      return 1
    }
    try? Files.remove(payloadPath)
    try? Files.remove(settingsPath)
    unmountKernelFileSystems()
    execute(Text("/init"), [Text("/init")])
  }

  /// `oldmemfs start`: for an initramfs without a payload, called early by its own init: mounts `/oldmem` with the watcher
  /// beside the daemon. 0 once it is mounted; the reason is in the log otherwise.
  public static func start() -> Int32 {
    let settings = BootSettings(Files.contents(of: settingsPath))
    if CaptureKernel.isTurnedOff {
      Log.line("oldmemfs=off: everything stays in memory")
      return 1
    }
    guard settings.allowsReuse else {
      settings.sayNoReuse()
      return 1
    }
    try? Files.makeDirectory(target, mode: 0o755)
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
      Log.line(Text("%; failure action: %", error.text, Text(settings.failureAction.name)))
      return false
    }
  }

  /// True when the payload is in place.
  private static func unpackIntoOldMemory(_ payload: borrowing Payload, _ settings: BootSettings) -> Bool {
    if CaptureKernel.isTurnedOff {
      Log.line("oldmemfs=off: everything stays in memory")
      return false
    }
    guard settings.allowsReuse else {
      settings.sayNoReuse()
      return false
    }
    loadFuse()
    try? Files.makeDirectory(target, mode: 0o755)
    guard let watcher = Watcher.start(settings) else {
      Log.line("no old memory is used: everything stays in memory")
      return false
    }
    do throws(FileTreeError) {
      var unpacker = Unpacker(into: target, keeping: settings.keptInMemory)
      var stream = try payload.stream(frees: false)
      try unpacker.unpack(&stream)
      try putInPlace(unpacker.moved)
    } catch {
      Log.line(Text("can't use old memory for the initramfs: %; everything stays in memory", error.text))
      GivenUp.leaveRecord()
      watcher.stop()
      return false
    }
    watcher.commit()
    Log.line("the initramfs is in old memory")
    return true
  }

  private static func putInPlace(_ directories: [Text]) throws(FileTreeError) {
    for (index, directory) in directories.enumerated() {
      let source = target.appending("/").appending(directory)
      let place = Text("/").appending(directory)
      try? Files.makeDirectory(place, mode: 0o755)
      do throws(Errno) { try Mounts.bind(source, at: place) } catch {
        for done in directories[..<index] { try? Mounts.detach(Text("/").appending(done)) }
        throw .failed(place, error)
      }
    }
  }

  private static func unpackIntoMemory(_ payload: borrowing Payload) -> Bool {
    liftRootLimit()
    do throws(FileTreeError) {
      var unpacker = Unpacker(into: nil, keeping: [])
      var stream = try payload.stream(frees: true)
      try unpacker.unpack(&stream)
      return true
    } catch {
      Log.line(Text("can't unpack the initramfs: %", error.text))
      return false
    }
  }

  /// The root's tmpfs takes at most half of the memory that there was when it was made (`shmem_default_max_blocks`, mm/shmem.c), before
  /// the kernel gave the image's own back. All of it can be had; a ramfs has no limit, and takes no notice.
  private static func liftRootLimit() {
    try? Mounts.remount(Text("/"), options: Text("size=100%"))
  }

  /// Where FUSE is no part of the kernel, its module lies in the first stage, uncompressed.
  private static func loadFuse() {
    guard let module = try? FileDescriptor.open(modulePath, flags: FileDescriptor.readOnly) else { return }
    do throws(Errno) { try CaptureKernel.load(module) } catch {
      Log.line(Text("the module fuse does not load: %", error.text))
    }
    try? Files.remove(modulePath)
  }

  /// A capture kernel's free memory is for use: where pages of one kind had to take a block of another's, the kernel keeps as much as
  /// such a block (2 MiB) free from then on, and ends out of memory while it is there (`boost_watermark`, mm/page_alloc.c of 6.12,
  /// spares only machines of 8 MiB). An image that was not booted by a crash leaves the setting as it is.
  private static func keepNothingBack() {
    guard Files.exists(Text("/proc/vmcore")),
      let setting = try? FileDescriptor.open(Text("/proc/sys/vm/watermark_boost_factor"), flags: FileDescriptor.writeOnly)
    else { return }
    try? setting.write(Text("0"))
  }

  /// Mounted as systemd and dracut's init mount them, for our own use until they do.
  private static func mountKernelFileSystems() {
    mountKernelFileSystem("proc", "/proc", MountFlags("nosuid noexec nodev"))
    mountKernelFileSystem("sysfs", "/sys", MountFlags("nosuid noexec nodev"))
    mountKernelFileSystem("devtmpfs", "/dev", MountFlags("nosuid"))
  }

  private static func mountKernelFileSystem(_ type: Literal, _ place: Literal, _ flags: MountFlags) {
    try? Files.makeDirectory(Text(place), mode: 0o755)
    try? Mounts.mount(Text(type), at: Text(place), flags: flags)
  }

  /// The payload's init finds nothing that it did not mount itself.
  private static func unmountKernelFileSystems() {
    for place in ["/dev", "/sys", "/proc"] as [Literal] { try? Mounts.detach(Text(place)) }
  }

  /// Becomes another program; where that can't be, a line in the log is the end.
  static func execute(_ path: Text, _ words: [Text]) -> Never {
    do throws(Errno) { try ThisProcess.execute(path, words) } catch {
      Log.line(Text("can't start %: %", path, error.text))
      ThisProcess.end(code: 1)
    }
  }
}
