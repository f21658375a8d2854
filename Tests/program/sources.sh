# shellcheck shell=bash disable=SC2154  # run assigns
# Tests of what a mount or a scan reads: unsuitable machines, damaged files, and files that must not change. Sourced by run.

# ---------------------------------------------------------------- the machine

# shellcheck disable=SC2016  # the inner shell expands them
without_dev_fuse() {
  refuses 1 "/dev/fuse" unshare --mount sh -c 'mount -t tmpfs none /dev && exec "$0" "$@"' \
    "$program" scratch "$mount_point" -o size=1m
}

# With a copy, since only root may enter the program's folder.
as_nobody() {
  chmod 755 "$scratch"
  cp "$program" "$scratch/oldmemfs"
  refuses 1 "root" setpriv --reuid 65534 --regid 65534 --clear-groups "$scratch/oldmemfs" scratch "$mount_point" -o size=1m
}

check_machine() {
  check "a mount on a machine that has not crashed" refuses 1 "no capture kernel" "$program" oldmem "$mount_point"
  check "a scan on a machine that has not crashed" refuses 1 "'scratch' with -o size=" "$program" scan oldmem
  check "no /dev/fuse" without_dev_fuse
  check "not root" as_nobody
  check "a mount point that is not there" refuses 1 "$scratch/nowhere" "$program" scratch "$scratch/nowhere" -o size=1m
  check "a mount point that is a file" refuses 1 "/etc/passwd" "$program" scratch /etc/passwd -o size=1m
}

# ---------------------------------------------------------------- bad vmcores

# rename_key KEY: makes a copy of the vmcore whose VMCOREINFO lacks a key.
rename_key() {
  local key=$1 offset
  cp --sparse=always "$vmcore" "$scratch/vmcore"
  offset=$(head -c 65536 "$vmcore" | grep -aobF -- "$key" | head -n 1 | cut -d: -f1)
  [[ -n $offset ]] || die "the vmcore has no '$key'."
  printf 'X' | dd of="$scratch/vmcore" bs=1 seek="$offset" conv=notrunc status=none
}

