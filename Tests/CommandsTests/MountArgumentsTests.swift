import CrashedKernel
import OldMemory
import Platform
import TestSupport
import Testing

@testable import Commands

@Suite("A mount's arguments")
struct MountArgumentsTests {
  private func parse(_ words: String...) throws -> MountArguments { try MountArguments(words.map { Text($0) }) }
  private func scratch(_ options: String) throws -> MountArguments { try parse("scratch", "/mnt", "-o", "size=1m," + options) }
  private func oldmem(_ options: String) throws -> MountArguments { try parse("oldmem", "/mnt", "-o", options) }

  /// The message about refused arguments.
  private func refusal(_ words: String...) -> String? {
    do throws(Failure) {
      _ = try MountArguments(words.map { Text($0) })
      return nil
    } catch {
      #expect(error.isUsage)
      return error.message.string
    }
  }

  @Test("without an option a mount has a tmpfs's root, and no limit")
  func defaults() throws {
    let arguments = try parse("oldmem", "/mnt")
    #expect(arguments.source == "oldmem" && arguments.directory == "/mnt" && !arguments.foreground && !arguments.isRemount)
    #expect(arguments.size == nil && arguments.inodes == nil)
    #expect(arguments.mode == 0o1777 && arguments.uid == 0 && arguments.gid == 0)
    #expect(arguments.memory.level == nil && arguments.memory.checksums && !arguments.memory.overwrite)
    #expect(!arguments.flags.isGiven)
  }

  @Test("options come anywhere, in one list or in several, and of two the later counts")
  func places() throws {
    let arguments = try parse("-o", "level=16,size=1m", "oldmem", "-f", "/mnt", "-o", "size=2m", "-onr_inodes=1k")
    #expect(arguments.source == "oldmem" && arguments.directory == "/mnt" && arguments.foreground)
    #expect(arguments.memory.level == 16 && arguments.size == .absolute(2 << 20) && arguments.inodes == 1024)
  }

  @Test("a backslash before a comma keeps it in a value")
  func commas() throws {
    #expect(try oldmem("vmcore=/tmp/a\\,b,level=31").memory.vmcore?.string == "/tmp/a,b")
  }

  @Test("pages are 4 KiB, and fit")
  func blocks() throws {
    #expect(try oldmem("nr_blocks=2k").size == .absolute(2048 * 4096))
    #expect(try oldmem("nr_blocks=4503599627370495").size == .absolute(UInt64.max - 4095))
    #expect(refusal("oldmem", "/mnt", "-o", "nr_blocks=4503599627370496")?.contains("has a wrong value") == true)
    #expect(refusal("oldmem", "/mnt", "-o", "nr_blocks=50%")?.contains("has a wrong value") == true)
  }

  @Test("the root's mode is octal, its owners are numbers")
  func root() throws {
    let arguments = try scratch("mode=0755,uid=1000,gid=4294967294")
    #expect(arguments.mode == 0o755 && arguments.uid == 1000 && arguments.gid == 4_294_967_294)
  }

  @Test(
    "a wrong value is named, with the right form",
    arguments: [
      "mode=8", "mode=10000", "uid=4294967295", "gid=-1", "uid=root", "level=32", "level=x", "reuse=all", "store=disk", "size=1q",
      "size=1.5g", "nr_inodes=50%", "size=16e",
    ])
  func values(option: String) {
    let name = option.prefix { $0 != "=" }
    let said = refusal("oldmem", "/mnt", "-o", option) ?? ""
    #expect(said.hasPrefix("'\(option)' has a wrong value; the form is \(name)="))
  }

