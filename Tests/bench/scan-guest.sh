# shellcheck shell=sh
# Runs in the capture kernel (Tests/vm/cycle --script). Times oldmemfs's scan of /proc/vmcore and makedumpfile's pass in turns, and prints
# the shortest time of each in microseconds: 'OURS THEIRS'.
for _ in 1 2 3 4 5 6 7; do
  /lab/oldmemfs scan oldmem --json >"$OUT/json" || exit 1
  sed -n 's/^ *"nanoseconds": \([0-9]*\).*/ours \1/p' "$OUT/json"
  # It makes two passes; the quicker counts.
  /lab/makedumpfile/makedumpfile --dry-run -d 31 --message-level 31 /proc/vmcore "$OUT/none" >"$OUT/passes" 2>&1
  tr '\r' '\n' <"$OUT/passes" | awk '/STEP \[Excluding unnecessary pages\]/ { printf "theirs %d\n", $(NF - 1) * 1e9 }'
done | awk '!($1 in least) || $2 < least[$1] { least[$1] = $2 } END { printf "%d %d\n", least["ours"] / 1000, least["theirs"] / 1000 }'