# file_offset ADDRESS: the offset in the vmcore of a virtual address (hexadecimal).
file_offset() {
  local address=$((16#$1)) offset virtual size
  while read -r offset virtual _ size; do
    ((address >= virtual && address < virtual + size)) || continue
    say $((offset + address - virtual))
    return
  done < <(load_segments "$vmcore")
  die "the vmcore does not hold $1."
}

# A busy machine of 1 GiB may have a whole block by chance, but none of page cache with private data alone: it has less than 128 MiB of it.
check_blocks() {
  check "a vmcore without a block for RAM" refuses 1 "no block of 128 MiB can be had as a whole" "$program" ram 1t --dry-run "$vmcore" \
    -o level=4
  check "less than a block for RAM" refuses 1 "give a SIZE of one at the least" "$program" ram 64m --dry-run "$vmcore"
  check "blocks of a vmcore that is not there" refuses 1 "$scratch/nowhere" "$program" ram --dry-run "$scratch/nowhere"
}

# Makes a copy of the vmcore whose mem_section points nowhere.
break_sections() {
  local address
  address=$(head -c 65536 "$vmcore" | grep -aoP 'SYMBOL\(mem_section\)=\K[0-9a-f]+' | head -n 1)
  cp --sparse=always "$vmcore" "$scratch/vmcore"
  printf '\0\20\0\0\0\0\0\0' | dd of="$scratch/vmcore" bs=1 seek="$(file_offset "$address")" conv=notrunc status=none
}

# broken WORDS COMMAND...: the command says WORDS of what can't be read, and does not advise a level= instead.
broken() {
  local words=$1
  shift
  "$@" >"$scratch/out" 2>"$scratch/err"
  cat "$scratch/out" "$scratch/err"
  grep -qF "$words" "$scratch/out" "$scratch/err" && ! grep -q 'level=' "$scratch/err"
}

# sections_of VMCORE: the number of sections. It depends on where the crash kernel's memory was reserved.
sections_of() { "$program" scan "$1" --json | jq .sections; }

check_broken_sections() {
  local all
  all=$(sections_of "$vmcore")
  break_sections
  check "sections that can't be read, at a mount" broken "a root of mem_section points nowhere: 0x1000" \
    "$program" "$scratch/vmcore" "$mount_point" -o level=31,ro
  check "in a scan" broken "a root of mem_section points nowhere: 0x1000" "$program" scan "$scratch/vmcore"
  check "in a scan's JSON" broken '"damage": "a root of mem_section points nowhere: 0x1000"' "$program" scan "$scratch/vmcore" --json
  check "in a scan's ranges" broken "$all of $all sections can't be read and are left alone: a root of mem_section points nowhere: 0x1000" \
    "$program" scan "$scratch/vmcore" --ranges
}

lacks_key() {
  rename_key "$1"
  refuses 1 "$2" "$program" scan "$scratch/vmcore"
}

# without_room COMMAND...: runs it with a full standard output.
# shellcheck disable=SC2016  # the inner shell expands it
without_room() { refuses 1 "can't write to standard output: No space left on device" sh -c '"$@" >/dev/full' sh "$@"; }

# The members of the report that oldmemfs(8) lists, and no others, with the types that it gives.
json_is_as_the_manual_has_it() {
  local page=$repo_dir/dracut-module/package/man/oldmemfs.8
  "$program" scan "$vmcore" --json >"$scratch/report" || return
  diff <(jq -r 'keys_unsorted[]' "$scratch/report" | sort) \
    <(sed -n '/^\.Sh SCANNING/,/^\.Sh ADDING/s/^\.It Sy //p' "$page" | tr -d ' ' | tr ',' '\n' | sort) || return
  jq -e '(.vmcore, .kernel, .written_by | type == "string") and (.damage | type == "null" or type == "string")
    and ([.level, .pages, .reusable_pages, .left_out_pages, .sections, .damaged_sections, .nanoseconds | type == "number"] | all)
    and ([.classes[] | keys == ["pages", "reusable"]] | all) and ([.held_back[] | type == "number"] | all)
    and ([.longest_runs[] | keys == ["pages", "pfn"]] | all)
    and (.map | keys == ["cell_pages", "cells", "fields"]) and .map.fields == ["pfn", "pages", "reusable", "taken", "unreadable"]
    and ([.map.cells[] | length == 5] | all) and ([.classes[].pages] | add) == .pages and ([.classes[].reusable] | add) == .reusable_pages' \
    "$scratch/report"
}

check_output() {
  local words
  check "the JSON is as the manual has it" json_is_as_the_manual_has_it
  for words in "" --json --ranges --excluded; do
    check "scan $words, and no room for what it prints" without_room "$program" scan "$vmcore" ${words:+"$words"}
  done
  check "--help, and no room for what it prints" without_room "$program" --help
}

check_vmcores() {
  check "a file that is not there" refuses 1 "$scratch/none: can't be opened (No such file" "$program" scan "$scratch/none"
  check "a directory" refuses 1 "$scratch is no vmcore but a directory" "$program" scan "$scratch"
  mkfifo "$scratch/fifo"
  check "a FIFO" refuses 1 "$scratch/fifo is no vmcore but a FIFO" "$program" scan "$scratch/fifo"
  check "a FIFO in the place of /proc/vmcore" refuses 1 "is no vmcore but a FIFO" "$program" oldmem "$mount_point" -o "vmcore=$scratch/fifo"
  check "a device" refuses 1 "/dev/zero is no vmcore but a device" "$program" scan /dev/zero
  : >"$scratch/empty"
  check "an empty file" refuses 1 "$scratch/empty" "$program" scan "$scratch/empty"
  check "a file that is no ELF" refuses 1 "ELF" "$program" /etc/passwd "$mount_point"
  check "an ELF file that is no core" refuses 1 "core" "$program" scan "$program"
  head -c 100 "$vmcore" >"$scratch/short"
  check "a vmcore cut in its headers" refuses 1 "short" "$program" scan "$scratch/short"
  check "no VMCOREINFO" lacks_key "VMCOREINFO" "VMCOREINFO"
  check "no page size in VMCOREINFO" lacks_key "SIZE(page)" "SIZE(page)"
  check "no mem_section in VMCOREINFO" lacks_key "SYMBOL(mem_section)" "mem_section"
  check "no mapcount in VMCOREINFO" lacks_key "OFFSET(page._mapcount)" "OFFSET(page._mapcount)"
}

# ---------------------------------------------------------------- files that must not change

# leaves_alone COMMAND...: the command does not change bytes or times of the copy of the vmcore.
leaves_alone() {
  local before status=0
  before=$(stat -c '%y %z' "$scratch/vmcore")
  "$@" || status=$?
  [[ $(stat -c '%y %z' "$scratch/vmcore") == "$before" ]] || { say "its times have changed"; return 1; }
  cmp "$vmcore" "$scratch/vmcore" && return "$status"
}

# With ro, a mount has the usual size, and nothing can make it writable.
read_only() {
  mount_quietly "$@" || return
  say "said: $(<"$scratch/err")"
  [[ ! -s $scratch/err && $(stat -f -c %b "$mount_point") -gt 1000 ]] || { unmount; return 1; }
  ! touch "$mount_point/f" 2>/dev/null || { say "a file was made"; unmount; return 1; }
  "$program" status "$mount_point" | grep -q '^written by  nothing: ro' || { unmount; return 1; }
  refuses_here 1 "can't make it rw" "$program" "$1" "$mount_point" -o remount,rw || { unmount; return 1; }
  # With -i, only the kernel's flag changes: the daemon is not asked.
  mount -i -o remount,rw "$mount_point" || { unmount; return 1; }
  ! head -c 8192 /dev/zero >"$mount_point/f" || { say "it was written"; unmount; return 1; }
  unmount
}

says_what_it_overwrites() {
  mount_quietly "$@" || return
  say "said: $(<"$scratch/err")"
  unmount
  [[ $(wc -l <"$scratch/err") -eq 1 ]] && grep -qF "files in $mount_point overwrite pages of $scratch/vmcore" "$scratch/err"
}

check_kept_files() {
  cp --sparse=always "$vmcore" "$scratch/vmcore"
  check "a saved vmcore is not overwritten unasked" leaves_alone refuses 2 "-o overwrite" "$program" "$scratch/vmcore" "$mount_point" -o level=31
  check "nor in the place of /proc/vmcore" leaves_alone refuses 2 "-o overwrite" "$program" oldmem "$mount_point" -o "vmcore=$scratch/vmcore"
  : >"$scratch/device"
  check "nor a file in the place of /dev/mem" leaves_alone refuses 2 "overwrite pages of $scratch/device" \
    "$program" oldmem "$mount_point" -o "vmcore=$scratch/vmcore,devmem=$scratch/device"
  check "ro changes nothing of it" leaves_alone read_only "$scratch/vmcore" level=31,ro
  check "ro, in the place of /proc/vmcore" leaves_alone read_only oldmem "level=31,ro,vmcore=$scratch/vmcore"
  check "a scan changes nothing of it" leaves_alone "$program" scan "$scratch/vmcore"
  check "with overwrite it says what is overwritten" says_what_it_overwrites "$scratch/vmcore" level=31,overwrite
}
