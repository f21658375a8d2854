#!/bin/sh
# The capture kernel's script of 'run measure': what each way to write old memory costs, and a write to memory that became RAM.
set -e

# through WAY: files through /oldmem.
through() {
  mkdir -p /oldmem
  /lab/oldmemfs oldmem /oldmem -o "level=31,store=$1"
  /lab/probe write "oldmemfs-$1" /oldmem/file
  umount /oldmem
  while pidof oldmemfs >/dev/null; do sleep 0.1; done
}

/lab/oldmemfs scan oldmem --level 31 --ranges >ranges.txt
for round in 1 2 3; do
  echo "round $round"
  /lab/probe raw raw-devmem /dev/mem ranges.txt
  /lab/probe raw raw-vmcore /proc/vmcore ranges.txt
  through devmem
  through dax
  through vmcore
done
/lab/oldmemfs ram 128m -o level=31
frame=$(/lab/oldmemfs record | awk 'NR == 1 { print $1 }')
/lab/probe own /proc/vmcore "$frame" || true
