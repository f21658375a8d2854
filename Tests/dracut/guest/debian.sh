#!/bin/sh
# In Debian with systemd and kdump-tools: crashes the first kernel when kdump-tools has loaded its image; in the capture kernel, says what
# there is before the dump.
tell() { echo "LAB $*" >/dev/console; }

tell_pages() { tell "$1: vm.nr_hugepages is $(cat /proc/sys/vm/nr_hugepages)"; }

if [ ! -e /proc/vmcore ]; then
  if [ "$(cat /sys/kernel/kexec_crash_loaded)" != 1 ]; then
    tell "failed: kdump-tools has not loaded its image"
    exec systemctl poweroff --force --force
  fi
  tell "first kernel $(uname -r) is up, $(($(cat /sys/kernel/kexec_crash_size) >> 20)) MiB reserved, capture kernel loaded"
  tell_pages "first kernel"
  echo 1 >/proc/sys/kernel/sysrq
  echo c >/proc/sysrq-trigger
fi
tell "root: $(grep ' / ext4 ' /proc/mounts)"
tell "capture begins on $(uname -r), $(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) KiB available"
tell_pages "capture kernel"
for process in /proc/[0-9]*; do
  case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in "@oldmemfs"*) tell "daemon: $(tr '\0' ' ' <"$process/cmdline")" ;; esac
done
