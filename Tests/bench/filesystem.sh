# shellcheck shell=bash
# Part 'filesystem' of run: what people do with a file system, compared with a tmpfs, with a file system that does nothing (null.c), and with the
# file systems that come with libfuse. Sourced by run.
# shellcheck disable=SC2154  # program, scratch and rounds are run's

# Everything runs on one processor, as in a capture kernel (nr_cpus=1). With two, a request costs what it takes the other one to wake up, which
# is the machine's affair, and the same for all of them.
fs_processor=$(($(nproc) - 1))

# The columns. Those of libfuse's own are built from the sources of its newest release, and use that. passthrough_hp would let the kernel go past
# it. In all others data are in memory; the passthroughs' are in a tmpfs.
fs_columns=(tmpfs oldmemfs newest unchecked null uring passthrough_ll passthrough_hp memfs_ll)
fs_peers=(passthrough_ll passthrough_hp memfs_ll)

# What is asked for, of a tmpfs.
declare -A fs_asked=([write]=0.70 [read]=0.60 [mmap]=0.35 [create]=0.12 [stat]=0.90 [unlink]=0.20 [list]=0.80 [start]=0.95)
declare -A fs_titles=([copy]="plain copy of memory, MB/s" [write]="write of a new file, MB/s" [overwrite]="overwrite, MB/s" [read]="cold read, MB/s"
  [mmap]="cold mmap, MB/s" [append]="appends of 100 bytes" [create]="create" [stat]="stat" [list-first]="list, uncached" [list]="list"
  [unlink]="unlink" [create-two]="create, two processes" [start]="program starts" [untar]="untar, 800 files")

# ---------------------------------------------------------------- building

# build_peer NAME [SUFFIX]: $scratch/NAMESUFFIX, with the newest libfuse, its libc and its loader.
build_peer() {
  local examples=$cache_root/vm/sources/libfuse-examples kit=$cache_root/vm/libfuse/sid compiler=gcc source=$1.c
  local options=(-O2 -D_FILE_OFFSET_BITS=64 "-I$kit/include/fuse3" "-L$kit/lib" -Xlinker --allow-shlib-undefined -Xlinker -rpath -Xlinker "$kit/lib"
    -Xlinker "--dynamic-linker=$kit/lib/ld-linux-x86-64.so.2")
  case $1 in
    null) examples=$tests_dir/bench ;;
    passthrough_hp | memfs_ll) compiler=g++ source=$1.cc options+=(-std=c++20 -static-libstdc++ -static-libgcc) ;;
  esac
  "$compiler" "${options[@]}" -o "$scratch/$1${2:-}" "$examples/$source" -lfuse3 2>"$scratch/$1.log" || die "$1 can't be built: $(head -n 5 "$scratch/$1.log")"
}

# build_null: $scratch/null, with this machine's libfuse.
build_null() {
  # shellcheck disable=SC2046  # words
  gcc -O2 -Wall -Wextra -Werror $(pkg-config --cflags fuse3) -o "$scratch/null" "$tests_dir/bench/null.c" -lfuse3
}

build_filesystems() {
  local peer kept=$program
  "$tests_dir/vm/fetch" libfuse-examples libfuse-sid
  need g++ g++
  build_with_libfuse sid
  fs_newest=$program program=$kept
  gcc -O2 -Wall -Wextra -Werror -o "$scratch/workload" "$tests_dir/bench/workload.c"
  build_null
  for peer in "${fs_peers[@]}"; do build_peer "$peer"; done
  build_peer null -newest
}

# A tree to unpack, as sources are: 40 directories of 20 files, of 100 bytes to 20 KiB.
make_tree() {
  local directory file
  for directory in {01..40}; do
    mkdir -p "$scratch/pack/tree/$directory"
    for file in {01..20}; do head -c $((RANDOM % 20000 + 100)) /dev/urandom >"$scratch/pack/tree/$directory/$file"; done
  done
  tar -C "$scratch/pack" -cf "$scratch/tree.tar" tree
  rm -r "$scratch/pack"
}

# ---------------------------------------------------------------- mounting

# on_one COMMAND...
on_one() { taskset -c "$fs_processor" "$@"; }

