import CPlatform
import CrashedKernel
import FileSystem
import FuseServer
import OldMemory
import Platform

/// `oldmemfs SOURCE DIR [-o OPTIONS] [-f]`
enum MountCommand {
  static func run(_ words: [Text]) -> ExitCode {
    let arguments: MountArguments
    do throws(UsageError) { arguments = try MountArguments(words) } catch { return error.report() }
    if arguments.isRemount { return RemountCommand.run(arguments) }
    if arguments.foreground { return run(arguments) {} }
    do throws(Errno) {
      switch try Daemon.start() {
      case .parent(let exitCode): return ExitCode(rawValue: exitCode) ?? .failure
      case .child(let pipe): return run(arguments) { pipe.ready() }
      }
    } catch {
      var message = Text("can't start a background process: ")
      error.describe(to: &message)
      Log.line(message)
      return .failure
    }
  }

  private static func run(_ arguments: MountArguments, onReady: @escaping () -> Void) -> ExitCode {
    do throws(Failure) { return try Mount(arguments).serve(onReady: onReady) } catch {
      Log.line(error.message)
      return .failure
    }
  }
}
