# shellcheck shell=sh
# Runs in the capture kernel (Tests/vm/cycle --script), for staging. Takes the same dump again and again, in turns into a tmpfs, into an /oldmem
# that was mounted just before, and into one without checksums; each must be the bytes of the first. Prints a line for each measurement:
# 'WHAT WHERE TIME USER SYSTEM DAEMON_USER DAEMON_SYSTEM BUSY KIB', times in hundredths of a second, KIB being the memory that is taken
# afterwards; and 'size BYTES'.
# shellcheck source=../vm/guest/common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/staging.conf # ROUNDS, MOUNT_LEVEL, DUMP_LEVEL

fail() {
  echo "$*" >&2
  exit 1
}

# taken: memory in use (KiB) that the kernel can't have back by dropping caches. The pages of a tmpfs count as cached.
taken() {
  awk '{ of[$1] = $2 } END { print of["MemTotal:"] - of["MemFree:"] - of["Buffers:"] - of["Cached:"] + of["Shmem:"] - of["SReclaimable:"] }' \
    /proc/meminfo
}

# look: sets now, idle, daemon_user and daemon_system, and starts no process for it. Idle, or waiting for a disk, is exact; what is busy is
# counted by ticks, of which an emulated machine loses some (get_idle_time, fs/proc/stat.c).
daemon=""
look() {
  read -r now _ </proc/uptime
  now=${now%.*}${now#*.}
  read -r _ _ _ _ idle waiting _ </proc/stat
  idle=$((idle + waiting))
  daemon_user=0 daemon_system=0
  [ -z "$daemon" ] || read -r _ _ _ _ _ _ _ _ _ _ _ _ _ daemon_user daemon_system _ <"/proc/$daemon/stat"
}

# settle: nothing is left to write, and the page cache is empty.
settle() {
  sync
  echo 3 >/proc/sys/vm/drop_caches
}

# measure WHAT WHERE COMMAND...: with the sync after it, so that all is where it belongs.
measure() {
  what=$1 where=$2
  shift 2
  settle
  before=$(taken)
  look
  started=$now idle_before=$idle user_before=$daemon_user system_before=$daemon_system
  busybox time -f '%U %S' -o "$OUT/time" "$@" >"$OUT/log" 2>&1 || fail "$what, $where: $(tail -n 3 "$OUT/log")"
  sync
  look
  took=$((now - started)) busy=$((now - started - idle + idle_before)) user=$((daemon_user - user_before)) system=$((daemon_system - system_before))
  settle
  echo "$what $where $took $(tr -d . <"$OUT/time") $user $system $busy $(($(taken) - before))"
  tell "$what, $where: $((took / 100)) s"
}

# check_dump FILE: it is the first dump, byte for byte.
first=""
check_dump() {
  sum=$(/lab/digest "$1") || fail "no checksum of $1"
  first=${first:-$sum}
  [ "$sum" = "$first" ] || fail "$1 is '$sum', the first dump was '$first'"
  size=${sum#* }
}

# use WHERE DIRECTORY: dumps into it. In the first round it also reads the dump, and copies as much to a file.
use() {
  measure dump "$1" /lab/makedumpfile/makedumpfile -d "$DUMP_LEVEL" --message-level 1 /proc/vmcore "$2/dump"
  check_dump "$2/dump"
  [ "$round" -gt 1 ] || measure read "$1" dd if="$2/dump" of=/dev/null bs=1M
  rm "$2/dump"
  [ "$round" -gt 1 ] || {
    measure write "$1" dd if=/dev/zero of="$2/file" bs=1M count=$((size >> 20))
    rm "$2/file"
  }
}

use_tmpfs() { use tmpfs /ram; }

# use_oldmem WHERE [OPTIONS]
use_oldmem() {
  /lab/oldmemfs oldmem /oldmem -o "level=$MOUNT_LEVEL${2:-}" || fail "no /oldmem"
  daemon=$(/lab/oldmemfs status /oldmem | awk '$1 == "memory" { print $NF }')
  room=$(df -k /oldmem | awk 'END { print $4 }')
  [ "$room" -gt $((size / 1024 + 4096)) ] || fail "/oldmem has room for $room KiB, the dump takes $((size / 1024))"
  use "$1" /oldmem
  umount /oldmem || fail "/oldmem can't be unmounted"
  while [ -e "/proc/$daemon" ]; do sleep 0.1; done
  daemon=""
}

use_checked() { use_oldmem oldmem; }
use_unchecked() { use_oldmem nochecksum ,nochecksum; }

mkdir -p /ram /oldmem
mount -t tmpfs -o size=100% none /ram
# Before any page of old memory is written. It counts for no time: the programs come from the initramfs for the first time, too.
measure first tmpfs /lab/makedumpfile/makedumpfile -d "$DUMP_LEVEL" --message-level 1 /proc/vmcore /ram/dump
check_dump /ram/dump
rm /ram/dump
echo "size $size"
round=1
while [ "$round" -le "$ROUNDS" ]; do
  # Each in turn is the first of a round.
  case $((round % 3)) in
    1) use_tmpfs; use_checked; use_unchecked ;;
    2) use_checked; use_unchecked; use_tmpfs ;;
    0) use_unchecked; use_tmpfs; use_checked ;;
  esac
  round=$((round + 1))
done
umount /ram
