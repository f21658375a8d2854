#!/bin/sh
# The init of the floor's capture kernel: only a shell and makedumpfile.
# shellcheck source=../../vm/guest/common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/conf # COLLECTOR, NFS_OPTIONS, NFS_EXPORT

available() { sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo; }

start_guest
if grep -q nfs /proc/cmdline; then
  ip link set lo up
  # The command line of a machine with several cards has the address of its card: ifname=NAME:ADDRESS.
  address=$(sed -n 's/.* ifname=[^:]*:\([^ ]*\).*/\1/p' /proc/cmdline)
  for card in /sys/class/net/[!l]*; do
    [ -z "$address" ] || [ "$(cat "$card/address")" = "$address" ] || continue
    ip link set "${card##*/}" up
    ip addr add 10.0.2.15/24 dev "${card##*/}"
  done
  mkdir -p /mnt/data
  mount -t nfs -o "addr=10.0.2.2,$NFS_OPTIONS" "10.0.2.2:$NFS_EXPORT" /mnt/data || give_up "no NFS"
else
  mount_disk /dev/vda /mnt/data
fi
tell "capture begins on $(uname -r), $(available) KiB available"
mkdir -p /mnt/data/dump
cat /proc/meminfo >/mnt/data/dump/meminfo
read -r began rest </proc/uptime
# shellcheck disable=SC2086  # options
/lab/makedumpfile/$COLLECTOR /proc/vmcore /mnt/data/dump/vmcore.partial || give_up "capture failed"
read -r ended rest </proc/uptime
echo "$began $ended" >/mnt/data/dump/uptimes
cat /proc/meminfo >/mnt/data/dump/tightest
mv /mnt/data/dump/vmcore.partial /mnt/data/dump/vmcore
umount /mnt/data
tell "captured"
reboot -f
