# shellcheck shell=bash
# Real vmcores for tests on this machine. Sourced, after a lib.sh.

# need_vmcore [SERIES [CPU]]: leaves the path of a vmcore of that kernel in $vmcore (see Tests/vm/vmcore). Don't write to it: copy it.
# shellcheck disable=SC2034  # read by whoever calls it
need_vmcore() {
  vmcore=$("$(dirname "${BASH_SOURCE[0]}")/vmcore" "${1:-6.12}" "${2:-max}") || die "there is no vmcore of kernel ${1:-6.12}."
}
