# shellcheck shell=bash
# Part 'scan' of run: the speed of classifying struct pages, compared with makedumpfile's own pass. Sourced by run.
# shellcheck disable=SC2154  # program, scratch and vmcore are run's

# The number of runs. The quickest counts: other work of the machine makes a run slower, never faster.
scan_runs=25

# json KEY FILE: a number in the output of 'oldmemfs scan --json'.
json() { sed -n "s/^ *\"$1\": \([0-9]*\),*$/\1/p" "$2"; }

# scan_time VMCORE: the time of one scan, by its own report, in microseconds.
scan_time() {
  "$program" scan "$1" --json >"$scratch/scan.json"
  echo $(($(json nanoseconds "$scratch/scan.json") / 1000))
}

# makedumpfile_time VMCORE: the time of makedumpfile's pass over the same struct pages, by its own report, in microseconds. It makes two
# passes, the second with pages that the first has mapped and read; the quicker counts.
makedumpfile_time() {
  "$makedumpfile" --dry-run -d 31 --message-level 31 "$1" "$scratch/none" 2>&1 | tr '\r' '\n' \
    | awk '/STEP \[Excluding unnecessary pages\]/ { time = int($(NF - 1) * 1e6); if (best == "" || time < best) best = time }
        END { print best }'
}

least() { sort -n "$1" | head -n 1; }

# compare_scan KERNEL CPU: prints one line; the programs take turns.
compare_scan() {
  local run pages
  need_vmcore "$1" "$2"
  makedumpfile=$(dirname "$vmcore")/../tools/makedumpfile/makedumpfile
  for ((run = 0; run < scan_runs; run++)); do
    scan_time "$vmcore" >&3
    makedumpfile_time "$vmcore" >&4
    pages=$(json pages "$scratch/scan.json")
    "$scratch/touch" "$vmcore" $((pages * 64)) >&5
  done 3>"$scratch/ours" 4>"$scratch/theirs" 5>"$scratch/touch.times"
  number "a vmcore of 1 GiB, kernel $1" "$(awk -v ours="$(least "$scratch/ours")" -v theirs="$(least "$scratch/theirs")" \
    -v touch="$(least "$scratch/touch.times")" 'BEGIN {
      printf "%d us, makedumpfile %d: %.1f times as fast; reading a word of each page alone takes %d us, which would be %.1f times", \
        ours, theirs, theirs / ours, touch, theirs / touch
    }')" "at least 3 times"
}

# capture_scan KERNEL: the same on /proc/vmcore, in a capture kernel.
capture_scan() {
  local ours theirs out=$scratch/cycle
  "$tests_dir/vm/cycle" --kernel "$1" --cpu Nehalem --no-oldmemfs --script "$tests_dir/bench/scan-guest.sh" --add "$program" --out "$out" \
    >"$scratch/cycle.log" 2>&1 || die "no capture kernel $1 (see $scratch/cycle.log): $(tail -n 1 "$scratch/cycle.log")"
  read -r ours theirs <"$out/data/script.out"
  number "/proc/vmcore in the capture kernel, $1" \
    "$ours us, makedumpfile $theirs: $(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.1f", a / b }') times as fast" "at least 3 times"
  rm -rf "$out"
}

run_scan() {
  local run kernel pages core=/dev/shm/oldmemfs-bench.$$
  gcc -O2 -o "$scratch/largecore" "$tests_dir/scale/largecore.c"
  gcc -O2 -Wall -Wextra -Werror -o "$scratch/touch" "$tests_dir/bench/touch.c"
  "$scratch/largecore" 64 "$core"
  for ((run = 0; run < 9; run++)); do scan_time "$core"; done >"$scratch/ours"
  rm "$core"
  pages=$(json pages "$scratch/scan.json")
  number "struct pages classified, 64 GiB of memory" "$((pages * 64 / $(least "$scratch/ours"))) MB/s" "at least 2000 MB/s"
  for kernel in 5.10 6.1 6.12 7; do compare_scan "$kernel" max; done
  for kernel in 5.10 6.1 6.12 7; do capture_scan "$kernel"; done
  number "memory for large machines" "see Tests/scale/run" "at most 256 KiB per TiB"
}
