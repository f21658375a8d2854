#!/bin/sh
# The init of the first kernel: loads the capture kernel and crashes. It does nothing else, since only the reservation is measured.
# shellcheck source=../../vm/guest/common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/conf # CAPTURE_COMMAND_LINE

/bin/busybox mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
[ "$(cat /sys/kernel/kexec_crash_size)" -gt 0 ] || give_up "no crashkernel= reservation"
/lab/kexec/kexec -s -p /lab/capture.vmlinuz --initrd=/lab/capture.img --command-line="$CAPTURE_COMMAND_LINE" \
  || give_up "the capture kernel can't be loaded"
rm /lab/capture.*
tell "first kernel $(uname -r) is up, $(($(cat /sys/kernel/kexec_crash_size) >> 20)) MiB reserved, capture kernel loaded"
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
