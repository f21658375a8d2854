#!/bin/sh
# init of the first kernel: loads the capture kernel, gives the kernel something to do, crashes it.
# shellcheck source=common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/conf # LOAD_MIB, HUGE_PAGES, CAPTURE_COMMAND_LINE

start_guest
[ "$(cat /sys/kernel/kexec_crash_size)" -gt 0 ] || give_up "no crashkernel= reservation"
/lab/kexec/kexec -s -p /lab/capture.vmlinuz --initrd=/lab/capture.cpio --command-line="$CAPTURE_COMMAND_LINE" \
  || give_up "the capture kernel can't be loaded"
rm /lab/capture.*
tell "first kernel $(uname -r) is up, capture kernel loaded"

mount_disk /dev/vda /mnt/disk
mkdir /mnt/tmpfs
mount -t tmpfs none /mnt/tmpfs
echo "$HUGE_PAGES" >/proc/sys/vm/nr_hugepages
# Nothing is written back before the crash unless the load asks for it: dirty pages stay dirty.
echo 90 >/proc/sys/vm/dirty_ratio
echo 80 >/proc/sys/vm/dirty_background_ratio
echo always >/sys/kernel/mm/transparent_hugepage/enabled
/lab/labguest load /mnt/tmpfs /mnt/disk "$LOAD_MIB" >/tmp/load 2>&1 &
load=$!
while [ ! -s /tmp/load ] && kill -0 "$load" 2>/dev/null; do sleep 0.1; done
tell "$(cat /tmp/load)"
kill -0 "$load" 2>/dev/null || give_up "the load ended"

tell "crash"
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
