# shellcheck shell=bash disable=SC2154,SC2034  # the caller sets tree, suite, work, image and log
# Crashes a machine whose disk has Debian with systemd and kdump-tools, as they are installed: kdump-tools.service loads the image in the
# first kernel, with Debian's command line, and takes the dump in the capture kernel. Sourced by kdump-tools.

# The machine, for run_machine. An emulated one is as in crash: its clock counts instructions.
ram=2048 smp=1 cpu=max crashkernel=128M timeout=2400 out=""

describe_machine() {
  choose_accelerator
  [[ ${accel[*]} != *tcg* ]] || accel=(-accel "tcg,thread=single" -icount "shift=0")
}

# ---------------------------------------------------------------- the system

# For the lab's kernel, as its installation and the service's next start have the image built, and compressed as ever.
builds_for_lab() {
  use_kernel 6.12
  "$module_dir/install" --program "$first_stage" --kdump-tools "$tree" >/dev/null
  add_kernel_to_tree
  cp "$kernel_image" "$tree/boot/vmlinuz-$kernel_release"
  cp "$kernel_dir/config" "$tree/boot/config-$kernel_release"
  mv "$tree/usr/bin/xz.distrib" "$tree/usr/bin/xz"
  say "/dev/vda / ext4 errors=remount-ro 0 1" >"$tree/etc/fstab"
  run_kernel "$kernel_release"
  on_machine run-parts --arg="$kernel_release" --arg="/boot/vmlinuz-$kernel_release" /etc/kernel/postinst.d && two_stage "$image" || return
  start_service && loaded_two_stage && is_fresh
}

# Makes the machine a system that boots by itself: with its own programs where the stand-ins are, and with what the lab has it do. Its
# sysctl would leave the capture kernel 32 MiB less.
make_bootable() {
  local program units=$tree/etc/systemd/system
  for program in uname systemctl; do mv "$tree/usr/bin/$program.distrib" "$tree/usr/bin/$program"; done
  cp "$dracut_cache/trees/kdump-tools-$suite/usr/sbin/kexec" "$tree/usr/sbin/"
  add_makedumpfile_to_tree
  say "vm.nr_hugepages = 16" >"$tree/etc/sysctl.d/lab.conf"
  rm -rf "$tree"/{lab,usr/share/{doc,man,locale},var/cache/apt}
  cp "$dracut_dir/guest/debian.sh" "$tree/usr/local/sbin/lab"
  mkdir -p "$units"/{kdump-tools-dump.service.d,multi-user.target.wants}
  printf '%s\n' '[Service]' 'ExecStartPre=/usr/local/sbin/lab' >"$units/kdump-tools-dump.service.d/lab.conf"
  printf '%s\n' '[Unit]' 'After=kdump-tools.service' '[Service]' 'Type=oneshot' 'ExecStart=/usr/local/sbin/lab' >"$units/lab.service"
  ln -sf ../lab.service "$units/multi-user.target.wants/lab.service"
}

# ---------------------------------------------------------------- the crash

# crash_debian [ARGUMENT...]: makes a disk of the system, and boots it. Leaves the console's log in $out/serial.log and /var/crash in
# $out/crash. The ARGUMENTs are QEMU's.
crash_debian() {
  local disk=$work/debian.img
  out=$work/out
  rm -rf "$out" "$disk"
  mkdir "$out"
  truncate -s 3G "$disk"
  mke2fs -q -F -t ext4 -E lazy_itable_init=1 -d "$tree" "$disk"
  cp "$tree/boot/initrd.img-$kernel_release" "$work/first.cpio"
  describe_machine
  run_machine "root=/dev/vda ro" -drive "file=$disk,format=raw,if=virtio,cache=unsafe" "$@" 2>"$work/progress"
  # What was synced may be in the journal alone.
  e2fsck -p "$disk" || [[ $? -eq 1 ]] || return
  debugfs -R "rdump /var/crash \"$out\"" "$disk" 2>/dev/null
}

