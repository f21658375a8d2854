#!/bin/sh
# init of the first kernel: loads the capture kernel, gives the kernel something to do, crashes it.
# shellcheck source=common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/conf # LOAD_MIB, HUGE_PAGES, HARD_PAGES, CAPTURE_COMMAND_LINE

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

# in_background WORDS...: starts labguest, and waits until it says that it has done its part. It stays.
in_background() {
  /lab/labguest "$@" >"/tmp/$1" 2>&1 &
  process=$!
  while [ ! -s "/tmp/$1" ] && kill -0 "$process" 2>/dev/null; do sleep 0.1; done
  tell "$(cat "/tmp/$1")"
  kill -0 "$process" 2>/dev/null || give_up "labguest $1 ended"
}

in_background load /mnt/tmpfs /mnt/disk "$LOAD_MIB"
if [ "$HARD_PAGES" = yes ]; then
  mount_disk /dev/vdb /mnt/data
  in_background hard /dev/vdc /mnt/disk /mnt/data/hard.pages
  umount /mnt/data || give_up "the data disk can't be unmounted"
fi

tell "crash"
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
