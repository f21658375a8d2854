import Testing

@testable import CrashedKernel

@Suite("The dump level")
struct DumpLevelTests {
  private func level(conf: String? = nil, tools: String? = nil) -> UInt32 {
    DumpLevel(kdumpConf: conf.map { Array($0.utf8) }, kdumpTools: tools.map { Array($0.utf8) }).rawValue
  }

  @Test("without a configuration there are free pages only")
  func none() {
    #expect(level() == 16)
    #expect(level(conf: "") == 16)
    #expect(level(conf: "path /var/crash\n# core_collector makedumpfile -d 31\n") == 16)
  }

  @Test("kdump.conf names it after core_collector", arguments: [
    ("core_collector makedumpfile -l --message-level 7 -d 31", 31), ("core_collector makedumpfile -d31 -c", 31),
    ("core_collector makedumpfile -cd 17", 17), ("  core_collector\tmakedumpfile\t-d\t23\r", 23),
    ("core_collector makedumpfile -F -l -d 30 # -d 31", 30), ("core_collector /usr/sbin/makedumpfile -d 31", 31),
    ("core_collector nice makedumpfile -d 31", 31), ("core_collector makedumpfile -d 0", 0), ("core_collector makedumpfile -d 1", 1),
    ("path /x\ncore_collector makedumpfile \\\n -d 31\n", 31),
  ] as [(String, UInt32)])
  func kdumpConf(line: String, expected: UInt32) { #expect(level(conf: line) == expected) }

  @Test("of several levels it is what all leave out", arguments: [
    ("core_collector makedumpfile -d 1,31", 1), ("core_collector makedumpfile -d 31,17", 17), ("core_collector makedumpfile -d 16,8", 0),
    ("core_collector makedumpfile -d 31 -d 17", 17), ("core_collector makedumpfile -d 31\ncore_collector makedumpfile -d 1", 1),
  ] as [(String, UInt32)])
  func several(line: String, expected: UInt32) { #expect(level(conf: line) == expected) }

  @Test("what names no level, or none that can be told, leaves free pages", arguments: [
    "core_collector makedumpfile -c", "core_collector scp", "core_collector cp --sparse=always -d 31", "core_collector makedumpfile -d",
    "core_collector makedumpfile -d 99", "core_collector makedumpfile -d x", "core_collector makedumpfile -d 1x",
    "core_collector makedumpfile -d -1", "core_collector makedumpfile --dump-level 31", "core_collector makedumpfile -x -d31",
    "core_collector", "core_collectors makedumpfile -d 31", "core_collector makedumpfile -d $LEVEL",
  ])
  func unknown(line: String) { #expect(level(conf: line) == 16) }

  @Test("kdump-tools names it in MAKEDUMP_ARGS, quoted as a shell takes it", arguments: [
    (#"MAKEDUMP_ARGS="-c -d 31""#, 31), ("MAKEDUMP_ARGS='-F -d 17'", 17), ("MAKEDUMP_ARGS=-d31", 31),
    ("USE_KDUMP=1; MAKEDUMP_ARGS=\"-d 23\" # as it was", 23), ("export MAKEDUMP_ARGS=\"-c -d 31\"", 31),
    ("MAKEDUMP_ARGS=\"-c -d 31\"\nMAKEDUMP_ARGS=\"-d 1\"", 1), ("MAKEDUMP_ARGS=\"-c \\\n-d 31\"", 31),
    ("#MAKEDUMP_ARGS=\"-c -d 31\"", 16), ("MAKEDUMP_ARGS=\"\"", 16), ("MAKEDUMP_ARGS=\"$OTHER -d 31\"", 16),
    ("MAKEDUMP_ARGS=\"-d 31 `cat x`\"", 16), ("NOMAKEDUMP_ARGS=\"-d 31\"", 16), ("MAKEDUMP_ARGS=\"-c\"", 16),
  ] as [(String, UInt32)])
  func kdumpTools(text: String, expected: UInt32) { #expect(level(tools: text) == expected) }

  @Test("both files have a say")
  func both() {
    #expect(level(conf: "core_collector makedumpfile -d 31", tools: "MAKEDUMP_ARGS=\"-d 23\"") == 23)
    #expect(level(conf: "path /", tools: "MAKEDUMP_ARGS=\"-d 31\"") == 16)
  }

  @Test("bytes that are no text are no level")
  func garbage() {
    #expect(DumpLevel(kdumpConf: Array(0...255), kdumpTools: [UInt8](repeating: 0xff, count: 4096)).rawValue == 16)
    #expect(DumpLevel(kdumpConf: Array("core_collector makedumpfile -d \"".utf8), kdumpTools: nil).rawValue == 16)
  }
}
