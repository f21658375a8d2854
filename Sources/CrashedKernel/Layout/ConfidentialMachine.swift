import Platform

/// Machines whose memory is encrypted or guarded although VMCOREINFO says nothing of it: its `sme_mask` is 0 there.
public enum ConfidentialMachine {
  /// Why this machine's memory must not be written, by the processor's flags as the running kernel tells them; nil if nothing
  /// is known against it. A capture kernel runs on the machine that crashed.
  ///
  /// `tdx_guest`: X86_FEATURE_TDX_GUEST (since 6.1). `sev_snp`: X86_FEATURE_SEV_SNP (since 6.9), which the kernel clears in a guest and
  /// where the firmware has set no RMP up (`bsp_determine_snp`, arch/x86/kernel/cpu/amd.c).
  ///
  /// - Parameter cpuinfo: /proc/cpuinfo, or its beginning.
  public static func refusal(cpuinfo: [UInt8]) -> Literal? {
    guard let flags = cpuinfo.line(after: Text("flags\t\t:")) else { return nil }
    if flags.contains(word: "tdx_guest") { return "this machine is a TDX guest, whose memory the hypervisor may refuse" }
    if flags.contains(word: "sev_snp") { return "this machine is an SEV-SNP host, on which writing to a guest's memory faults" }
    return nil
  }
}
