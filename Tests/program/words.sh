# shellcheck shell=bash disable=SC2154  # run assigns
# Tests of the command line: messages about wrong words, and the manual. Sourced by run.

# manual WORDS COMMAND...: the command prints a manual that contains WORDS, and exits with 0.
manual() {
  local words=$1 status=0
  shift
  timeout 20 "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
  cat "$scratch/out" "$scratch/err"
  [[ $status -eq 0 && ! -s $scratch/err ]] && grep -q '^usage:$' "$scratch/out" && grep -qF -- "$words" "$scratch/out"
}

# The message about a wrong value names the option and the values that it takes.
each_option_says_what_it_takes() {
  local name takes
  "$program" mount --help >"$scratch/manual"
  while read -r name takes; do
    refuses 2 "the form is $name=$takes; see" "$program" oldmem "$mount_point" -o "$name=%" || return
    refuses 2 "'$name' needs a value; the form is $name=$takes" "$program" oldmem "$mount_point" -o "$name" || return
    refuses 2 "'$name=' needs a value" "$program" oldmem "$mount_point" -o "$name=" || return
    grep -qF "  $name=$takes " "$scratch/manual" || { say "the manual lacks $name="; return 1; }
  done <<'OPTIONS'
size N[k|m|g|t|p|e|%]
nr_blocks N[k|m|g|t|p|e]
nr_inodes N[k|m|g|t|p|e]
mode OCTAL, up to 7777
uid N, up to 4294967294
gid N, up to 4294967294
level N, up to 31
reuse free|cache|user
store devmem|dax|vmcore
OPTIONS
}

# shellcheck disable=SC2016  # the inner shell expands them
without_module() {
  refuses 1 "the dracut module is not installed" unshare --mount sh -c \
    'for place in /usr/lib/dracut /usr/share; do [ ! -d "$place" ] || mount -t tmpfs none "$place"; done && exec "$0" check' "$program"
}

check_manual() {
  local command words
  check "--help prints a manual" manual "nr_inodes=" "$program" --help
  while read -r command words; do
    check "$command --help" manual "$words" "$program" "$command" --help
    check "$command -h" manual "$words" "$program" "$command" -h
  done <<'COMMANDS'
mount reuse=free|cache|user
scan --excluded
record FIRST_PFN
status level
memmap --check
ram --dry-run
check --image
relocate --keep
COMMANDS
  check "check without the dracut module" without_module
  check "--help after other words" manual "size=N" "$program" scratch "$mount_point" --help
}

# memmap --check sees words of another boot, and a command line that was cut off.
check_memmap() {
  cat >"$scratch/iomem" <<'IOMEM'
00001000-0009fbff : System RAM
00100000-7ffdbfff : System RAM
  35000000-44ffffff : Crash kernel
IOMEM
  local memmap=("$program" memmap --iomem "$scratch/iomem")
  check "words that fit this boot" "${memmap[@]}" --check 'root=/dev/vda dax_hmem.region_idle=1 memmap=846M%2M+0xefffffff memmap=942M%1104M+0xefffffff'
  check "words of another boot" refuses 1 "overlaps the memory that crashkernel= reserves" "${memmap[@]}" --check 'dax_hmem.region_idle=1 memmap=848M%2M+0xefffffff'
  check "words for what is no memory" refuses 1 "no memory of this boot" "${memmap[@]}" --check 'dax_hmem.region_idle=1 memmap=2M%2G+0xefffffff'
  check "words that were cut off" refuses 1 "cut off" "${memmap[@]}" --check 'dax_hmem.region_idle=1 memmap=846M%2M+0xefffff'
  check "words that give all of memory away" refuses 1 "'dax_hmem.region_idle=1' is missing" "${memmap[@]}" \
    --check 'root=/dev/vda memmap=846M%2M+0xefffffff'
  check "no words to check" refuses 1 "no word among these" "${memmap[@]}" --check 'root=/dev/vda'
  check "a kernel without modules" refuses 0 "/lib/modules/none has no list of modules" "${memmap[@]}" --kernel none
  check "memory that can't be seen" refuses 1 "only root can see it" "$program" memmap --iomem /dev/null --check 'memmap=846M%2M+0xefffffff'
  check "an unknown option of memmap" refuses 2 "unknown option 'form'" "$program" memmap --form
}

check_words() {
  check_manual
  check_memmap
  check "no words at all" refuses 2 "--help" "$program"
  check "no DIR" refuses 2 "SOURCE and a DIR" "$program" scratch
  check "one word too many" refuses 2 "unexpected word 'more'" "$program" scratch "$mount_point" more
  check "an unknown option of record" refuses 2 "unknown option 'form=x'" "$program" record --form=x "$mount_point"
  check "a FILE for the record that is none" refuses 2 "unknown option 'to='" "$program" record --to= "$mount_point"
  check "-o without a word" refuses 2 "missing argument" "$program" scratch "$mount_point" -o
  check "an unknown option" refuses 2 "unknown option 'sizes=1m'" "$program" scratch "$mount_point" -o sizes=1m
  check "each option says what it takes" each_option_says_what_it_takes
  check "a size that is none" refuses 2 "size=abc" "$program" scratch "$mount_point" -o size=abc
  check "a size that does not fit" refuses 2 "size=16e" "$program" scratch "$mount_point" -o size=16e
  check "a level beyond 31" refuses 2 "level=32" "$program" oldmem "$mount_point" -o level=32
  check "a mode that is not octal" refuses 2 "mode=1799" "$program" scratch "$mount_point" -o size=1m,mode=1799
  check "an empty vmcore=" refuses 2 "'vmcore=' needs a value; the form is vmcore=FILE" "$program" oldmem "$mount_point" -o vmcore=
  check "an empty devmem=" refuses 2 "'devmem=' needs a value; the form is devmem=FILE" "$program" oldmem "$mount_point" -o devmem=
  check "vmcore= beside a file" refuses 2 "goes with the source 'oldmem'" "$program" "$vmcore" "$mount_point" -o "vmcore=$vmcore"
  check "mand" refuses 2 "mandatory locks" "$program" scratch "$mount_point" -o size=1m,mand
  check "scratch without a size" refuses 2 "size=" "$program" scratch "$mount_point"
  check "level= for scratch memory" refuses 2 "level= means nothing" "$program" scratch "$mount_point" -o size=1m,level=31
  check "scan without a source" refuses 2 "SOURCE" "$program" scan
  check "scan of a level that is none" refuses 2 "the form is level=N, up to 31" "$program" scan "$vmcore" --level x
  check "scan --level without a value" refuses 2 "'level' needs a value" "$program" scan "$vmcore" --level
  check "scan --ranges --json" refuses 2 "exclude each other" "$program" scan "$vmcore" --ranges --json
  check "scan with an option of mounts" refuses 2 "unknown option 'nochecksum'" "$program" scan "$vmcore" -o nochecksum
}
