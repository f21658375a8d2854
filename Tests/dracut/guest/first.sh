#!/bin/sh
# The init of the first kernel: loads the capture kernel and crashes. It does nothing else, since only the reservation is measured.
# shellcheck source=../../vm/guest/common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/conf # CAPTURE_COMMAND_LINE, SOFT_RESERVE, SWAP_MIB

/bin/busybox mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
[ "$(cat /sys/kernel/kexec_crash_size)" -gt 0 ] || give_up "no crashkernel= reservation"
add_soft_reservation

# kexec takes the kernel out of a unified kernel image, to a file there.
mkdir -p /tmp
load() { /lab/kexec/kexec -s -p "$1" --initrd=/lab/capture.img --command-line="$CAPTURE_COMMAND_LINE"; }

# With Secure Boot: kernels that kexec must refuse.
if [ -d /lab/refused ]; then
  mount -t securityfs none /sys/kernel/security
  tell "first kernel: $(dmesg | grep -o 'Secure boot.*'), lockdown: $(cat /sys/kernel/security/lockdown)"
  for kernel in /lab/refused/*; do
    ! said=$(load "$kernel" 2>&1) || give_up "kexec takes ${kernel##*/}"
    tell "${kernel##*/}: $said; $(dmesg | tail -n 1)"
  done
fi
load /lab/capture.vmlinuz || give_up "the capture kernel can't be loaded"
rm -rf /lab/capture.* /lab/refused
tell "first kernel $(uname -r) is up, $(($(cat /sys/kernel/kexec_crash_size) >> 20)) MiB reserved, capture kernel loaded"
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
