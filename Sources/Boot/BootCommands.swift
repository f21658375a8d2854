import Platform

/// The program's words that only an initramfs, or its packer, uses.
public enum BootCommands {
  /// The exit code; nil for a word that is none of these.
  public static func run(_ command: Text, _ words: [Text]) -> Int32? {
    if command == "seal" { return SealCommand.run(words) }
    if command == "watch" { return Watch.run(words) }
    if command == "start" { return Boot.start() }
    if command == "relocate" { return RelocateCommand.run(words) }
    return nil
  }
}
