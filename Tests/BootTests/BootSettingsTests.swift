import Platform
import TestSupport
import Testing

@testable import Boot

@Suite("The first stage's settings")
struct BootSettingsTests {
  private func settings(_ text: String) -> BootSettings { BootSettings(Text(text)) }

  @Test("without a file they are the careful ones")
  func defaults() {
    let settings = settings("")
    #expect(settings.level.bytes.isEmpty && !settings.allowsReuse)
    #expect(settings.failureAction == .reboot)
    #expect(settings.keptInMemory.isEmpty)
    #expect(settings.mountOptions.bytes.isEmpty)
  }

  @Test("each line has its say, and a later one goes over an earlier one")
  func lines() {
    let settings = settings("level=31\nkeep=etc\nlevel=17\nkeep=lib64\nfailure_action=halt\noptions=size=50%,noexec\n")
    #expect(settings.level == "17")
    #expect(settings.failureAction == .halt)
    #expect(settings.keptInMemory.map(\.string) == ["etc", "lib64"])
    #expect(settings.mountOptions == "size=50%,noexec")
  }

  @Test("RAM is added unless it says no, as much as it says")
  func ram() {
    #expect(settings("").ram == "1g")
    #expect(settings("ram=512m").ram == "512m")
    #expect(settings("ram=512m\nram=no\n").ram.bytes.isEmpty)
    #expect(settings("ram=no\nram=2g\n").ram == "2g")
    #expect(settings("ram=much\n").ram == "1g")
    #expect(settings("").unpacked == nil)
    #expect(settings("unpacked=12345\nunpacked=x\n").unpacked == 12345)
  }

  @Test("RAM is chosen as pages of a mount are")
  func reuseOptions() {
    #expect(settings("level=31\n").reuseOptions == "level=31")
    #expect(settings("level=31\noptions=size=50%,reuse=free,noexec\n").reuseOptions == "level=31,reuse=free")
  }

  @Test("a level that is none leaves what was said before", arguments: ["32", "-1", "x", "", "31,17", " 31", "99999999999999999999"])
  func wrongLevel(value: String) {
    #expect(settings("level=\(value)").level.bytes.isEmpty)
    #expect(settings("level=31\nlevel=\(value)\n").level == "31")
  }

  @Test(
    "a level that leaves out no more than zeros is none to reuse at",
    arguments: [("0", false), ("1", false), ("2", true), ("16", true), ("31", true)])
  func reuse(level: String, allowed: Bool) { #expect(settings("level=\(level)").allowsReuse == allowed) }

  @Test("what needs programs becomes a reboot", arguments: ["reboot", "shell", "dump_to_rootfs", "", "Poweroff"])
  func failureActions(word: String) { #expect(settings("failure_action=\(word)").failureAction == .reboot) }

  @Test(
    "the words of kdump.conf are the actions' names",
    arguments: [
      ("poweroff", FailureAction.powerOff), ("halt", .halt), ("reboot", .reboot),
    ])
  func actionNames(word: String, action: FailureAction) {
    #expect(settings("failure_action=\(word)").failureAction == action)
    // This name is passed to the watcher.
    #expect(FailureAction(Text(action.name)) == action)
  }

  @Test("unknown lines, comments and a last line without its end are no harm")
  func unknown() {
    #expect(settings("# level=31\nfoo\n\npayload=no\nlevels=31\nlevel=23").level == "23")
  }

  @Test("a word of the kernel's command line is found whole")
  func words() {
    let line = Text("console=ttyS0 oldmemfs=off panic=1\n")
    #expect(line.contains(word: "oldmemfs=off"))
    #expect(line.contains(word: "panic=1"))
    #expect(!line.contains(word: "oldmemfs"))
    #expect(!Text("oldmemfs=offset").contains(word: "oldmemfs=off"))
  }

  @Test("there is no swap unless a size is given, and files are put into old memory unless they are not to be")
  func swap() {
    #expect(settings("").swap.bytes.isEmpty && settings("").putsFilesInOldMemory)
    #expect(settings("swap=512m\n").swap == "512m")
    #expect(settings("swap=512m\nswap=much\n").swap == "512m")
    #expect(settings("swap=512m\nswap=no\n").swap.bytes.isEmpty)
    #expect(!settings("files=no\n").putsFilesInOldMemory)
    #expect(settings("files=yes\n").putsFilesInOldMemory)
  }
}
