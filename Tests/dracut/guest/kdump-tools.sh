#!/bin/sh
# The init of an installed system with Debian's kdump-tools: runs its script as sysvinit does, which saves the dump and reboots.
tell() { echo "LAB $*" >/dev/console; }

/bin/busybox mount -t proc none /proc 2>/dev/null
[ -e /dev/console ] || /bin/busybox mount -t devtmpfs none /dev
tell "root: $(grep ' / ext4 ' /proc/mounts)"
# By then, all that ends with the initramfs has ended.
sleep 2
tell "capture begins on $(uname -r)"
exec /etc/init.d/kdump-tools start >/dev/console 2>&1
