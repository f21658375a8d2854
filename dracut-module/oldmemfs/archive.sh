# shellcheck shell=bash
# Finds the parts of an initramfs image, and compresses its first stage. Sourced by pack, repack and check, which define die().

# compress_stage FORM: compresses standard input with xz, or copies it if FORM is none. The kernel's xz has no branch filters. A larger
# dictionary would save nothing and cost the kernel memory.
compress_stage() { if [[ $1 == xz ]]; then xz -T1 --format=xz --check=crc32 --lzma2=preset=9e,dict=64KiB; else cat; fi; }

# image_bytes IMAGE OFFSET COUNT: fewer at the image's end, or if the reader wants no more. Of that dd complains where SIGPIPE is ignored, as
# in a service.
image_bytes() { dd if="$1" iflag=skip_bytes,count_bytes skip="$2" count="$3" bs=64K status=none 2>/dev/null || :; }

# is_archive IMAGE OFFSET: whether an uncompressed archive begins there.
is_archive() { [[ $(image_bytes "$1" "$2" 6 | tr -d '\0') == 07070[12] ]]; }

# archive_end IMAGE OFFSET: the offset behind the trailer of the uncompressed archive that begins there. It goes from entry to entry,
# since a file's contents may look like a trailer.
archive_end() {
  local image=$1 offset=$2 header name_bytes size
  while :; do
    header=$(image_bytes "$image" "$offset" 110 | tr -d '\0')
    [[ $header == 07070[12]* && ${#header} -eq 110 ]] || die "$image is damaged at byte $offset."
    size=$((16#${header:54:8})) name_bytes=$((16#${header:94:8}))
    if [[ $name_bytes -eq 11 && $(image_bytes "$image" $((offset + 110)) 10 | tr -d '\0') == 'TRAILER!!!' ]]; then break; fi
    offset=$(((offset + 110 + name_bytes + 3) / 4 * 4))
    offset=$(((offset + size + 3) / 4 * 4))
  done
  echo $(((offset + 110 + 11 + 3) / 4 * 4))
}

# skip_zeros IMAGE OFFSET: the next byte that is not zero; the image's end if there is none.
skip_zeros() {
  local size found
  size=$(stat -c %s "$1")
  found=$(image_bytes "$1" "$2" "$size" | LC_ALL=C grep -obaPm1 '[^\x00]' 2>/dev/null | head -n 1 | cut -d: -f1)
  if [[ -n $found ]]; then echo $(($2 + found)); else echo "$size"; fi
}
