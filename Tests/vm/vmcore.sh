# shellcheck shell=bash
# A real vmcore for tests on this machine. Sourced, after a lib.sh; it does nothing by itself.

# need_vmcore [SERIES [CPU]]: leaves the path of a vmcore of that kernel in $vmcore; Tests/vm/vmcore tells what it is.
# Only to be read: copy it first.
# shellcheck disable=SC2034  # read by whoever calls it
need_vmcore() {
  vmcore=$("$(dirname "${BASH_SOURCE[0]}")/vmcore" "${1:-6.12}" "${2:-max}") || die "there is no vmcore of kernel ${1:-6.12}."
}
