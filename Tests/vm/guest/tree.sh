# shellcheck shell=dash
# The steps of the tree test: the tests of Tests/fs/run (cases/, programs/stream.c), in the crashed kernel's memory and against a tmpfs of
# the capture kernel. Sourced by capture.sh.
#
# The output of each part is in tree-PART.out, its exit code in the results as tree_PART. A part that finds a difference does not end the
# run: the next one may find more.

# shellcheck disable=SC2154  # out is capture.sh's
said=$out/tree
reference=/mnt/reference

# mount_pair SIZE: mounts /oldmem and a tmpfs of the same size.
mount_pair() {
  mkdir -p /oldmem $reference
  mount -t tmpfs -o "size=$1,nr_inodes=20000,mode=1777" reference $reference || give_up "no tmpfs of $1"
  timeout "$STEP_SECONDS" oldmemfs oldmem /oldmem -o "level=$LEVEL${STORE:+,store=$STORE},size=$1,nr_inodes=20000" >>"$said-mount.out" 2>&1 \
    || give_up "no /oldmem of $1: $(tail -n 1 "$said-mount.out")"
}

unmount_pair() {
  umount $reference || give_up "the tmpfs can't be unmounted"
  umount /oldmem || give_up "/oldmem can't be unmounted"
}

# part NAME COMMAND...
part() {
  name=$1
  shift
  part_began=$(cut -d' ' -f1 /proc/uptime)
  timeout "$STEP_SECONDS" "$@" >"$said-$name.out" 2>&1
  result "tree_$name" $?
  tell "  $name ($(cut -d' ' -f1 /proc/uptime | awk -v began="$part_began" '{ printf "%.1f", $1 - began }') s)" \
    "$(tail -n 1 "$said-$name.out")"
}

# stream NAME DIR SEED OPTION...: runs a stream. It drops the page cache before it compares whole trees, so that data come from old memory.
stream() {
  name=$1 directory=$2 seed=$3
  shift 3
  part "$name" /lab/fsstream $reference "$directory" --drop-caches --seed "$seed" "$@"
}

step_streams() {
  # Checks the checker: it must see a file too many.
  mount_pair 64m
  stream broken /oldmem "$TREE_SEED" --steps 600 --tree-every 400 --break 300
  unmount_pair
  mount_pair 64m
  stream roomy /oldmem "$TREE_SEED" --steps "$TREE_STEPS" --tree-every 1000
  oldmemfs record /oldmem >"$said-record.out" 2>&1
  unmount_pair
  mount_pair 1m
  stream crowded /oldmem $((TREE_SEED + 1)) --steps "$TREE_STEPS" --tree-every 1000 --crowded
  unmount_pair
}

# The POSIX cases, and first a case in which the tested file system has another size than the reference.
step_cases() {
  mkdir -p /dev/shm
  mount_pair 32m
  mount -o remount,size=64m $reference || give_up "the tmpfs can't be remounted"
  part unequal /lab/fscases compare $reference /oldmem space/totals
  unmount_pair
  mount_pair 64m
  part cases /lab/fscases compare $reference /oldmem --quiet --seconds 300 --lines 1000 \
    --differences /lab/differences --newer /lab/newer-tmpfs --libfuse "$LIBFUSE_VERSION"
  unmount_pair
}

# Runs a stream in the full /oldmem. Its blocks are scattered, in frames of every class, between files that must not change.
step_scattered() {
  blocks=512
  /lab/labguest scatter /oldmem $blocks >"$said-scatter.out" 2>&1 || give_up "no holes: $(tail -n 1 "$said-scatter.out")"
  mkdir -p $reference /oldmem/tree
  chmod 1777 /oldmem/tree
  mount -t tmpfs -o "size=$((blocks * 4))k,nr_inodes=20000,mode=1777" reference $reference || give_up "no tmpfs of $blocks blocks"
  stream scattered /oldmem/tree $((TREE_SEED + 2)) --steps "$TREE_STEPS" --tree-every 1000 --crowded
  umount $reference || give_up "the tmpfs can't be unmounted"
  rm -rf /oldmem/tree
  echo 3 >/proc/sys/vm/drop_caches
  part beside /lab/labguest verify /oldmem $blocks
}