# use_all_memory DIR: what is taken for the first time has a price, and old memory was there before the capture kernel.
use_all_memory() {
  dd if=/dev/zero of="$1/all" bs=1M count=2000 status=none 2>/dev/null || true
  rm "$1/all"
}

fs_pid=
mount_column() {
  fs_pid=
  case $1 in
    tmpfs) mount -t tmpfs none "$scratch/old" ;;
    oldmemfs) on_one "$program" scratch "$scratch/old" -o size=1g 2>/dev/null ;;
    newest) on_one "$fs_newest" scratch "$scratch/old" -o size=1g 2>/dev/null ;;
    unchecked) on_one "$program" scratch "$scratch/old" -o size=1g,nochecksum 2>/dev/null ;;
    null) on_one "$scratch/null" "$scratch/old" 300 ;;
    uring) on_one "$scratch/null-newest" "$scratch/old" 300 io_uring ;;
    # It holds each file that the kernel knows open.
    passthrough_ll) (ulimit -n "$(ulimit -Hn)" && on_one "$scratch/passthrough_ll" -o "source=$scratch/tmpfs,cache=always,allow_other" "$scratch/old") ;;
    passthrough_hp)
      on_one "$scratch/passthrough_hp" --nopassthrough --foreground "$scratch/tmpfs" "$scratch/old" >/dev/null 2>&1 &
      fs_pid=$!
      ;;
    memfs_ll)
      on_one "$scratch/memfs_ll" -f "$scratch/old" >/dev/null 2>&1 &
      fs_pid=$!
      ;;
  esac || die "can't mount $1."
  until_true 10 mountpoint -q "$scratch/old" || die "$1 does not mount."
  case $1 in
    oldmemfs | newest | unchecked) use_all_memory "$scratch/old" ;;
    null | uring) echo "$fs_ahead" >"$(read_ahead_file)" ;;
  esac
}

# How far the kernel reads ahead in what is mounted, in KiB.
read_ahead_file() { say "/sys/class/bdi/$(mountpoint -d "$scratch/old")/read_ahead_kb"; }

unmount_column() {
  umount "$scratch/old"
  [[ -z $fs_pid ]] || wait "$fs_pid" || true
  wait_for_end
}

# ---------------------------------------------------------------- the numbers

# measure_column NAME: adds lines 'NAME ROW RATE'. A column that can't do all of it says so, and has what it could.
measure_column() {
  mount_column "$1"
  find "$scratch/tmpfs" -mindepth 1 -delete
  on_one "$scratch/workload" "$scratch/old" "$(type -P true)" "$scratch/tree.tar" >"$scratch/rates" 2>"$scratch/workload.log" \
    || progress "$1: $(tail -n 1 "$scratch/workload.log"): the rows from there on are left out"
  [[ ! -s $scratch/workload.log ]] || cat "$scratch/workload.log" >>"$scratch/trouble.$1"
  sed "s/^/$1 /" "$scratch/rates" >>"$scratch/filesystem"
  unmount_column
}

# allow_uring: has the kernel offer FUSE over io_uring, which it does not by itself. Without it the column goes.
allow_uring() {
  fs_uring=/sys/module/fuse/parameters/enable_uring
  fs_uring_before=$(cat "$fs_uring" 2>/dev/null) && echo Y 2>/dev/null >"$fs_uring" && return
  say "This kernel has no FUSE over io_uring (Linux 6.14): that column is left out."
  fs_columns=("${fs_columns[@]/uring/}")
  fs_uring=
}

forbid_uring() { [[ -z ${fs_uring:-} ]] || echo "$fs_uring_before" >"$fs_uring"; }

