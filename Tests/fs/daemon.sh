# shellcheck shell=bash disable=SC2015,SC2154  # A && B || C stands for steps and what to do when one fails; lib.sh assigns
# Tests the program as a daemon: options, background, mount(8), remount, its death. Sourced by run.

# ---------------------------------------------------------------- foreground and background

foreground_stays() {
  mount_tested scratch size=4m && is_running "$daemon" && echo hello >"$tested/f" && [[ $(<"$tested/f") == hello ]] && unmount_tested
}

# find_daemon DIR: leaves the process that serves DIR in the background in $daemon.
find_daemon() {
  local entry words
  daemon=
  for entry in /proc/[0-9]*; do
    { mapfile -d '' words <"$entry/cmdline"; } 2>/dev/null || continue
    [[ ${words[0]:-} == "$program" && " ${words[*]} " == *" $1 "* ]] || continue
    [[ -z $daemon ]] || { say "two daemons serve $1: $daemon and ${entry#/proc/}"; return 1; }
    daemon=${entry#/proc/}
  done
  [[ -n $daemon ]] || { say "no daemon serves $1"; return 1; }
}

# start_background SOURCE OPTIONS: mounts in the background, as users do. The file system must serve as soon as the program returns.
start_background() {
  ! is_mounted "$tested" || force_unmount
  limited 60 "$program" "$1" "$tested" -o "$2" || return
  is_mounted "$tested" || { say "it returned and is not mounted"; return 1; }
  find_daemon "$tested"
}

stop_background() {
  note_connection
  unmount_dir "$tested" || { force_unmount; return 1; }
  daemon_ends || return
  daemon=
}

returns_when_ready() {
  start_background scratch size=4m || return
  echo hello >"$tested/f" && [[ $(<"$tested/f") == hello ]] || return
  # It has a session of its own and no terminal, holds no directory and none of our files.
  [[ $(ps -o sid= -p "$daemon" | tr -d ' ') == "$daemon" && $(ps -o tty= -p "$daemon") == '?' ]] || { ps -o pid,sid,tty -p "$daemon"; return 1; }
  [[ $(readlink "/proc/$daemon/cwd") == / && $(readlink "/proc/$daemon/fd/1") == /dev/null ]] || { ls -l "/proc/$daemon/fd"; return 1; }
  stop_background
}

# The kernel's 128 KiB are few for a cold read, and more than 1 MiB a burden for a small page cache.
reads_ahead() {
  local kib
  start_background scratch size=4m || return
  kib=$(<"/sys/class/bdi/$(mountpoint -d "$tested")/read_ahead_kb")
  stop_background && [[ $kib -ge 256 && $kib -le 1024 ]] || { say "it reads $kib KiB ahead"; return 1; }
}

# Otherwise the first files that it opens would get the numbers 0 to 2, which it closes later.
# shellcheck disable=SC2016  # the inner shell expands them
starts_without_descriptors() {
  local number
  ! is_mounted "$tested" || force_unmount
  limited 60 bash -c 'exec "$@" <&- >&- 2>&-' bash "$program" "$work/vmcore" "$tested" -o level=16,size=16m,overwrite || return
  find_daemon "$tested" || return
  for number in 0 1 2; do shows /dev/null readlink "/proc/$daemon/fd/$number" || return; done
  head -c 3000000 "$vmcore" >"$tested/f" && echo 1 >/proc/sys/vm/drop_caches && cmp -n 3000000 "$vmcore" "$tested/f" && stop_background
}

ends_by_signal() {
  start_background scratch size=4m || return
  kill -TERM "$daemon"
  until_true 30 has_ended || { say "it still runs"; force_unmount; return 1; }
  daemon=
  ! is_mounted "$tested" || { say "it is still mounted"; umount -l "$tested"; return 1; }
}

# When a signal ends it, one line says which data are lost, no mount stays, and open files fail.
says_what_goes() {
  local signal=$1 log=$work/ending.log
  # A shell makes background programs ignore SIGINT, and this program respects that.
  env --default-signal=HUP,INT "$program" scratch "$tested" -f -o size=8m </dev/null >"$log" 2>&1 &
  daemon=$!
  until_true 60 is_mounted_or_gone && head -c 3M /dev/zero >"$tested/f" && exec 7>"$tested/held" || return
  kill -"$signal" "$daemon"
  until_true 30 has_ended || { exec 7>&-; say "it still runs"; force_unmount; return 1; }
  ! { echo more >&7; } 2>/dev/null || { say "a write to a file that is gone succeeded"; exec 7>&-; return 1; }
  exec 7>&-
  daemon=
  ! is_mounted "$tested" || { say "it is still mounted"; umount -l "$tested"; return 1; }
  cat "$log"
  [[ $(grep -c "^oldmemfs: SIG$signal: unmounting, 3.0 MiB of file data are gone; open files: 1$" "$log") -eq 1 ]]
}

# These signals would end a program by default, and don't report a fault.
other_signals_do_nothing() {
  local signal
  start_background scratch size=4m && echo hello >"$tested/f" || return
  for signal in USR1 USR2 QUIT PIPE ALRM VTALRM PROF IO PWR XCPU XFSZ STKFLT RTMIN RTMAX; do
    kill -"$signal" "$daemon" && sleep 0.02 && is_running "$daemon" && [[ $(<"$tested/f") == hello ]] || { say "SIG$signal ended it"; force_unmount; return 1; }
  done
  stop_background
}

busy_is_not_unmounted() {
  start_background scratch size=4m || return
  exec 7>"$tested/held" || return
  umount "$tested" 2>/dev/null && { say "a busy file system was unmounted"; exec 7>&-; return 1; }
  # unmount_dir relies on holders_of.
  holders_of "$tested" | grep -x "$$ .* fd/7" >/dev/null || { say "its holder is not found:" "$(holders_of "$tested")"; exec 7>&-; return 1; }
  echo more >&7 || return
  exec 7>&-
  stop_background
}

lazily_unmounted_serves_on() {
  start_background scratch size=4m || return
  exec 7<>"$tested/held" || return
  note_connection
  umount -l "$tested" || return
  echo more >&7 && [[ $(cat /proc/self/fd/7) == more ]] || { say "the open file is gone"; return 1; }
  is_running "$daemon" || return
  exec 7>&-
  daemon_ends || return
  daemon=
}

# ---------------------------------------------------------------- a dead daemon

# says WORDS COMMAND...: the command fails within 20 seconds, with WORDS in its output.
says() {
  local wanted=$1 output status=0
  shift
  output=$(limited 20 "$@" 2>&1) || status=$?
  [[ $status -ne 0 && $status -ne 124 && $output == *"$wanted"* ]] || { say "$*: exit code $status, '$output'"; return 1; }
}

death_is_no_hang() {
  local gone='Transport endpoint is not connected'
  start_background "$1" "$2" || return
  mkdir "$tested/d" && echo hello >"$tested/d/f" && exec 7<>"$tested/d/g" || return
  kill -KILL "$daemon"
  until_true 20 has_ended || return
  daemon=
  says "$gone" stat "$tested" && says "$gone" ls "$tested/d" && says "$gone" touch "$tested/new" && says "$gone" cat "$tested/d/f" \
    && says "$gone" rm "$tested/d/f" || return
  ! { echo more >&7; } 2>/dev/null || { say "a write to a dead file system succeeded"; return 1; }
  exec 7>&-
  limited 20 umount "$tested" || return
  # The next mount works.
  start_background "$1" "$2" && [[ -z $(ls -A "$tested") ]] && stop_background
}

# Readers that wait for a stopped daemon return when it dies.
death_frees_waiters() {
  local reader
  start_background scratch size=4m || return
  kill -STOP "$daemon"
  stat "$tested/f" >/dev/null 2>&1 &
  reader=$!
  sleep 0.3
  is_running "$reader" || { say "a stopped daemon answered"; return 1; }
  kill -KILL "$daemon"
  until_true 20 has_ended || return
  daemon=
  until_true 20 eval '! is_running '"$reader" || { say "the reader still waits"; abort_mounts; return 1; }
  umount "$tested"
}

# ---------------------------------------------------------------- options

shows() {
  local wanted=$1 got
  shift
  got=$("$@") || return
  [[ $got == "$wanted" ]] || { say "$*: '$got', not '$wanted'"; return 1; }
}

sizes_are_exact() {
  local option blocks
  while read -r option blocks; do
    start_background scratch "$option" && shows "$blocks" stat -f -c %b "$tested" && shows "$blocks" stat -f -c %f "$tested" \
      && stop_background || return
  done <<<"size=10m 2560
size=1g 262144
size=4096 1
size=10000 3
size=64k 16"
}

# size=50% is half of a vmcore's pool; a size beyond the pool is the whole pool.
percent_is_of_the_pool() {
  local all half more
  start_background "$work/vmcore" level=16,overwrite && all=$(stat -f -c %b "$tested") && stop_background || return
  start_background "$work/vmcore" level=16,overwrite,size=50% && half=$(stat -f -c %b "$tested") && stop_background || return
  start_background "$work/vmcore" level=16,overwrite,size=1000g && more=$(stat -f -c %b "$tested") && stop_background || return
  say "$all frames, half of them $half, at most $more"
  [[ $all -gt 1000 && $more -eq $all ]] && ((half * 2 >= all - 2 && half * 2 <= all + 2))
}

inodes_are_counted() {
  start_background scratch size=4m,nr_inodes=5 && shows 5 stat -f -c %c "$tested" && shows 4 stat -f -c %d "$tested" || return
  touch "$tested"/{1,2,3,4} || return
  says "No space left on device" touch "$tested/5" && rm "$tested/1" && touch "$tested/5" && shows 0 stat -f -c %d "$tested" && stop_background
}

root_is_as_asked() {
  start_background scratch size=4m && shows "1777 0 0" stat -c '%a %u %g' "$tested" && stop_background || return
  start_background scratch size=4m,mode=0750,uid=123,gid=456 && shows "750 123 456" stat -c '%a %u %g' "$tested" && stop_background
}

read_only_is() {
  start_background scratch size=4m,ro && says "Read-only file system" touch "$tested/f" && stop_background
}

programs_run_unless_noexec() {
  start_background scratch size=4m && cp /bin/true "$tested/true" && "$tested/true" && stop_background || return
  start_background scratch size=4m,noexec && cp /bin/true "$tested/true" && says "Permission denied" "$tested/true" && stop_background
}

# With a copy of 'id' that is set-user-ID to another user.
set_ids_count_unless_nosuid() {
  local wanted option
  while read -r wanted option; do
    start_background scratch "size=4m$option" && cp /usr/bin/id "$tested/id" && chown 123 "$tested/id" && chmod 4755 "$tested/id" \
      && shows "$wanted" "$tested/id" -u && stop_background || return
  done <<<"123
0 ,nosuid"
}

devices_open_unless_nodev() {
  start_background scratch size=4m && mknod "$tested/null" c 1 3 && echo x >"$tested/null" && stop_background || return
  start_background scratch size=4m,nodev && mknod "$tested/null" c 1 3 && says "Permission denied" dd if=/dev/zero of="$tested/null" count=1 \
    && stop_background
}

# changes_access FILE COMMAND...: the command changes its time of access.
changes_access() {
  local before
  before=$(stat -c %x "$1")
  "${@:2}" >/dev/null && [[ $(stat -c %x "$1") != "$before" ]] || { say "${*:2}: the access time of $1 stays $before"; return 1; }
}

# Reads the next byte of descriptor 7.
read_on() { head -c 1 <&7; }

# Of several reads through one open file, the kernel's cache may answer all but the first, unless libfuse and kernel can map a file that
# bypasses the cache.
strictatime_sees_each_read() {
  start_background scratch size=4m,strictatime && cp /bin/true "$tested/f" && ln -s f "$tested/l" || return
  changes_access "$tested" ls -U "$tested" && changes_access "$tested" ls -U "$tested" || return
  changes_access "$tested/l" stat -L "$tested/l" && changes_access "$tested/l" stat -L "$tested/l" && changes_access "$tested/f" "$tested/l" || return
  if dpkg --compare-versions "$(libfuse_version)" ge 3.17 && dpkg --compare-versions "$(uname -r)" ge 6.6; then
    exec 7<"$tested/f"
    changes_access "$tested/f" read_on && changes_access "$tested/f" read_on && changes_access "$tested/f" read_on
    set -- $?
    exec 7<&-
    [[ $1 -eq 0 ]] || return
  fi
  stop_background
}

# Options of fstab, and those that the kernel shows in /proc/mounts.
takes_what_fstab_has() {
  start_background scratch size=4m,defaults,noauto,nofail,x-systemd.requires=foo,_netdev,user_id=0,group_id=0,relatime && stop_background
}

is_shown_in_proc_mounts() {
  start_background scratch size=4m,noexec || return
  local line
  line=$(grep " $tested " /proc/mounts)
  say "$line"
  [[ $line == "scratch $tested fuse.oldmemfs rw,noexec,"* ]] && stop_background
}

# Names that contain the separators of a mount line.
odd_source_and_directory() {
  local odd="$work/a, b\\c" file="$work/vm,core \\x"
  mkdir -p "$odd" && ln -f "$work/vmcore" "$file" || return
  limited 60 "$program" "$file" "$odd" -o level=16,overwrite,size=4m || return
  mountpoint -q "$odd" && touch "$odd/f" && limited 60 umount "$odd"
  local status=$?
  rm -f "$file"
  return "$status"
}

second_mount_is_refused() {
  local other=$work/other status
  mkdir -p "$other"
  start_background "$work/vmcore" level=16,overwrite,size=4m || return
  says "another oldmemfs" "$program" "$work/vmcore" "$other" -o level=16,overwrite,size=4m
  status=$?
  ! is_mounted "$other" || { umount -l "$other"; status=1; }
  stop_background && [[ $status -eq 0 ]] || return
  # Once unmounted, it can be mounted again, and is empty.
  start_background "$work/vmcore" level=16,overwrite,size=4m && [[ -z $(ls -A "$tested") ]] && stop_background
}

# A lock that fails for another reason does not mean another mount.
lock_errors_are_named() {
  printf '%s\n' '#include <errno.h>' 'int flock(int file, int how) { (void)file; (void)how; errno = ENOLCK; return -1; }' >"$work/nolock.c"
  gcc -shared -fPIC -o "$work/nolock.so" "$work/nolock.c" || return
  says "can't be locked against other mounts: No locks available" env LD_PRELOAD="$work/nolock.so" "$program" "$work/vmcore" "$tested" \
    -o level=16,overwrite,size=4m
}

# ---------------------------------------------------------------- mount(8)

# with_helper COMMANDS: runs them where mount(8) finds the program. mount.fuse has a search path of its own, so the program is linked
# there, in a mount name space of these commands.
# shellcheck disable=SC2016  # the inner shell expands them
with_helper() {
  limited 120 unshare --mount bash -c '
    set -euo pipefail
    trap "echo \"failed at: \$BASH_COMMAND\"" ERR
    # While it is mounted there, the daemon keeps this name space.
    trap "umount -l \"$2\" 2>/dev/null || true" EXIT
    mount -t tmpfs none /usr/local/sbin
    ln -s "$1" /usr/local/sbin/oldmemfs
    tested=$2
    daemons() {
      local count=0 id
      for id in $(pgrep -x oldmemfs); do ! grep -qsF "$tested" "/proc/$id/cmdline" || count=$((count + 1)); done
      echo "$count"
    }
    '"$1"'
    umount "$tested"' -- "$program" "$tested" "$work/vmcore"
}

# shellcheck disable=SC2016  # the inner shell expands them
by_mount() {
  with_helper '
    mount -t fuse.oldmemfs scratch "$tested" -o size=10m,mode=755,nodev
    [[ $(stat -f -c %b "$tested") -eq 2560 && $(stat -c %a "$tested") -eq 755 ]]
    grep -q "^scratch $tested fuse.oldmemfs rw,nodev,relatime" /proc/mounts
    echo hello >"$tested/f"'
}

# shellcheck disable=SC2016
by_remount() {
  with_helper '
    mount -t fuse.oldmemfs "$3" "$tested" -o level=16,overwrite,size=10m,nr_inodes=100
    echo hello >"$tested/f"
    [[ $(daemons) -eq 1 ]]
    mount -o remount,size=20m "$tested"
    [[ $(stat -f -c %b "$tested") -eq 5120 && $(stat -f -c %c "$tested") -eq 100 ]]
    mount -o remount,nr_inodes=50,size=4m "$tested"
    [[ $(stat -f -c %b "$tested") -eq 1024 && $(stat -f -c %c "$tested") -eq 50 ]]
    mount -o remount,ro "$tested"
    ! touch "$tested/g" 2>/dev/null
    mount -o remount,rw "$tested"
    touch "$tested/g"
    mount -o remount,noexec,nosuid "$tested"
    grep -q " $tested fuse.oldmemfs rw,nosuid,noexec" /proc/mounts
    mount -o remount,exec "$tested"
    grep -q " $tested fuse.oldmemfs rw,nosuid,relatime" /proc/mounts
    [[ $(daemons) -eq 1 ]]
    [[ $(<"$tested/f") == hello && $(stat -f -c %b "$tested") -eq 1024 ]]'
}

# ---------------------------------------------------------------- remount

remount() { limited 30 "$program" "$work/vmcore" "$tested" -o "remount,$1"; }

refuses_remount() { says "Invalid argument" "$program" "$work/vmcore" "$tested" -o "remount,$1"; }

# As for a tmpfs: a limit below what is in use is refused, and nothing changes.
remount_changes_limits() {
  start_background "$work/vmcore" level=16,overwrite,size=8m,nr_inodes=20 || return
  remount size=16m && shows 4096 stat -f -c %b "$tested" || return
  head -c 6M /dev/zero >"$tested/f" || return
  refuses_remount size=5m && refuses_remount size=16m,nr_inodes=1 && shows "4096 20" stat -f -c '%b %c' "$tested" || return
  remount size=6m && shows 0 stat -f -c %f "$tested" || return
  ! echo more >>"$tested/f" || { say "it grows beyond size=6m"; return 1; }
  remount nr_inodes=2,size=12m && shows "3072 2" stat -f -c '%b %c' "$tested" && says "No space left" touch "$tested/g" || return
  remount nr_inodes=3 && touch "$tested/g" && remount size=0,nr_inodes=0 || return
  [[ $(stat -f -c %b "$tested") -gt 4096 && $(stat -f -c %d "$tested") -gt 100 ]] || return
  find_daemon "$tested" && stop_background
}

remount_changes_flags() {
  start_background "$work/vmcore" level=16,overwrite,size=8m || return
  remount ro && says "Read-only file system" touch "$tested/f" && remount rw && touch "$tested/f" || return
  remount noexec,size=4m && grep -q " $tested fuse.oldmemfs rw,noexec" /proc/mounts && shows 1024 stat -f -c %b "$tested" || return
  remount size=5m && grep -q " $tested fuse.oldmemfs rw,noexec" /proc/mounts || { say "noexec is gone"; return 1; }
  remount exec && find_daemon "$tested" && stop_background
}

remount_changes_atime() {
  start_background "$work/vmcore" level=16,overwrite,size=8m || return
  echo hello >"$tested/f" && touch -a -d 2001-01-01 "$tested/f" || return
  remount noatime && cat "$tested/f" >/dev/null && shows 2001 date -d "@$(stat -c %X "$tested/f")" +%Y || return
  stop_background
}

# A size beyond 64 bits means more than there is.
survives_any_size() {
  local percent
  for percent in 1001 99999999999999999 18446744073709551615; do
    start_background scratch "size=8m" && echo kept >"$tested/f" || return
    limited 30 "$program" scratch "$tested" -o "remount,size=$percent%" 2>/dev/null || true
    shows kept cat "$tested/f" && stop_background || return
    start_background "$work/vmcore" "overwrite,level=16,size=$percent%" && [[ $(stat -f -c %b "$tested") -gt 1000 ]] && stop_background || return
  done
}

remount_of_nothing() { says "not on an oldmemfs mount" "$program" scratch "$tested" -o remount,size=8m; }

# Permission to write to the root directory is not permission to change the limits.
only_root_remounts() {
  start_background scratch size=8m || return
  cp "$program" "$tested/oldmemfs" && chmod 755 "$work" "$tested/oldmemfs" || return
  ! limited 30 setpriv --reuid 65534 --regid 65534 --clear-groups "$tested/oldmemfs" scratch "$tested" -o remount,size=4m || return
  shows 2048 stat -f -c %b "$tested" && stop_background
}

nothing_is_left() {
  local left
  left=$(our_mounts)
  [[ -z $left ]] || { say "still mounted: $left"; return 1; }
  ! find_daemon "$tested" >/dev/null || { say "daemon $daemon still runs"; return 1; }
}

check_daemon() {
  need ps procps
  check "-f stays in the foreground" foreground_stays
  check "otherwise it returns when it serves, a daemon in the background" returns_when_ready
  check "the kernel reads ahead as far as the machine's memory allows" reads_ahead
  check "it starts without standard input, output and error" starts_without_descriptors
  check "SIGTERM unmounts it" ends_by_signal
  check "SIGTERM says what goes" says_what_goes TERM
  check "so does SIGINT" says_what_goes INT
  check "so does SIGHUP" says_what_goes HUP
  check "other signals do nothing" other_signals_do_nothing
  check "a busy file system stays mounted" busy_is_not_unmounted
  check "lazily unmounted it serves as long as a file is open" lazily_unmounted_serves_on
  check "a killed daemon leaves ENOTCONN, on scratch memory" death_is_no_hang scratch size=4m
  check "a killed daemon leaves ENOTCONN, on a vmcore" death_is_no_hang "$work/vmcore" level=16,overwrite,size=4m
  check "who waits for a daemon that is killed comes free" death_frees_waiters
  check "size= is exact in statfs" sizes_are_exact
  check "size=N% is of the pool" percent_is_of_the_pool
  check "nr_inodes= is a limit" inodes_are_counted
  check "mode=, uid=, gid=" root_is_as_asked
  check "ro" read_only_is
  check "noexec" programs_run_unless_noexec
  check "nosuid" set_ids_count_unless_nosuid
  check "nodev" devices_open_unless_nodev
  check "strictatime sees each read" strictatime_sees_each_read
  check "fstab's other options" takes_what_fstab_has
  check "source, type and options stand in /proc/mounts" is_shown_in_proc_mounts
  check "commas, blanks and backslashes in names" odd_source_and_directory
  check "a vmcore is mounted once" second_mount_is_refused
  check "a lock that can't be had is named" lock_errors_are_named
  check "mount -t fuse.oldmemfs" by_mount
  check "mount -o remount" by_remount
  check "remount changes size= and nr_inodes=" remount_changes_limits
  check "remount changes flags" remount_changes_flags
  check "remount changes noatime" remount_changes_atime
  check "a percentage beyond all bounds ends nothing" survives_any_size
  check "remount of what is not mounted" remount_of_nothing
  check "only root remounts" only_root_remounts
}
