# shellcheck shell=bash
# The scan's part of run: how fast struct pages are classified, with makedumpfile's own pass beside it. Sourced by run.

# Runs of which the median counts.
scan_runs=9

median() { sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

# json KEY FILE: a number of 'oldmemfs scan --json'.
json() { sed -n "s/^ *\"$1\": \([0-9]*\),*$/\1/p" "$2"; }

# The nanoseconds of one scan of a vmcore, as it says itself.
scan_time() {
  "$program" scan "$1" --json >"$scratch/scan.json"
  json nanoseconds "$scratch/scan.json"
}

# The nanoseconds of makedumpfile's pass over the same pages: what '--dry-run' at level 31 takes with the vmcore in the page
# cache, less what it takes at level 0, which looks at no page.
makedumpfile_time() {
  local start
  start=$(date +%s%N)
  "$makedumpfile" --dry-run -d "$2" "$1" /dev/null >"$scratch/makedumpfile.out" 2>&1 || true
  echo $(($(date +%s%N) - start))
}

repeat() {
  local run
  for ((run = 0; run < scan_runs; run++)); do "$@"; done | median
}

run_scan() {
  local pages time whole base
  need_vmcore 6.12 max
  makedumpfile=$(dirname "$vmcore")/../tools/makedumpfile/makedumpfile
  cat "$vmcore" >/dev/null
  time=$(repeat scan_time "$vmcore")
  pages=$(json pages "$scratch/scan.json")
  number "struct pages of a 1 GiB guest" "$((pages * 64 * 10 / (time / 100))) MB/s" "at least 2000 MB/s"
  whole=$(repeat makedumpfile_time "$vmcore" 31)
  base=$(repeat makedumpfile_time "$vmcore" 0)
  number "the same by makedumpfile's pass" "$((pages * 64 * 10 / ((whole - base) / 100))) MB/s"
  number "oldmemfs is faster by" "$(((whole - base) / time)) times" "at least 3 times"
}
