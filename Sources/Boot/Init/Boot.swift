import Platform

/// The init of a two-stage initramfs. It mounts `/oldmem`, unpacks the payload there, bind-mounts its directories to their places, links
/// its files, and becomes the payload's init. Without old memory to use, it unpacks the payload into this kernel's memory, as one stage
/// would be.
public enum Boot {
  /// This program, in the first stage. The file stays, in memory.
  static var programPath: Text { Text("/oldmemfs") }
  static var payloadPath: Text { Text("/oldmemfs.payload") }
  static var settingsPath: Text { Text("/oldmemfs.conf") }
  static var target: Text { Text("/oldmem") }

  /// Becomes the payload's init. Returns, or ends the process, only if that fails.
  public static func run() -> Int32 {
    mountKernelFileSystems()
    Log.switchToKernel()
    keepNothingBack()
    AddedMemory.keepIdle()
    let settings = BootSettings(Files.contents(of: settingsPath))
    guard putPayloadInPlace(settings) else {
      // Nothing of the capture can run, now or later.
      CaptureKernel.end(settings.failureAction)
      return 1
    }
    try? Files.remove(payloadPath)
    try? Files.remove(settingsPath)
    CaptureKernel.removeModules()
    unmountKernelFileSystems()
    execute(Text("/init"), [Text("/init")])
  }

  /// `oldmemfs start`: mounts `/oldmem`, with the watcher beside the daemon. The init of an initramfs without a payload calls it early.
  /// Returns 0 once it is mounted; otherwise the log has the reason.
  public static func start() -> Int32 {
    defer { CaptureKernel.removeModules() }
    let settings = BootSettings(Files.contents(of: settingsPath))
    guard mayUseOldMemory(settings) else { return 1 }
    AddedMemory.add(settings)
    AddedMemory.swap(settings)
    guard settings.putsFilesInOldMemory else { return 1 }
    try? Files.makeDirectory(target, mode: 0o755)
    guard let watcher = Watcher.start(settings) else { return 1 }
    watcher.commit()
    return 0
  }

  /// Unpacks into RAM that was added, if that is enough, else into old memory, else into this kernel's memory. Returns false if all fail.
  private static func putPayloadInPlace(_ settings: BootSettings) -> Bool {
    let mayUse = mayUseOldMemory(settings)
    if mayUse {
      AddedMemory.add(settings)
      AddedMemory.swap(settings)
    }
    do throws(PayloadError) {
      let isFile = Files.exists(payloadPath)
      let payload = try isFile ? Payload(path: payloadPath) : Payload.hidden(in: try KeptImage.find(), copy: payloadPath)
      if mayUse {
        if AddedMemory.holds(settings), unpackIntoMemory(payload, frees: false) {
          Log.line("the initramfs is in RAM that was added")
          AddedMemory.mountForStaging(settings)
          return true
        }
        if unpackIntoOldMemory(payload, settings) { return true }
      }
      return unpackIntoMemory(payload, frees: true)
    } catch {
      Log.line(Text("%; failure action: %", error.text, Text(settings.failureAction.name)))
      return false
    }
  }

  /// Whether old memory may be used; logs why not.
  private static func mayUseOldMemory(_ settings: BootSettings) -> Bool {
    if CaptureKernel.isTurnedOff {
      Log.line("oldmemfs=off: everything stays in memory")
      return false
    }
    if !settings.allowsReuse { settings.sayNoReuse() }
    return settings.allowsReuse
  }

  /// True when the payload is in place.
  private static func unpackIntoOldMemory(_ payload: borrowing Payload, _ settings: BootSettings) -> Bool {
    CaptureKernel.loadForMount()
    try? Files.makeDirectory(target, mode: 0o755)
    guard let watcher = Watcher.start(settings) else {
      Log.line("no old memory is used: everything stays in memory")
      return false
    }
    var places = [target]
    do throws(FileTreeError) {
      var unpacker = Unpacker(into: target, keeping: settings.keptInMemory)
      var stream = try payload.stream(frees: false)
      try unpacker.unpack(&stream)
      // If this fails half-way, unpacking into memory replaces the links.
      try unpacker.linkFiles()
      try putInPlace(unpacker.moved)
      for directory in unpacker.moved { places.append(Text("/").appending(directory)) }
    } catch {
      Log.line(Text("can't use old memory for the initramfs: %; everything stays in memory", error.text))
      GivenUp.leaveRecord()
      watcher.stop()
      return false
    }
    Shutdown.replaceSystemd(in: target)
    MountUnits.keepMounted(places)
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

  /// - Parameter frees: the payload's memory is given back as it is read, so that nothing can be tried after a failure.
  private static func unpackIntoMemory(_ payload: borrowing Payload, frees: Bool) -> Bool {
    liftRootLimit()
    if frees { CaptureKernel.removeModules() }
    do throws(FileTreeError) {
      var unpacker = Unpacker(into: nil, keeping: [])
      var stream = try payload.stream(frees: frees)
      try unpacker.unpack(&stream)
      return true
    } catch {
      Log.line(Text("can't unpack the initramfs: %", error.text))
      return false
    }
  }

  /// Lets the root's tmpfs have all of memory. Its limit is half of the memory at its mount (`shmem_default_max_blocks`, mm/shmem.c), which
  /// was before the kernel freed the packed image. A ramfs has no limit, and ignores the option.
  private static func liftRootLimit() {
    try? Mounts.remount(Text("/"), options: Text("size=100%"))
  }

  /// Lets a capture kernel use its last free memory. After an allocation has split a pageblock of another migrate type, the kernel keeps
  /// 2 MiB more free, and would rather run out of memory (`boost_watermark`, mm/page_alloc.c of 6.12, exempts only machines of 8 MiB).
  /// Without a crash before it, the setting stays.
  private static func keepNothingBack() {
    guard Files.exists(Text("/proc/vmcore")),
      let setting = try? FileDescriptor.open(Text("/proc/sys/vm/watermark_boost_factor"), flags: FileDescriptor.writeOnly)
    else { return }
    try? setting.write(Text("0"))
  }

  /// Mounts them, with the options of systemd and of dracut's init, until these do.
  private static func mountKernelFileSystems() {
    mountKernelFileSystem("proc", "/proc", MountFlags("nosuid noexec nodev"))
    mountKernelFileSystem("sysfs", "/sys", MountFlags("nosuid noexec nodev"))
    mountKernelFileSystem("devtmpfs", "/dev", MountFlags("nosuid"))
  }

  private static func mountKernelFileSystem(_ type: Literal, _ place: Literal, _ flags: MountFlags) {
    try? Files.makeDirectory(Text(place), mode: 0o755)
    try? Mounts.mount(Text(type), at: Text(place), flags: flags)
  }

  /// Unmounts them again: the payload's init mounts its own.
  private static func unmountKernelFileSystems() {
    for place in ["/dev", "/sys", "/proc"] as [Literal] { try? Mounts.detach(Text(place)) }
  }

  /// Becomes another program. On failure, logs the reason and ends.
  static func execute(_ path: Text, _ words: [Text]) -> Never {
    do throws(Errno) { try ThisProcess.execute(path, words) } catch {
      Log.line(Text("can't start %: %", path, error.text))
      ThisProcess.end(code: 1)
    }
  }
}
