import CPlatform
import CrashedKernel
import FileSystem
import Frames
import FuseServer
import OldMemory
import Platform

/// A mount, from its arguments to its end: the frame pool, the file system on it, the session that serves it.
final class Mount {
  private let arguments: MountArguments
  private let fileSystem: MountedFileSystem
  /// The absolute path of the mount point.
  private let directory: Text

  /// The nanoseconds that a scan may take before the mount is made. The rest of a large machine is scanned between requests.
  private static var scanBudget: UInt64 { 500_000_000 }

  /// Finds frames, and makes an empty file system on them. Nothing is mounted yet, and nothing overwritten.
  init(_ arguments: MountArguments) throws(Failure) {
    self.arguments = arguments
    directory = try Mount.checkedDirectory(arguments.directory)
    let pool = try Mount.pool(arguments)
    let start = Time.monotonic()
    while !pool.isScanned, Time.monotonic().since(start) < Self.scanBudget { pool.scanNextSection() }
    let limits = Mount.limits(arguments, pool.totalFrames)
    do throws(FileSystemError) { fileSystem = try FileSystem(on: pool, limits: limits) } catch {
      throw Failure("no memory for the inode table")
    }
  }

  /// Mounts, and serves until the file system is unmounted. `onReady` is called once requests are answered.
  func serve(onReady: () -> Void) throws(Failure) -> ExitCode {
    var options = SessionOptions()
    options.source = arguments.source
    options.flags = arguments.flags
    options.scrubs = arguments.scrubs && arguments.memory.checksums
    let session: Session
    do throws(Failure) {
      session = try Session(serving: fileSystem, options: options)
      try session.mount(at: directory)
    } catch { throw Mount.cannotMount(directory, error.message) }
    do throws(Errno) {
      if arguments.flags.needsRemount { try arguments.flags.remount(directory) }
    } catch { throw Mount.cannotMount(directory, error.text) }
    Daemon.hardenAgainstMemoryPressure()
    // A remount changes it.
    var size = arguments.size
    let outcome = session.serve {
      onReady()
      report()
    } answer: { [arguments] question, fileSystem in
      guard let change = LimitChange(question) else { return ControlAnswers.answer(question, fileSystem, arguments) }
      return [Mount.apply(change, to: fileSystem, &size).rawValue, fileSystem.store.totalFrames]
    } idle: { fileSystem in
      fileSystem.store.scanNextSection()
      // A percentage is of all frames found so far.
      fileSystem.setLimits(size: Mount.bytes(size, fileSystem.store.totalFrames), inodes: fileSystem.inodeLimit)
      return !fileSystem.store.isScanned
    }
    guard outcome != 0 else { return .success }
    throw Failure("stopped serving %: %", directory, Errno(outcome).text)
  }

  /// Logs a line: the way to write, and the room found so far.
  private func report() {
    var text = Text("mounted on %, ", directory)
    text.append(fileSystem.store.isScanned ? "% MiB in " : "% MiB so far in ", fileSystem.store.totalFrames / 256)
    if arguments.isReadOnlyFile {
      text.append("reusable pages, of which none is written (ro)")
    } else if let way = fileSystem.store.way {
      text.append("reusable pages, written by %", way.text)
    } else {
      text.append("anonymous memory")
    }
    if fileSystem.store.damagedSections > 0 {
      text.append("; % sections of memory can't be read and are left alone", UInt64(fileSystem.store.damagedSections))
      if let error = fileSystem.store.firstDamage { text.append(": %", error.text) }
    }
    Log.line(text)
  }

  // MARK: Making

