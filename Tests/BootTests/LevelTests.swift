import CrashedKernel
import Platform
import Testing

@testable import Boot

@Suite("The dump level when an initramfs is built")
struct LevelTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func level(_ files: [String: String]) throws -> UInt32 {
    for (name, text) in files { try directory.write("etc/\(name)", Array(text.utf8)) }
    return LevelCommand.level(below: Text(directory.path)).rawValue
  }

  @Test("without a configuration there are free pages only")
  func none() throws { #expect(try level([:]) == 16) }

  @Test("each system's own file names it")
  func files() throws {
    #expect(try level(["sysconfig/kdump": "KDUMP_DUMPLEVEL=\"31\"\n"]) == 31)
    #expect(try level(["default/kdump-tools": "USE_KDUMP=1\nMAKEDUMP_ARGS=\"-c -d 23\"\n"]) == 23)
    #expect(try level(["kdump.conf": "path /\ncore_collector makedumpfile -l -d 17\n"]) == 17)
  }

  @Test("a dump that is staged is makedumpfile's, too")
  func staged() throws {
    #expect(try level(["kdump.conf": "core_collector oldmemfs-stage makedumpfile -l --message-level 7 -d 31\n"]) == 31)
  }

  @Test("SUSE's level is a number or none", arguments: [
    ("KDUMP_DUMPLEVEL=31", 31), ("KDUMP_DUMPLEVEL='0'", 0), ("KDUMP_DUMPLEVEL=\"\"", 16), ("KDUMP_DUMPLEVEL=\"$X\"", 16),
    ("KDUMP_DUMPLEVEL=32", 16), ("#KDUMP_DUMPLEVEL=31", 16), ("KDUMP_DUMPLEVEL=31\nKDUMP_DUMPLEVEL=1", 1), ("", 16),
    ("KDUMP_DUMPLEVEL=31\nKDUMP_DUMPLEVEL=x", 16),
  ] as [(String, UInt32)])
  func suse(text: String, expected: UInt32) throws { #expect(try level(["sysconfig/kdump": text]) == expected) }

  @Test("SUSE's file has no say beside another system's")
  func fedora() throws {
    #expect(try level(["sysconfig/kdump": "KDUMP_DUMPLEVEL=31\n", "kdump.conf": "core_collector makedumpfile -d 1\n"]) == 1)
  }
}
