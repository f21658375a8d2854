#!/bin/sh
# The init of an installed system that saves the dump on its own disk, as kdump-tools does. The initramfs has mounted the disk.
# shellcheck disable=SC1091
. /lab/conf # COLLECTOR

tell() { echo "LAB $*" >/dev/console; }

/bin/busybox mount -t proc none /proc 2>/dev/null
[ -e /dev/console ] || mount -t devtmpfs none /dev
tell "root: $(grep ' / ext4 ' /proc/mounts)"
tell "capture begins on $(uname -r), $(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) KiB available"
for process in /proc/[0-9]*; do
  case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in "@oldmemfs"*) tell "daemon: $(tr '\0' ' ' <"$process/cmdline")" ;; esac
done
# By then, all that ends with the initramfs has ended.
sleep 2
mkdir -p /dump
# shellcheck disable=SC2086  # options
if /lab/makedumpfile/$COLLECTOR /proc/vmcore /dump/vmcore.partial; then
  cat /proc/meminfo >/dump/tightest
  mv /dump/vmcore.partial /dump/vmcore
  sync
  mount -o remount,ro /
  tell "captured"
else
  tell "capture failed"
fi
reboot -f
