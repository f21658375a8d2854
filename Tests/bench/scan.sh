# shellcheck shell=bash
# The scan's part of run: how fast struct pages are classified, with makedumpfile's own pass beside it. Sourced by run.
# shellcheck disable=SC2154  # program, scratch and vmcore are run's

# Runs of which the quickest counts: what else the machine does only ever makes one slower.
scan_runs=9

quickest() {
  local run
  for ((run = 0; run < scan_runs; run++)); do "$@"; done | sort -n | head -n 1
}

# json KEY FILE: a number of 'oldmemfs scan --json'.
json() { sed -n "s/^ *\"$1\": \([0-9]*\),*$/\1/p" "$2"; }

# The microseconds of one scan of a vmcore, as it says itself.
scan_time() {
  "$program" scan "$1" --json >"$scratch/scan.json"
  echo $(($(json nanoseconds "$scratch/scan.json") / 1000))
}

# The microseconds of makedumpfile's pass over the same struct pages, as it says itself.
makedumpfile_time() {
  "$makedumpfile" --dry-run -d 31 --message-level 31 "$1" "$scratch/none" 2>&1 | tr '\r' '\n' \
    | awk '/STEP \[Excluding unnecessary pages\]/ { time = int($(NF - 1) * 1e6) } END { print time }'
}

run_scan() {
  local pages time other core=/dev/shm/oldmemfs-bench.$$
  gcc -O2 -o "$scratch/largecore" "$tests_dir/scale/largecore.c"
  "$scratch/largecore" 64 "$core"
  time=$(quickest scan_time "$core")
  rm "$core"
  pages=$(json pages "$scratch/scan.json")
  number "struct pages classified, 64 GiB of memory" "$((pages * 64 / time)) MB/s" "at least 2000 MB/s"
  need_vmcore 6.12 max
  makedumpfile=$(dirname "$vmcore")/../tools/makedumpfile/makedumpfile
  time=$(quickest scan_time "$vmcore")
  other=$(quickest makedumpfile_time "$vmcore")
  number "a real vmcore of 1 GiB" "$time us, makedumpfile's own pass $other us: $(awk -v a="$other" -v b="$time" 'BEGIN { printf "%.1f", a / b }') times as fast" "at least 3 times"
  number "memory for large machines" "see Tests/scale/run" "at most 256 KiB per TiB"
}
