# shellcheck shell=bash
# Shared by the VM lab: the cache, scratch files, kernels, initramfs archives, disks, QEMU. Sourced by the scripts here and by the dracut
# tests.

# shellcheck source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2154  # repo_dir, tests_dir and cache_root come from there
lab_dir=$tests_dir/vm
cache_dir=$cache_root/vm
# shellcheck disable=SC2034  # read by the scripts that source this file
all_kernels=(5.10 6.1 6.12 7)

# ---------------------------------------------------------------- scratch files

scratch_paths=()
scratch_pids=()

# Ends the processes that this script started, and removes its scratch directories.
clean_up() {
  local pid
  for pid in "${scratch_pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${scratch_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  [[ ${#scratch_paths[@]} -eq 0 ]] || rm -rf -- "${scratch_paths[@]}"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# make_scratch PARENT: makes a directory under PARENT that is removed when the script ends. Leaves its path in $scratch.
make_scratch() {
  mkdir -p "$1"
  scratch=$(mktemp -d "$1/partial.XXXXXX")
  scratch_paths+=("$scratch")
}

# ---------------------------------------------------------------- host packages

need_lab_tools() {
  need qemu-system-x86_64 qemu-system-x86
  need busybox busybox-static
  need mke2fs e2fsprogs
  need gcc gcc
  need /usr/include/stdlib.h libc6-dev
  need xz xz-utils
  need zstd zstd
  need flock util-linux
}

# ---------------------------------------------------------------- kernels

# use_kernel SERIES [DIRECTORY]: sets kernel_dir, kernel_image and kernel_release. Fetches the kernel if the cache has none, and it is in no
# other directory.
use_kernel() {
  local series=$1
  kernel_dir=${2:-$cache_dir/kernels/$series}
  [[ -d $kernel_dir ]] || "$lab_dir/fetch" "$series"
  kernel_image=$kernel_dir/vmlinuz
  kernel_release=$(<"$kernel_dir/release")
}

# module_closure NAME...: prints the paths of the modules and their dependencies, in load order. Modules that are built in or missing are
# left out.
module_closure() {
  local base=$kernel_dir/lib/modules/$kernel_release
  awk -v wanted="$*" '
    function name_of(path) { sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path); return path }
    function visit(path,   n, i, list) {
      if (path in seen) return
      seen[path] = 1
      n = split(depends[path], list, " ")
      for (i = n; i >= 1; i--) visit(list[i])
      print path
    }
    { path = $1; sub(/:$/, "", path); $1 = ""; depends[path] = $0; path_of[name_of(path)] = path }
    END { n = split(wanted, names, " "); for (i = 1; i <= n; i++) if (names[i] in path_of) visit(path_of[names[i]]) }
  ' "$base/modules.dep" | sed "s|^|$base/|"
}

# add_modules ROOT NAME...: copies modules and their dependencies to ROOT/lab/modules, decompressed, as 000-name.ko, 001-… in load order.
add_modules() {
  local root=$1 path name count=0
  shift
  mkdir -p "$root/lab/modules"
  while read -r path; do
    name=${path##*/}
    name=$root/lab/modules/$(printf '%03d' "$count")-${name%%.ko*}.ko
    case $path in
      *.xz) xz -dc "$path" >"$name" ;;
      *.zst) zstd -qdc "$path" >"$name" ;;
      *) cp "$path" "$name" ;;
    esac
    count=$((count + 1))
  done < <(module_closure "$@")
}

# ---------------------------------------------------------------- initramfs

# start_root ROOT: makes a root directory with what each initramfs of the lab needs.
start_root() {
  mkdir -p "$1"/{bin,dev,proc,sys,tmp,lab,mnt}
  cp "$(command -v busybox)" "$1/bin/busybox"
  ln -s busybox "$1/bin/sh"
  build_labguest
  cp "$labguest" "$1/lab/labguest"
  cp "$lab_dir/guest/common.sh" "$1/lab/common.sh"
}

# add_oldmemfs_and_lists ROOT: for 'oldmemfs memmap' in a first kernel, which wants to know the kernel's modules.
add_oldmemfs_and_lists() {
  local root=$1 lists=$1/lib/modules/$kernel_release
  add_program "$root" "$program" /bin/oldmemfs
  mkdir -p "$lists"
  cp "$kernel_dir/lib/modules/$kernel_release"/modules.{dep,builtin} "$lists/"
}

