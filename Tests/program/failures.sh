# shellcheck shell=bash disable=SC2015,SC2154  # A && B || C stands for steps and what to do when one fails; run assigns
# Tests of the log when a frame fails: file, operation and cause. Sourced by run.

# Put before a command, which then can't write beyond the first 64 KiB of a file. The signal for that is ignored.
# shellcheck disable=SC2016  # the inner shell expands it
unable_to_write=(bash -c 'trap "" XFSZ; ulimit -f 64; exec "$@"' bash)

# start_logging OPTIONS: mounts the copy of the vmcore in the foreground, with its log in $scratch/err. The process is $server.
start_logging() {
  "$program" "$scratch/vmcore" "$mount_point" -f -o "$1" 2>"$scratch/err" &
  server=$!
  wait_for_mount "$server" && mkdir -p "$mount_point/a directory"
}

stop_logging() {
  umount "$mount_point"
  wait "$server"
  say "said: $(<"$scratch/err")"
}

logged() { grep -qxE -- "$1" "$scratch/err" || { say "expected: $1"; return 1; }; }

names_a_failed_write() {
  local file="$mount_point/a directory/file" inode
  start_logging level=16,size=8m,overwrite || return
  : >"$file"
  inode=$(stat -c %i "$file")
  prlimit --pid "$server" --fsize=65536
  ! head -c 8192 /dev/zero 2>/dev/null >"$file" || { say "the write succeeded"; stop_logging; return 1; }
  stop_logging
  logged "oldmemfs: /a directory/file \(inode $inode\): write at byte 0: page [0-9]+ can't be reached: File too large \(EIO\)"
}

# A line break in a name can't start a new line in the log.
names_a_damaged_page() {
  local file="$mount_point/a directory/line"$'\n'"break" inode place
  start_logging level=16,size=8m,overwrite || return
  { head -c 4096 /dev/zero && yes 'damage this page' | head -c 4096; } >"$file"
  inode=$(stat -c %i "$file")
  place=$(LC_ALL=C grep -abom1 'damage this page' "$scratch/vmcore" | head -n 1 | cut -d: -f1)
  printf X | dd of="$scratch/vmcore" bs=1 seek="$place" conv=notrunc status=none
  echo 1 >/proc/sys/vm/drop_caches
  ! cat "$file" >/dev/null 2>&1 || { say "it could be read"; stop_logging; return 1; }
  stop_logging
  logged "oldmemfs: /a directory/line\?break \(inode $inode\): read at byte 4096: page [0-9]+ no longer holds what was written to it \(EIO\)"
}

# Nobody reads the file. A scrub begins 3 seconds after the last request.
finds_what_nobody_reads() {
  local options=$1 file="$mount_point/a directory/file" inode place waited
  start_logging "level=16,size=8m,overwrite$options" || return
  { head -c 8192 /dev/zero && yes 'damage that page' | head -c 4096; } >"$file"
  inode=$(stat -c %i "$file")
  place=$(LC_ALL=C grep -abom1 'damage that page' "$scratch/vmcore" | head -n 1 | cut -d: -f1)
  printf X | dd of="$scratch/vmcore" bs=1 seek="$place" conv=notrunc status=none
  for ((waited = 0; waited < 16; waited++)); do
    sleep 0.5
    [[ ! -s $scratch/err ]] || ! grep -q 'no longer holds' "$scratch/err" || break
  done
  "$program" status "$mount_point" >"$scratch/out"
  echo 1 >/proc/sys/vm/drop_caches
  ! tail -c 1 "$file" >/dev/null 2>&1 || say "it could be read" >>"$scratch/out"
  dd if="$file" bs=4096 skip=1 count=1 iflag=direct status=none 2>/dev/null | cmp -n 4096 - /dev/zero || say "the block before can't be read" >>"$scratch/out"
  stop_logging
  cat "$scratch/out"
  grep -qxE 'damaged +1 pages, 0 sections' "$scratch/out" && ! grep -q read "$scratch/out" || return
  logged "oldmemfs: /a directory/file \(inode $inode\): check at byte 8192: page [0-9]+ no longer holds what was written to it \(EIO\)"
}

# With this option, only a reader finds it.
is_switched_off() {
  ! finds_what_nobody_reads ,noscrub && grep -qxE 'damaged +0 pages, 0 sections' "$scratch/out" && grep -qxE 'checked +0 times' "$scratch/out"
}

# An orphan: a file that is open and has no name.
names_an_orphan() {
  local inode status=0
  start_logging level=16,size=8m,overwrite || return
  exec 7>"$mount_point/gone" || return
  inode=$(stat -Lc %i /proc/self/fd/7)
  rm "$mount_point/gone"
  prlimit --pid "$server" --fsize=65536
  head -c 8192 /dev/zero 2>/dev/null >&7 && status=1
  exec 7>&-
  stop_logging
  [[ $status -eq 0 ]] || { say "the write succeeded"; return 1; }
  logged "oldmemfs: a file without a name \(inode $inode\): write at byte 0: page [0-9]+ can't be reached: File too large \(EIO\)"
}

# It still ends by the signal, which its watcher sees.
tells_of_a_fault() {
  local code=0
  "$program" scratch "$mount_point" -f -o size=1m 2>"$scratch/err" &
  server=$!
  wait_for_mount "$server" || return
  kill -ILL "$server"
  wait "$server" 2>/dev/null || code=$?
  umount "$mount_point"
  say "exit code $code, said: $(<"$scratch/err")"
  [[ $code -eq 132 ]] && logged "oldmemfs: a fault of its own: signal 4 (at \+|in a library at )0x[0-9a-f]+"
}

explains_a_place() {
  local start place
  read -r _ start _ < <(load_segments "$program")
  place=$(nm "$program" | awk '$3 == "cplatform_crc32c" { print $1 }')
  shows "in cplatform_crc32c" "$tests_dir/program/explain" "$program" "$(printf '+0x%x' $((16#$place - start + 5)))"
}

check_failures() {
  cp --sparse=always "$vmcore" "$scratch/vmcore"
  check "a vmcore that takes no write says why" refuses 1 "takes no write to a reusable frame (File too large)" \
    "${unable_to_write[@]}" "$program" "$scratch/vmcore" "$mount_point" -o level=31,overwrite
  check "a failed write is logged with file and cause" names_a_failed_write
  check "a damaged page is logged with file and place" names_a_damaged_page
  check "a damaged page of a file that nobody reads is found" finds_what_nobody_reads ""
  check "without a scrub it is not" is_switched_off
  check "a fault of its own is told, and is its end" tells_of_a_fault
  check "the function of a fault is found" explains_a_place
  check "of a file without a name the inode is logged" names_an_orphan
}
