# shellcheck shell=bash disable=SC2154  # lib.sh assigns
# Public test suites from Debian packages; each runs in $tested. Sourced by run.

need_suites() {
  need stress-ng stress-ng
  need fio fio
  need dbench dbench
  need fs_mark fsmark
  need bonnie++ bonnie++
  need chattr e2fsprogs
}

# run_suites NAME SECONDS: runs every suite on the mounted file system; NAME is for the checks, SECONDS scales their length.
run_suites() {
  local name=$1 seconds=$2
  check "stress-ng on $name" stress "$seconds"
  check "fio on $name: random writes, verified" fio_verifies "$seconds" randwrite psync 0
  check "fio on $name: direct sequential writes, verified" fio_verifies "$seconds" write psync 1
  check "fio on $name: mapped random writes, verified" fio_verifies "$seconds" randwrite mmap 0
  check "fio on $name: random reads and writes of several jobs, verified" fio_verifies "$seconds" randrw psync 0 --numjobs=3
  check "dbench on $name" limited $((seconds * 10 + 600)) dbench -D "$tested" -t "$((seconds * 4))" 4
  check "fs_mark on $name" mark
  check "bonnie++ on $name" bonnie "$seconds"
  check "nothing is left on $name" is_empty
}

# All of stress-ng's file system class, without the stressors that don't use files of the tested file system. Stress-ng itself skips
# fiemap and verity if they are not supported. Its default sizes are for a disk.
stress() {
  local seconds=$1
  [[ $seconds -le 1 ]] || seconds=$((seconds / 2))
  mkdir "$tested/stress" || return
  (cd "$tested/stress" && limited $((seconds * 45 * 4 + 300)) stress-ng --class filesystem --sequential 2 --timeout "${seconds}s" \
    --temp-path "$tested/stress" --verify --exclude binderfs,procfs,ramfs,bind-mount --copy-file-bytes 128m --fallocate-bytes 8m \
    --hdd-bytes 8m --iomix-bytes 8m --sync-file-bytes 8m) || return
  remove_chattr_leftovers
  rmdir "$tested/stress" || { find "$tested/stress" -ls; lsattr -R "$tested/stress"; return 1; }
}

# Once in 40 runs, on a tmpfs too, the stressor chattr ends with a flag set that keeps it from removing its own file.
remove_chattr_leftovers() {
  local left
  for left in "$tested/stress"/tmp-stress-ng-chattr-*; do
    [[ -d $left ]] || continue
    chattr -R -i -a "$left" && rm -r "$left" || return
  done
}

# fio_verifies SECONDS PATTERN ENGINE DIRECT [OPTION...]: writes blocks with a header and a checksum, and reads them back.
fio_verifies() {
  local seconds=$1 pattern=$2 engine=$3 direct=$4
  shift 4
  limited $((seconds * 60 + 600)) fio --name=verify --directory="$tested" --size=12m --bsrange=512-128k --ioengine="$engine" \
    --rw="$pattern" --direct="$direct" --verify=crc32c --verify_fatal=1 --verify_state_save=0 --loops="$seconds" --unlink=1 --output-format=terse "$@" || return
  rm -f "$tested"/verify.*
}

mark() {
  mkdir "$tested/mark" || return
  # fs_mark takes no path longer than 39 bytes.
  (cd "$tested" && limited 900 fs_mark -d mark -n 800 -s 10000 -t 2 -D 8 -L 3 -l "$work/fs_mark.log") || return
  rm -rf "$tested/mark"
}

# In its first step each byte is a request of its own. The default of 20 MiB takes eight minutes; the short form writes 1 MiB.
bonnie() {
  local bytes=()
  [[ $1 -gt 1 ]] || bytes=(-f1)
  mkdir "$tested/bonnie" || return
  limited 1200 bonnie++ -u root -d "$tested/bonnie" -s 48m -r 24m -n 4:20000:16:4 "${bytes[@]}" || return
  rmdir "$tested/bonnie"
}

is_empty() {
  rm -f "$tested/client.txt"
  rm -rf "$tested/clients"
  [[ -z $(ls -A "$tested") ]] || { ls -lA "$tested"; return 1; }
}
