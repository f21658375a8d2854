# shellcheck shell=bash
# Where the parts of an initramfs image lie, and how its first stage is compressed. Sourced by pack and repack, whose die() says what
# went wrong.

# compress_stage FORM: standard input as xz, or, where FORM is none, as it is. A kernel's xz has no branch filters; a larger dictionary
# saves nothing, and is memory that the kernel takes.
compress_stage() { if [[ $1 == xz ]]; then xz -T1 --format=xz --check=crc32 --lzma2=preset=9e,dict=64KiB; else cat; fi; }

# image_bytes IMAGE OFFSET COUNT
image_bytes() { tail -c "+$(($2 + 1))" "$1" | head -c "$3" 2>/dev/null || :; }

# is_archive IMAGE OFFSET: whether an uncompressed archive begins there.
is_archive() { [[ $(image_bytes "$1" "$2" 6 | tr -d '\0') == 07070[12] ]]; }

# archive_end IMAGE OFFSET: where the uncompressed archive that begins there ends, its trailer included. Entry by entry: file contents
# may look like anything.
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
