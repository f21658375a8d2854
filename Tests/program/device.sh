# shellcheck shell=bash disable=SC2154  # who sources it has $vmcore
# A memory device for tests: a file. Sourced by run and staying.

# make_device FILE: a memory device with the vmcore's memory: each PT_LOAD's bytes at their physical address. The PT_LOAD of the kernel's
# text, in the last 2 GiB of virtual addresses, is left out: another one holds the same memory.
make_device() {
  local offset virtual physical size
  truncate -s 0 "$1"
  load_segments "$vmcore" | while read -r offset virtual physical size; do
    ((virtual < -0x80000000 || virtual >= 0)) || continue
    dd if="$vmcore" of="$1" bs=4096 conv=notrunc,sparse status=none iflag=skip_bytes,count_bytes oflag=seek_bytes \
      skip="$offset" seek="$physical" count="$size"
  done
}
