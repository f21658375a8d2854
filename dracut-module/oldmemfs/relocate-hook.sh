#!/bin/sh
# A dracut hook for an initramfs without a payload (payload=no): mounts old memory before udev starts, and moves the files of the running
# initramfs there. If that fails, everything stays where it is.
modprobe -q fuse
if /oldmemfs start; then
  /oldmemfs relocate /oldmem >/dev/kmsg 2>&1
fi