  private static func pool(_ arguments: MountArguments) throws(Failure) -> FramePool {
    let checksums = arguments.memory.checksums
    guard case .crashed(let paths) = MemorySource(arguments.source, arguments.memory) else {
      // Rounded up to a page, as in tmpfs.
      let bytes = min(arguments.size?.bytes(of: 0) ?? 0, UInt64(Int64.max) / 2)
      let frames = Int((bytes + UInt64(frameSize) - 1) / UInt64(frameSize))
      do throws(Errno) { return try FramePool.scratch(frames: frames, checksums: checksums) } catch {
        throw Failure("no memory for the frame store: %", error.text)
      }
    }
    let kernel = try CrashedKernel.open(paths.vmcore)
    let file = paths.keptFile
    if let file, !arguments.memory.overwrite {
      guard arguments.flags.isReadOnly
      else { throw Failure(usage: "files would overwrite pages of %: allow it by -o overwrite, or mount it with -o ro", file) }
      paths.makeReadOnly()
      arguments.isReadOnlyFile = true
    }
    try kernel.claim(paths.vmcore)
    let policy = ReusePolicy(level: try arguments.memory.mountLevel())
    let pool: FramePool
    do throws(PoolError) {
      pool = try FramePool.oldMemory(of: kernel, policy: policy, paths: paths, checksums: checksums)
    } catch { throw Failure(error.text(paths)) }
    if let file, !paths.isReadOnly { Log.line(Text("files in % overwrite pages of %", arguments.directory, file)) }
    return pool
  }

  /// The limit in bytes, given the number of frames; as in tmpfs, 0 is no limit.
  private static func bytes(_ size: Size?, _ frames: UInt64) -> UInt64? {
    guard let size, size != .absolute(0) else { return nil }
    return size.bytes(of: frames * UInt64(frameSize))
  }

  /// Changes the limits. Returns the reason if nothing is changed.
  private static func apply(
    _ change: LimitChange, to fileSystem: MountedFileSystem, _ size: inout Size?
  ) -> LimitChange.Outcome {
    let newSize = change.size ?? size
    let newInodes = change.inodes.map { $0 == 0 ? nil : $0 } ?? fileSystem.inodeLimit
    let newBytes = bytes(newSize, fileSystem.store.totalFrames)
    // Only a new limit is checked. More than an old one may be in use: a percentage shrinks with the pool.
    guard fileSystem.isWithin(size: change.size == nil ? nil : newBytes, inodes: change.inodes == nil ? nil : newInodes)
    else { return .tooSmall }
    // The same size as before is not checked: mount(8) repeats the options of fstab.
    if newSize != size, fileSystem.store.isScanned, (newBytes ?? 0) > fileSystem.store.totalFrames * UInt64(frameSize) { return .tooLarge }
    size = newSize
    fileSystem.setLimits(size: newBytes, inodes: newInodes)
    if let times = change.accessTimes { fileSystem.setAccessTimes(times) }
    return .done
  }

  private static func limits(_ arguments: MountArguments, _ frames: UInt64) -> MountLimits {
    var limits = MountLimits()
    limits.size = bytes(arguments.size, frames)
    if let inodes = arguments.inodes, inodes > 0 { limits.inodes = inodes }
    // A quarter of memory; tmpfs, too, limits its inodes by memory.
    limits.metadata = Int(physicalMemory / 4)
    limits.rootMode = arguments.mode
    limits.uid = arguments.uid
    limits.gid = arguments.gid
    limits.accessTimes = arguments.flags.accessTimes
    _ = withUnsafeMutableBytes(of: &limits.hashSeed) { getentropy($0.baseAddress!, $0.count) }
    return limits
  }

  // MARK: Checks

  /// The directory's absolute path. Faults that libfuse would report later, in its own words, are found here.
  private static func checkedDirectory(_ directory: Text) throws(Failure) -> Text {
    guard geteuid() == 0 else { throw Failure("only root can mount a crashed kernel's memory") }
    do throws(Errno) { _ = try FileDescriptor.open(Text("/dev/fuse"), flags: FileDescriptor.readWrite) } catch {
      throw Failure("can't open /dev/fuse (%): load the kernel's fuse module, with 'modprobe fuse'", error.text)
    }
    do throws(Errno) {
      guard try FileKind(of: directory) == .directory else { throw Errno.notDirectory }
      return try FileDescriptor.absolutePath(directory)
    } catch { throw cannotMount(directory, error.text) }
  }

  private static func cannotMount(_ directory: Text, _ reason: Text) -> Failure { Failure("can't mount on %: %", directory, reason) }
}
