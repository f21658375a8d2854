# shellcheck shell=sh
# Prints what Tests/demo shows of the capture kernel with /oldmem mounted: its room, a file's round trip, and the memory that a file takes
# there and in a tmpfs.
rm -rf /oldmem/*
mib=48

available() { sync; echo 3 >/proc/sys/vm/drop_caches; awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }

# cost DIRECTORY: the KiB of the capture kernel's memory that a file of $mib MiB takes there.
cost() {
  before=$(available)
  cp /tmp/sample "$1/file"
  after=$(available)
  # Negative if the kernel has freed other memory in the meantime.
  echo $((before > after ? before - after : 0))
}

mkdir -p /tmp /mnt/tmpfs
mount -t tmpfs none /tmp
mount -t tmpfs none /mnt/tmpfs
dd if=/dev/urandom of=/tmp/sample bs=1M count=$mib 2>/dev/null

echo "\$ free -m"
free -m
echo
echo "\$ df -h /oldmem"
df -h /oldmem
echo
tmpfs_cost=$(cost /mnt/tmpfs)
rm /mnt/tmpfs/file
oldmem_cost=$(cost /oldmem)
echo "\$ sha256sum /tmp/sample /oldmem/file"
sha256sum /tmp/sample /oldmem/file
cmp /tmp/sample /oldmem/file || exit 1
echo
echo "what a file of $mib MiB takes of the capture kernel's memory:"
echo "  in a tmpfs   $tmpfs_cost KiB"
echo "  in /oldmem   $oldmem_cost KiB"
[ "$oldmem_cost" -lt $((tmpfs_cost / 4)) ] || exit 1
