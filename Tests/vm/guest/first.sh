#!/bin/sh
# The init of the first kernel: loads the capture kernel, fills memory, and crashes.
# shellcheck source=common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/conf # LOAD_MIB, HUGE_PAGES, HARD_PAGES, BUSY_DISK, SOFT_RESERVE, FRAGMENT, HOT_PLUG, CAPTURE_COMMAND_LINE

memory_total() { awk '/^MemTotal:/ { print $2 }' /proc/meminfo; }

# Has the host plug a DIMM of 1 GiB, and waits until all of it is online.
plug_dimm() {
  echo online >/sys/devices/system/memory/auto_online_blocks
  before=$(memory_total)
  /lab/labguest ask plug-dimm || give_up "the DIMM is not plugged"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(memory_total)" -lt $((before + 1048576)) ] || break
    sleep 0.5
  done
  tell "plugged a DIMM: MemTotal $before -> $(memory_total) KiB"
  [ "$(memory_total)" -ge $((before + 1048576)) ] || give_up "the DIMM is not online"
}

start_guest
[ "$(cat /sys/kernel/kexec_crash_size)" -gt 0 ] || give_up "no crashkernel= reservation"
[ "$HOT_PLUG" != yes ] || plug_dimm
add_soft_reservation
/lab/kexec/kexec -s -p /lab/capture.vmlinuz --initrd=/lab/capture.cpio --command-line="$CAPTURE_COMMAND_LINE" \
  || give_up "the capture kernel can't be loaded"
rm /lab/capture.*
tell "first kernel $(uname -r) is up, capture kernel loaded"

mount_disk /dev/vda /mnt/disk
mkdir /mnt/tmpfs
mount -t tmpfs none /mnt/tmpfs
echo "$HUGE_PAGES" >/proc/sys/vm/nr_hugepages
# Dirty pages stay dirty until the crash, unless the load writes them back.
echo 90 >/proc/sys/vm/dirty_ratio
echo 80 >/proc/sys/vm/dirty_background_ratio
# An hour, not never: with 0 the flusher runs as soon as an inode is dirty (wb_wakeup_delayed) and may write it, so that an fsync would have
# nothing to wait for.
echo 360000 >/proc/sys/vm/dirty_writeback_centisecs
echo always >/sys/kernel/mm/transparent_hugepage/enabled

# in_background WORDS...: starts labguest, and waits for its line. It goes on running.
in_background() {
  /lab/labguest "$@" >"/tmp/$1" 2>&1 &
  process=$!
  while [ ! -s "/tmp/$1" ] && kill -0 "$process" 2>/dev/null; do sleep 0.1; done
  tell "$(cat "/tmp/$1")"
  kill -0 "$process" 2>/dev/null || give_up "labguest $1 ended"
}

[ "$FRAGMENT" != yes ] || in_background fragment
in_background load /mnt/tmpfs /mnt/disk "$LOAD_MIB"
if [ "$HARD_PAGES" = yes ]; then
  mount_disk /dev/vdb /mnt/data
  # Its bitmaps must not be prefetched. (A kernel without these options does not do that.)
  mount -o remount,noinit_itable,no_prefetch_block_bitmaps /mnt/data || true
  in_background hard /dev/vdc /mnt/disk /mnt/data/hard.pages
  if [ "$BUSY_DISK" = yes ]; then
    await_disk /dev/nvme0n1
    # No request times out before the crash, and no writer is throttled because the disk is slow.
    echo 3600000 >/sys/block/nvme0n1/queue/io_timeout
    echo 0 >/sys/block/nvme0n1/queue/wbt_lat_usec
    in_background buffers /dev/nvme0n1 /mnt/data/hard.pages slow
    tell "reads and writes in flight on the busy disk: $(cat /sys/block/nvme0n1/inflight)"
    cp /sys/block/nvme0n1/inflight /mnt/data/inflight.txt
  else
    in_background buffers /dev/vdd /mnt/data/hard.pages stop
  fi
  umount /mnt/data || give_up "the data disk can't be unmounted"
fi

tell "crash"
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