# The tables. A ratio is the median of those in each round.
print_filesystems() {
  local row title
  for row in copy write overwrite read mmap append create create-two stat list-first list unlink start untar; do
    title=${fs_titles[$row]}
    printf '%s\t%s\t%s\n' "$row" "$title" "${fs_asked[$row]:-}"
  done >"$scratch/rows"
  awk -F '\t' -v columns="${fs_columns[*]}" -v peers="${fs_peers[*]}" "$awk_median"'
    function rate(column, row,   i, list) {
      for (i = 1; i <= count[column, row]; i++) list[i] = rates[column, row, i]
      return count[column, row] ? median(list, count[column, row]) : 0
    }
    # Of another column, in the same round.
    function ratio(column, other, row,   i, n, list) {
      for (i = 1; i <= count[column, row] && i <= count[other, row]; i++) list[++n] = rates[column, row, i] / rates[other, row, i]
      return n ? median(list, n) : 0
    }
    FNR == NR { row[++last] = $1; title[last] = $2; asked[last] = $3; next }
    { split($0, word, " "); rates[word[1], word[2], ++count[word[1], word[2]]] = word[3] }
    END {
      width = split(columns, column, " ")
      peer_count = split(peers, peer, " ")
      printf "%-28s", "a second"
      for (i = 1; i <= width; i++) printf " %14s", column[i]
      print ""
      for (i = 1; i <= last; i++) {
        printf "%-28s", title[i]
        for (j = 1; j <= width; j++) printf " %14s", count[column[j], row[i]] ? sprintf("%.0f", rate(column[j], row[i])) : "-"
        print ""
      }
      printf "\n%-28s %8s %9s %9s %9s %9s  %s\n", "oldmemfs", "of tmpfs", "asked for", "of null", "3.18", "of peers", "the best peer"
      for (i = 2; i <= last; i++) {
        best = ""
        for (j = 1; j <= peer_count; j++)
          # It keeps what is appended in the page cache (FUSE_CAP_WRITEBACK_CACHE), which loses what it has accepted when the space ends.
          if (!(row[i] == "append" && peer[j] == "passthrough_hp") && count[peer[j], row[i]] && (best == "" || rate(peer[j], row[i]) > rate(best, row[i]))) best = peer[j]
        own = ratio("oldmemfs", "tmpfs", row[i]); of_null = ratio("oldmemfs", "null", row[i]); of_best = ratio("oldmemfs", best, row[i])
        verdict = ""
        if (asked[i] != "") {
          verdict = own >= asked[i] ? "reached" : of_null >= 0.9 ? "no FUSE file system can: null has " sprintf("%.2f", ratio("null", "tmpfs", row[i])) : "MISSED, null has " sprintf("%.2f", ratio("null", "tmpfs", row[i]))
        }
        # Less is noise.
        if (best != "" && of_best < 0.97) verdict = verdict (verdict == "" ? "" : "; ") "BELOW " best
        printf "%-28s %8.2f %9s %9.2f %9.2f %9.2f  %-15s %s\n", title[i], own, asked[i], of_null, ratio("newest", "tmpfs", row[i]), of_best, best, verdict
      }
      checked = rate("oldmemfs", "overwrite"); unchecked = rate("unchecked", "overwrite"); copy = rate("tmpfs", "copy")
      printf "\n%-44s %.0f ms per GB, a plain copy %.0f\n", "checksums, in an overwrite:", 1e6 / checked - 1e6 / unchecked, 1e6 / copy
    }' "$scratch/rows" "$scratch/filesystem"
}

run_filesystem() {
  local round column number
  need pgrep procps
  need taskset util-linux
  build_filesystems
  make_tree
  allow_uring
  mount -t tmpfs none "$scratch/tmpfs"
  : >"$scratch/filesystem"
  # null gets what oldmemfs has.
  mount_column oldmemfs
  fs_ahead=$(<"$(read_ahead_file)")
  unmount_column
  for ((round = 0; round < rounds; round++)); do
    for number in "${!fs_columns[@]}"; do
      column=${fs_columns[(number + round * 2) % ${#fs_columns[@]}]}
      [[ -z $column ]] || measure_column "$column"
    done
    progress "filesystem: round $((round + 1)) of $rounds"
  done
  umount "$scratch/tmpfs"
  forbid_uring
  print_filesystems
  say "passthrough_hp counts for no appends: it keeps them in the page cache, and loses them there when the space ends."
  for column in "${fs_columns[@]}"; do
    [[ ! -s $scratch/trouble.$column ]] || say "$column: $(sort -u "$scratch/trouble.$column" | head -n 3 | paste -sd';')"
  done
}
