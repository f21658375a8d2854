# shellcheck shell=bash
# Shared by the tests of the file system: programs, mounts, and time limits that hold even if the daemon hangs. Sourced by run.

# shellcheck source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=../vm/vmcore.sh
source "$tests_dir/vm/vmcore.sh"

fs_dir=$tests_dir/fs
work=$(mktemp -d "${TMPDIR:-/tmp}/oldmemfs-fs.XXXXXX")
bin=$work/bin
# The mount points of oldmemfs and of the tmpfs that it is compared with.
tested=$work/tested reference=$work/reference
# The process that serves $tested, and the number of its connection in /sys/fs/fuse/connections.
daemon='' connection=''
mkdir "$bin" "$tested" "$reference"

# ---------------------------------------------------------------- programs

need_fs_packages() {
  need_build_tools
  need /usr/include/stdio.h libc6-dev
  need mount mount
  grep -q ' /sys/fs/fuse/connections ' /proc/mounts || mount -t fusectl fusectl /sys/fs/fuse/connections \
    || die "/sys/fs/fuse/connections can't be mounted: a daemon that hangs could not be got rid of."
}

build_fs_programs() {
  local name
  progress "building the test programs"
  for name in fill old stream untouched; do compile "fs$name" "$fs_dir/programs/$name.c"; done
  compile fscases "$fs_dir"/cases/*.c
}

compile() { gcc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$bin/$1" "${@:2}"; }

# ---------------------------------------------------------------- time limits

# limited SECONDS COMMAND...: runs a command. If it takes too long, its file system is aborted first (a process that waits for an answer
# can't be killed), then it is killed; that is a failure.
limited() {
  local seconds=$1 end=$((SECONDS + $1)) process status=0
  shift
  "$@" &
  process=$!
  while is_running "$process" && [[ $SECONDS -lt $end ]]; do sleep 0.05; done
  if is_running "$process"; then
    say "after $seconds s it still ran: $*"
    abort_mounts
    kill -KILL "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
    return 124
  fi
  wait "$process" || status=$?
  return "$status"
}

# Whether a process runs. A zombie does not.
is_running() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  stat=${stat##*) }
  [[ ${stat%% *} != [ZX] ]]
}

# ---------------------------------------------------------------- mounts

# This run's mount points, the newest first, one per line, as mountinfo writes them: blanks are \040.
our_mounts() { awk -v work="$work/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | tac; }

is_mounted() { awk -v dir="$1" '$5 == dir { found = 1 } END { exit !found }' /proc/self/mountinfo; }

# Cuts every FUSE mount of this run off from its daemon: requests that wait get ECONNABORTED.
abort_mounts() {
  local device
  awk -v work="$work/" 'index($5, work) == 1 && / - fuse/ { print $3 }' /proc/self/mountinfo | while read -r device; do
    { echo 1 >"/sys/fs/fuse/connections/${device#*:}/abort"; } 2>/dev/null || true
  done
}

# mount_tested SOURCE OPTIONS: mounts oldmemfs on $tested; the daemon is a child of this shell.
mount_tested() {
  "$program" "$1" "$tested" -f -o "$2" </dev/null >>"$work/daemon.log" 2>&1 &
  daemon=$!
  until_true 60 is_mounted_or_gone || true
  is_mounted "$tested" && return
  say "'oldmemfs $1 -o $2' did not mount: $(tail -n 1 "$work/daemon.log")"
  kill -KILL "$daemon" 2>/dev/null || true
  return 1
}

is_mounted_or_gone() { is_mounted "$tested" || ! is_running "$daemon"; }

# unmount_dir DIR: unmounts it. If it is busy because a process holds it by a descriptor, a directory or a mapping, that process is named,
# and it is a failure. If no process holds it, the kernel has not yet released a file of a process that ended: this happens on a tmpfs
# too, for some milliseconds after asynchronous and mapped I/O (once in 150 runs of fio). Then it tries again, and notes the delay.
late_unmounts=()
unmount_dir() {
  local dir=$1 start=${EPOCHREALTIME/./} holders
  limited 60 umount "$dir" 2>"$work/umount.log" && return
  cat "$work/umount.log"
  grep -q 'busy' "$work/umount.log" || return
  holders=$(holders_of "$dir")
  [[ -z $holders ]] || { say "it is held by:" "$holders"; return 1; }
  until_true 10 umount "$dir" 2>/dev/null || { say "no process holds it, and it is busy for good"; return 1; }
  late_unmounts+=("$(((${EPOCHREALTIME/./} - start) / 1000)) ms")
}

# The processes that hold a file system: a line 'PID NAME REFERENCE' each.
holders_of() {
  local dir=$1 entry link
  for entry in /proc/[0-9]*; do
    for link in "$entry"/{cwd,root,exe} "$entry"/fd/* "$entry"/map_files/*; do
      [[ $(readlink "$link" 2>/dev/null) == "$dir"?(/*) ]] || continue
      say "${entry#/proc/} $(cat "$entry/comm" 2>/dev/null) ${link#"$entry"/}"
      break
    done
  done
}

# Unmounts $tested; the daemon must end by itself, with exit code 0.
unmount_tested() {
  local status=0
  is_mounted "$tested" || { say "it is not mounted any more"; wait "$daemon"; return 1; }
  note_connection
  unmount_dir "$tested" || { force_unmount; say "umount failed"; return 1; }
  daemon_ends || { kill -KILL "$daemon"; return 1; }
  wait "$daemon" || status=$?
  daemon=
  [[ $status -eq 0 ]] || say "the daemon ended with exit code $status: $(tail -n 3 "$work/daemon.log")"
  return "$status"
}

has_ended() { ! is_running "$daemon"; }

# The daemon ends when its file system is no longer mounted. A mount name space that another process made in the meantime keeps a copy of
# the mount, as it would of a tmpfs. Then the kernel still has the connection, and aborting that ends the daemon.
daemon_ends() {
  local abort=/sys/fs/fuse/connections/$connection/abort
  until_true 60 has_ended && return
  [[ -e $abort ]] || { say "the daemon does not end"; return 1; }
  say "somebody still has it mounted, in a name space of its own"
  { echo 1 >"$abort"; } 2>/dev/null || true
  until_true 60 has_ended || { say "the daemon does not end, though its connection is cut"; return 1; }
}

# Sets connection to that of $tested: the minor number of its device.
note_connection() { connection=$(awk -v dir="$tested" '$5 == dir { sub(/.*:/, "", $3); print $3 }' /proc/self/mountinfo | tail -n 1); }

force_unmount() {
  abort_mounts
  umount -l "$tested" 2>/dev/null || true
  [[ -z $daemon ]] || kill -KILL "$daemon" 2>/dev/null || true
  daemon=
}

mount_reference() { mount -t tmpfs -o "$1" reference "$reference"; }

# Makes a copy of a real vmcore that may be written to: $work/vmcore. A mount with level=16 uses its free pages.
copy_vmcore() {
  need_vmcore 6.12 max
  cp --sparse=always --reflink=auto "$vmcore" "$work/vmcore"
}

clean_up() {
  local dir
  abort_mounts
  our_mounts | while IFS= read -r dir; do umount -l "$(printf '%b' "$dir")" 2>/dev/null || true; done
  [[ -z $daemon ]] || kill -KILL "$daemon" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
