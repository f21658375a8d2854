import Platform

/// The commands of an initramfs and of its packer. Each returns the exit code.
public enum BootCommands {
  public static func relocate(_ words: [Text]) -> Int32 { RelocateCommand.run(words) }
  public static func seal(_ words: [Text]) -> Int32 { SealCommand.run(words) }
  public static func watch(_ words: [Text]) -> Int32 { Watch.run(words) }
  public static func shutDown(_ words: [Text]) -> Int32 { Shutdown.run(words) }
  public static func start() -> Int32 { Boot.start() }
}