# add_program ROOT PROGRAM [PATH]: copies a program and the libraries that ldd names, to the same paths under ROOT.
add_program() {
  local root=$1 program=$2 path=${3:-$2} library
  mkdir -p "$root/${path%/*}"
  cp -L "$program" "$root/$path"
  while read -r library; do
    [[ -e $root/$library ]] && continue
    mkdir -p "$root/${library%/*}"
    cp -L "$library" "$root/$library"
  done < <(ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | sort -u)
}

# pack_root ROOT FILE: writes a newc archive, uncompressed, since decompression is slow in an emulated guest.
pack_root() {
  (cd "$1" && find . | LC_ALL=C sort | busybox cpio -o -H newc 2>/dev/null) >"$2"
}

# build_guest_program NAME FILE...: builds a static program from C sources, once for each version of them. Leaves its path in
# $guest_program.
build_guest_program() {
  local name=$1 file sources=()
  shift
  guest_program=$cache_dir/$name-$(cat "$@" | sha256sum | cut -c1-16)
  [[ ! -x $guest_program ]] || return 0
  mkdir -p "$cache_dir"
  for file; do [[ $file != *.c ]] || sources+=("$file"); done
  gcc -std=gnu17 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror -o "$guest_program.$$" "${sources[@]}"
  mv "$guest_program.$$" "$guest_program"
}

