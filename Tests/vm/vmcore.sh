# shellcheck shell=bash
# A real vmcore for tests on this machine: crashes a kernel in QEMU once and keeps what it left in the cache.
# Sourced, after a lib.sh; it does nothing by itself.

# need_vmcore [SERIES [CPU]]: leaves the path of a vmcore of that kernel in $vmcore. Only to be read: copy it first.
need_vmcore() {
  local series=${1:-6.12} cpu=${2:-max}
  vmcore=${OLDMEMFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oldmemfs}/vm/vmcores/$series-$cpu.vmcore
  [[ -e $vmcore ]] && return
  progress "crashing kernel $series for its vmcore"
  "$repo_dir/Tests/vm/cycle" --no-oldmemfs --kernel "$series" --cpu "$cpu" --save-vmcore "$vmcore" >&2
}