  @Test("a value that is missing is missed", arguments: ["size", "size=", "level", "vmcore="])
  func missing(option: String) { #expect(refusal("oldmem", "/mnt", "-o", option)?.hasPrefix("'\(option)' needs a value") == true) }

  @Test("an option that nobody knows is named", arguments: ["no_such_option", "sizes=1m", "Size=1m", "remount=1", "overwrite=yes"])
  func unknown(option: String) { #expect(refusal("oldmem", "/mnt", "-o", option)?.hasPrefix("unknown option '\(option)'") == true) }

  @Test("a SOURCE and a DIR are needed, and no more words")
  func operands() {
    #expect(refusal()?.hasPrefix("a SOURCE and a DIR are needed") == true)
    #expect(refusal("oldmem")?.hasPrefix("a SOURCE and a DIR are needed") == true)
    #expect(refusal("oldmem", "/mnt", "/more")?.hasPrefix("unexpected word '/more'") == true)
  }

  @Test("old memory's own options")
  func memory() throws {
    let memory = try oldmem("level=16,reuse=cache,store=devmem,vmcore=/a,devmem=/b,overwrite,nochecksum").memory
    #expect(memory.level == 16 && memory.reuse == [.free, .cache, .privateCache] && memory.way == .device)
    #expect(memory.vmcore?.string == "/a" && memory.device?.string == "/b" && memory.overwrite && !memory.checksums)
    #expect(try oldmem("store=vmcore").memory.way == .vmcore)
    #expect(try oldmem("store=dax").memory.way == .dax)
    #expect(try oldmem("nochecksum,checksum").memory.checksums)
    #expect(try oldmem("checksum").scrubs && !oldmem("noscrub").scrubs)
  }

  @Test("how far to go narrows the level")
  func level() throws {
    #expect(try oldmem("level=31,reuse=free").memory.mountLevel() == .free)
    #expect(try oldmem("level=31").memory.mountLevel().excludesAll)
    // Level 1 leaves out only pages of zeros, which must stay zeros.
    for options in ["level=0", "level=1", "level=15,reuse=free"] {
      #expect(throws: Failure.self) { try oldmem(options).memory.mountLevel() }
    }
    #expect(try oldmem("reuse=user").memory.scanLevel == [.free, .cache, .privateCache, .user])
  }

  @Test("scratch memory has a size of its own, and nothing of old memory's")
  func scratchMemory() {
    for options in ["mode=755", "size=50%", "size=4095", "size=0"] {
      #expect(refusal("scratch", "/mnt", "-o", options)?.hasPrefix("scratch memory needs -o size=") == true)
    }
    #expect(refusal("scratch:a", "/mnt", "-o", "size=4k") == nil)
    #expect(refusal("scratch", "/mnt", "-o", "size=1m,level=31")?.hasPrefix("level= means nothing to scratch memory") == true)
    #expect(refusal("scratch", "/mnt", "-o", "size=1m,overwrite")?.hasPrefix("overwrite means nothing to scratch memory") == true)
    #expect(refusal("/a/file", "/mnt", "-o", "vmcore=/b")?.hasPrefix("vmcore= goes with the source 'oldmem', not with '/a/file'") == true)
  }

  @Test("a remount is not asked where its memory comes from")
  func remount() throws {
    let arguments = try parse("scratch", "/mnt", "-o", "remount,size=50%,noatime")
    #expect(arguments.isRemount && arguments.size == .percent(50) && arguments.flags.accessTimes == .never)
  }

  @Test("the kernel's own words are flags, and what mount(8) and fstab(5) have for themselves is passed over")
  func others() throws {
    #expect(try oldmem("ro,nosuid").flags.rawValue == 3)
    let passed = "defaults,noauto,user=me,_netdev,nofail,x-systemd.automount,comment=a,allow_other,user_id=0,max_read=5,helper=a"
    #expect(try !oldmem(passed).flags.isGiven)
    #expect(try !oldmem("huge=always,mpol=local,inode64,noswap").flags.isGiven)
    #expect(refusal("oldmem", "/mnt", "-o", "mand")?.contains("FUSE has no mandatory locks") == true)
  }

  @Test("what a remount can't change has a number to compare, another for each value")
  func numbers() throws {
    let given = try oldmem("mode=755,uid=5,gid=6,level=16,reuse=free,store=vmcore,vmcore=/a,overwrite,nochecksum,noscrub")
    let plain = try parse("oldmem", "/mnt")
    for option in Option.allCases where option.isFixed {
      #expect(given.number(of: option) != plain.number(of: option) || option == .device)
    }
    #expect(try oldmem("vmcore=/b").number(of: .vmcore) != given.number(of: .vmcore))
    #expect(plain.number(of: .mode) == 0o1777 && plain.number(of: .level) == 32)
  }

  @Test("each option is found by its name, and described")
  func options() throws {
    for option in Option.allCases {
      var word = Text(option.name)
      if option.isValued { word.append("1") }
      #expect(try GivenOption(word)?.option == option)
      #expect(option.isValued == !Text(option.values).bytes.isEmpty && !Text(option.help).bytes.isEmpty)
    }
  }

  @Test("a change of limits is the same after its way to the process that serves the mount")
  func limits() throws {
    for options in ["remount", "remount,size=1m", "remount,size=50%", "remount,nr_inodes=0", "remount,noatime,size=0"] {
      let change = LimitChange(try oldmem(options))
      let arrived = try #require(LimitChange(change.question))
      #expect(arrived.size == change.size && arrived.inodes == change.inodes && arrived.accessTimes == change.accessTimes)
    }
    // A size beyond any machine is still a number, and not 'none'.
    let change = LimitChange(try oldmem("remount,size=15e"))
    #expect(LimitChange(change.question)?.size == .absolute(1 << 63 - 1))
  }
}
