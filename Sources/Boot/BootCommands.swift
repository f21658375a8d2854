import Platform

/// The program's commands that only an initramfs, or its packer, uses. Each returns the exit code.
public enum BootCommands {
  public static func relocate(_ words: [Text]) -> Int32 { RelocateCommand.run(words) }
  public static func seal(_ words: [Text]) -> Int32 { SealCommand.run(words) }
  public static func watch(_ words: [Text]) -> Int32 { Watch.run(words) }
  public static func start() -> Int32 { Boot.start() }
}
