#!/bin/sh
# A hook of dracut's for an initramfs without a payload (payload=no): old memory is mounted before udev starts, and the files of the
# running initramfs move there. Whatever fails, everything stays where it is.
modprobe -q fuse
if /oldmemfs start; then
  /oldmemfs relocate /oldmem >/dev/kmsg 2>&1
fi
