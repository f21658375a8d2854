import Commands
import Platform

/// The program that is installed on a machine, with libfuse as a shared library.
@main
struct Main {
  static func main() {
    Program.prepare()
    Program.run([
      .mount, .scan, .ram, .swap, .record, .status, .memmap, .check,
      .relocate { _ throws(Failure) in
        throw Failure(usage: "only the program that dracut-module/install builds for an initramfs can relocate")
      },
    ])
  }
}