# Called by run_machine regularly. The first panic is the first kernel's, the second is the end.
keep_memory=no
watch() {
  if [[ $keep_memory == yes && ! -e $out/memory && $(grep -ac 'Linux version' "$out/serial.log") -eq 2 ]]; then copy_memory "$1"; fi
  [[ $(grep -ac 'Kernel panic' "$out/serial.log") -lt 2 ]] || ended=panic
}

console_says() { tr -d '\r' <"$out/serial.log" | grep -aE -- "$1" >/dev/null || { say "the console does not say '$1'"; return 1; }; }
console_never_says() { ! tr -d '\r' <"$out/serial.log" | grep -aE -- "$1"; }

# show_console COMMAND...: runs it, and shows and keeps the console's log if it fails.
show_console() {
  "$@" && return
  mkdir -p "$dracut_cache/runs"
  cp "$out/serial.log" "$dracut_cache/runs/debian.log"
  say "see $dracut_cache/runs/debian.log: $ended"
  tr -d '\r' <"$out/serial.log" | tail -n 20 | cut -c1-160
  return 1
}

# ---------------------------------------------------------------- questions

# Unlike systemd, initramfs-tools leaves the mounts of the initramfs where they are, and with them the daemon.
captured_in_system() {
  console_says 'LAB first kernel .* 128 MiB reserved' && console_says 'oldmemfs: the initramfs is in old memory' \
    && console_says 'LAB root: /dev/vda / ext4' && console_says 'LAB daemon: @oldmemfs oldmem /oldmem' \
    && console_says "reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 irqpoll usbcore.nousb"
}

# Kdump-tools asks makedumpfile for its flattened form.
captures() { crash_debian && show_console took_dump; }
took_dump() {
  local dump
  captured_in_system && console_says 'kdump-tools: saved vmcore in /var/crash/' && console_never_says 'falling back' \
    && console_says 'reboot: Restarting system' || return
  dump=$(compgen -G "$out/crash/2*/dump.2*") || { say "no dump on the disk"; return 1; }
  "$cache_dir/tools/makedumpfile/makedumpfile" -R "$out/vmcore" <"$dump" && reads_dump "$out/vmcore" || return
  told="a dump of $(($(stat -c %s "$dump") >> 10)) KiB; $(tr -d '\r' <"$out/serial.log" | grep -ao '[0-9]* KiB available')"
}
reads_dump() {
  "$cache_dir/tools/makedumpfile/makedumpfile" --dump-dmesg "$1" "$out/crash-log" && grep -q 'sysrq: Trigger a crash' "$out/crash-log"
}

leaves_sysctl_out() { show_console same_sysctl; }
same_sysctl() { console_says 'LAB first kernel: vm.nr_hugepages is 16' && console_says 'LAB capture kernel: vm.nr_hugepages is 0$'; }

# As on Ubuntu 26.04: the first kernel boots with dracut's image, which has the drivers of the machine that crashes. It is built again,
# without the stand-ins.
captures_after_dracut() {
  printf '%s\n' 'hostonly="no"' 'add_drivers+=" virtio_pci virtio_blk ext4 "' >"$tree/etc/dracut.conf.d/lab.conf"
  on_machine dracut --quiet --force "/boot/initrd.img-$kernel_release" "$kernel_release" && captures \
    && show_console console_says 'systemd.*: Running in initrd'
}

# Since 1.10, kdump-tools copies all of memory where makedumpfile is missing.
copies() {
  local ram=1024 keep_memory=yes
  rm "$tree/usr/bin/makedumpfile"
  crash_debian -object "memory-backend-file,id=ram,size=${ram}M,mem-path=$work/memory,share=on" -machine "memory-backend=ram" \
    && show_console left_record
}
left_record() {
  local copy record
  captured_in_system && console_says 'reboot: Restarting system' || return
  copy=$(compgen -G "$out/crash/2*/vmcore.2*") || { say "no copy"; return 1; }
  record=$(compgen -G "$out/crash/2*/oldmemfs-record.2*") || { say "no record beside the copy"; return 1; }
  console_says "oldmemfs: kdump-tools copies all of memory; .* is in /var${record#"$out"}" && reads_dump "$copy" || return
  as_memory_was "$copy"
  record_agrees "$record" "$work/before" "$copy" || { say "$told"; return 1; }
}
