import CrashedKernel
import FileSystem
import FuseServer
import OldMemory
import Platform

/// `oldmemfs SOURCE DIR [-o OPTIONS] [-f]`
enum MountCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let arguments = try MountArguments(words)
    if arguments.isRemount { return try RemountCommand.run(arguments) }
    var pipe: Daemon.ReadyPipe?
    if !arguments.foreground {
      do throws(Errno) {
        let side = try Daemon.start()
        switch consume side {
        case .parent(let exitCode): return ExitCode(rawValue: exitCode) ?? .failure
        case .child(let end): pipe = .some(end)
        }
      } catch { throw Failure("can't start a background process: %", error.text) }
    }
    return try Mount(arguments).serve { pipe.take()?.ready() }
  }
}
