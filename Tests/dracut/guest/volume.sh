#!/bin/sh
# The init of a guest that makes a volume on /dev/vda, or copies the dump from it to the ext4 disk /dev/vdb, for volumes that the host
# can't mount. The kernel's command line says which: lab.volume=KIND lab.step=make|read.
# shellcheck source=../../vm/guest/common.sh
. /lab/common.sh

export PATH=/bin:/sbin:/usr/bin:/usr/sbin
# A busybox with applets in its shell would take its own.
mke2fs() { /usr/sbin/mke2fs -q -t ext4 -O ^has_journal "$@"; }
lvm() { /usr/sbin/lvm "$@" --config 'devices { use_devicesfile = 0 } activation { udev_sync = 0 udev_rules = 0 monitoring = 0 }'; }
word() { sed -n "s/.*lab\.$1=\([-a-z0-9_]*\).*/\1/p" /proc/cmdline; }

make_xfs() { mkfs.xfs -q /dev/vda; }
open_xfs() { mount -t xfs /dev/vda /mnt/volume; }

make_btrfs() {
  mkfs.btrfs -q /dev/vda && mount -t btrfs /dev/vda /mnt/volume && btrfs subvolume create /mnt/volume/dumps && umount /mnt/volume
}
open_btrfs() { mount -t btrfs -o subvol=dumps /dev/vda /mnt/volume; }

start_lvm() { lvm pvcreate -q /dev/vda && lvm vgcreate -q lab /dev/vda; }
make_lvm() { start_lvm && lvm lvcreate -q -n dump -l 100%FREE lab && mke2fs /dev/mapper/lab-dump; }
open_lvm() { lvm vgchange -ay lab && mount -t ext4 /dev/mapper/lab-dump /mnt/volume; }

# The pool is smaller than its volume, as is usual.
make_thin() { start_lvm && lvm lvcreate -q --type thin -L 1G --thinpool pool -V 2G -n dump lab && mke2fs /dev/mapper/lab-dump; }
open_thin() { open_lvm; }

# More memory than there is in a reservation. On a real machine cryptsetup chooses up to 1 GiB.
make_luks() {
  cryptsetup -q luksFormat --type luks2 --uuid "$(word uuid)" --pbkdf argon2id --pbkdf-memory 262144 --pbkdf-parallel 1 \
    --pbkdf-force-iterations 4 --key-file /lab/key /dev/vda && open_crypt && mke2fs /dev/mapper/dump
}
open_crypt() { cryptsetup -q luksOpen --key-file /lab/key /dev/vda dump; }
open_luks() { open_crypt && mount -t ext4 /dev/mapper/dump /mnt/volume; }

start_guest
mkdir -p /mnt/volume /run /etc /var/lock
await_disk /dev/vda
volume=$(word volume)
case $(word step) in
  make) "make_$volume" >/dev/console 2>&1 || give_up "no volume" ;;
  read)
    mount_disk /dev/vdb /mnt/data
    "open_$volume" >/dev/console 2>&1 || give_up "the volume can't be opened"
    cp -r /mnt/volume/dump /mnt/data/ || give_up "the dump can't be copied"
    ;;
esac
umount /mnt/volume 2>/dev/null
sync
tell "volume: done"
stop