# Builds guest/*.c as one program. Leaves its path in $labguest.
build_labguest() {
  build_guest_program labguest "$lab_dir"/guest/*.[ch]
  labguest=$guest_program
}

# ---------------------------------------------------------------- disks

# make_disk FILE MIB [DIRECTORY]: makes a sparse ext4 image, with the files of DIRECTORY.
make_disk() {
  local file=$1 mib=$2
  rm -f "$file"
  truncate -s "${mib}M" "$file"
  # Without a journal, for fewer writes: if a machine does not unmount its disk, the run has failed anyway.
  mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1 ${3:+-d "$3"} "$file"
}

# read_disk FILE DIRECTORY: copies an image's files to DIRECTORY, without a mount.
read_disk() {
  mkdir -p "$2"
  debugfs -R "rdump / \"$2\"" "$1" 2>&1 | grep -v '^debugfs ' >&2 || true
  rm -rf "$2/lost+found"
}

# Makes the disk whose files become page cache in the first kernel, once. It is used read-only (QEMU's snapshot mode).
use_load_disk() {
  load_disk=$cache_dir/load-disk.img
  [[ -e $load_disk ]] && return
  make_scratch "$cache_dir"
  mkdir "$scratch/files"
  build_labguest
  "$labguest" sample "$scratch/files" 128
  make_disk "$scratch/disk" 512 "$scratch/files"
  mv "$scratch/disk" "$load_disk"
}

# Makes the disk that stops answering in the first kernel, once: an empty XFS, as small as mkfs.xfs allows, with room after it. The oldest
# kernel can read it. It is used read-only.
use_stopped_disk() {
  stopped_disk=$cache_dir/stopped-disk.img
  [[ -e $stopped_disk ]] && return
  need mkfs.xfs xfsprogs
  make_scratch "$cache_dir"
  truncate -s 384M "$scratch/disk"
  mkfs.xfs -q -i nrext64=0 -d "size=$((320 << 20))" "$scratch/disk"
  mv "$scratch/disk" "$stopped_disk"
}

# Makes the disk whose metadata is in flight at the crash (guest/buffers.c), once: three file systems of 32 MiB, one after the other. Each
# inode has a block of its own, and all are in the first group. It is used read-only.
use_buffer_disk() {
  buffer_disk=$cache_dir/buffer-disk.img
  [[ -e $buffer_disk ]] && return
  local part=0 options names file
  make_scratch "$cache_dir"
  names=("$scratch/files"/f{000..399})
  mkdir "$scratch/files"
  for file in "${names[@]}"; do : >"$file"; done
  head -c 131072 /dev/zero | tr '\0' 'x' >"$scratch/files/data"
  truncate -s 96M "$scratch/disk"
  for options in "-t ext2 -b 4096 -I 4096 -N 512" "-t ext2 -b 1024 -I 1024 -N 2048" \
    "-t ext3 -b 4096 -I 4096 -N 512 -J size=4"; do
    # shellcheck disable=SC2086  # words
    mke2fs -q -F $options -E "offset=$((part << 25)),lazy_itable_init=0" -d "$scratch/files" "$scratch/disk" 32M
    part=$((part + 1))
  done
  mv "$scratch/disk" "$buffer_disk"
}

# ---------------------------------------------------------------- QEMU

# Sets accel to QEMU's arguments for the accelerator. It is KVM only if a kernel prints its first line with it: /dev/kvm may exist and not
# work, or be slower than emulation. Tried once per boot of this machine.
# shellcheck disable=SC2034  # read by cycle
choose_accelerator() {
  local verdict boot
  boot=$(</proc/sys/kernel/random/boot_id)
  verdict=$cache_dir/kvm-$boot
  if [[ ! -e $verdict ]]; then
    mkdir -p "$cache_dir"
    if probe_kvm; then say works >"$verdict"; else say "does not work" >"$verdict"; fi
  fi
  if [[ $(<"$verdict") == works ]]; then
    accel=(-accel kvm)
  else
    accel=(-accel "tcg,thread=multi")
    tell_of_emulation
  fi
}

# Tells it once in a run.
tell_of_emulation() {
  [[ -z ${OLDMEMFS_EMULATION_TOLD:-} ]] || return 0
  export OLDMEMFS_EMULATION_TOLD=yes
  progress "KVM does not work on this machine: QEMU emulates the machines' processors, ten to thirty times slower"
}

probe_kvm() {
  [[ -r /dev/kvm && -w /dev/kvm ]] || return 1
  timeout --signal=KILL 10 qemu-system-x86_64 -accel kvm -m 512 -display none -no-reboot -serial stdio \
    -kernel "$kernel_image" -append "console=ttyS0 panic=-1" </dev/null 2>/dev/null \
    | grep 'Linux version' >/dev/null
}

# two_nodes RAM SMP: sets nodes to QEMU's arguments for two NUMA nodes, each with a half of the memory (MiB) and of the processors.
two_nodes() {
  local node half
  nodes=()
  for node in 0 1; do
    half=$((($1 + node) / 2))
    nodes+=(-object "memory-backend-ram,id=node$node,size=${half}M"
      -numa "node,nodeid=$node,memdev=node$node,cpus=$((node * ($2 / 2)))-$((node == 0 ? $2 / 2 - 1 : $2 - 1))")
  done
}

# boot_directly LINE: sets boot to QEMU's arguments for a kernel that QEMU loads itself, with that command line.
boot_directly() { boot=(-kernel "$kernel_image" -initrd "$work/first.cpio" -append "$1"); }
boot_with=boot_directly

# run_machine WORDS [ARGUMENT...]: runs a machine until it ends, and shows its guests' lines. WORDS are added to its kernel's command line,
# the ARGUMENTs are QEMU's. $accel, $cpu, $smp, $ram, $crashkernel, $kernel_image and $work/first.cpio describe the machine. $boot_with is
# the function that sets boot to QEMU's arguments for its boot, $run_beside a command that runs QEMU, $monitor_input QEMU's standard input. It
# leaves $out/serial.log and $out/qemu.log, and the way it ended in $ended.
#
# The machine is killed when it has run for $timeout seconds; when the caller's function 'watch PID', if it has one, sets $ended to a reason;
# and when the guest has printed its last line and QEMU does not end, since it may wait for a slow disk. It dies with this script.
#
# With no_timer_check, since on a busy host the kernel may decide that its timer does not work, and hang.
run_machine() {
  local boot
  for boot in 1 2 3; do
    run_machine_once "$@"
    [[ $boot -lt 3 ]] && met_old_breakpoint || return 0
    progress "the first kernel met a breakpoint (int3) that it had taken back while it booted: QEMU, which emulates the processors, had not seen that. It boots again"
  done
}

# A kernel changes its own code by way of breakpoints (text_poke_bp_batch, arch/x86/kernel/alternative.c). One boot in eighty or so ends with
# one that is gone, where QEMU 7.2 emulates two processors.
# shellcheck disable=SC2154  # out is the caller's
met_old_breakpoint() { [[ ${accel[*]} == *tcg* ]] && grep -aq 'Oops: int3' "$out/serial.log" && ! grep -aq 'LAB ' "$out/serial.log"; }

run_beside=() monitor_input=/dev/null ended=""
# shellcheck disable=SC2154  # what the machine is, and where it leaves its files, is the caller's
run_machine_once() {
  local log=$out/serial.log pid code=0 shown=0 last_said="" deadline=$((SECONDS + timeout)) boot=()
  "$boot_with" "no_timer_check console=ttyS0 panic=1 crashkernel=$crashkernel $1"
  shift
  : >"$log"
  setpriv --pdeathsig KILL "${run_beside[@]}" \
    qemu-system-x86_64 "${accel[@]}" -machine q35 -cpu "$cpu" -smp "$smp" -m "$ram" -nodefaults -no-user-config \
    -display none -no-reboot -serial "file:$log" "${boot[@]}" "$@" <"$monitor_input" >"$out/qemu.log" 2>&1 &
  pid=$!
  scratch_pids+=("$pid")
  ended=""
  while kill -0 "$pid" 2>/dev/null; do
    show_new_lines
    ! declare -F watch >/dev/null || watch "$pid"
    [[ -n $last_said ]] || ! grep -aqE "$last_lines" "$log" || last_said=$SECONDS
    if [[ -z $ended && -n $last_said ]] && ((SECONDS - last_said > last_lines_grace)); then
      ended="QEMU went on for $last_lines_grace s after the guest's last line"
    fi
    [[ -n $ended ]] || ((SECONDS <= deadline)) || ended="no end in $timeout s"
    if [[ -n $ended ]]; then
      # The log may lag behind.
      sleep 1
      kill -KILL "$pid" 2>/dev/null || true
      break
    fi
    sleep 0.3
  done
  wait "$pid" 2>/dev/null || code=$?
  scratch_pids=()
  show_new_lines
  if [[ -n $ended ]]; then
    progress "QEMU (pid $pid) is killed: $ended"
  elif [[ $code -ne 0 ]]; then
    progress "QEMU ended with $code: $(grep -av '^(qemu)' "$out/qemu.log" | tail -n 3)"
  fi
  ended=${ended:-the machine ended by itself}
}

# The last lines of a machine. A guest that failed may take half a minute more to unmount (stop in guest/common.sh).
last_lines='LAB failed: |reboot: (Power down|Restarting system)'
last_lines_grace=60

# Shows the guests' new lines for the host, those with 'LAB', in the serial log $log. $shown is the number of lines shown before.
show_new_lines() {
  local line number=0
  while IFS= read -r line; do
    number=$((number + 1))
    ((number > shown)) || continue
    shown=$number
    progress "${line#*LAB }"
    # Only guests of cycle ask. It defines answer.
    [[ $line != *"LAB ask: "* ]] || answer "${line#*LAB ask: }"
  done < <(tr -d '\r' <"$log" | grep -a 'LAB ' || true)
}

# ---------------------------------------------------------------- pages that must never be taken

# hard_exceptions SERIES: labtool's options for the kinds of pages that this kernel can't make.
hard_exceptions() {
  say --cannot unaccepted
  # Large folios in the page cache came with 5.16, in XFS with 5.18.
  [[ $1 != 5.10 ]] || say --cannot large-cache
}

# ---------------------------------------------------------------- vmcores and the program under test

# vmcore_path KERNEL CPU [hard]: the path of such a vmcore in the cache. The name of a hard one has a checksum of the guests' helper, which
# makes the hard pages.
vmcore_path() {
  local words=$*
  [[ $words != *hard ]] || words+=-$(cat "$lab_dir"/guest/*.[ch] | sha256sum | cut -c1-8)
  say "$cache_dir/vmcores/${words// /-}.vmcore"
}

# Sets program, unless it is set, to the release build of this repo, and builds that again if its sources are newer.
find_program() {
  if [[ -z $program ]]; then
    program=$repo_dir/.build/release/oldmemfs
    is_up_to_date "$program" "$repo_dir/Sources" "$repo_dir/Package.swift" || { need_build_tools; build_program; }
  fi
  [[ -x $program ]] || die "$program is no program."
}

# ---------------------------------------------------------------- the host tool

# Builds Tests/labtool if its sources have changed. Leaves its path in $labtool.
build_labtool() {
  local scratch_path=$repo_dir/.build-labtool
  labtool=$scratch_path/release/labtool
  ! is_up_to_date "$labtool" "$tests_dir/labtool/Sources" "$tests_dir/labtool/Package.swift" || return 0
  command -v swift >/dev/null || die "swift is missing: install a Swift 6 toolchain and put it on the PATH."
  build_with_swift labtool "$scratch_path" -c release --package-path "$tests_dir/labtool" --product labtool
  touch "$labtool"
}
