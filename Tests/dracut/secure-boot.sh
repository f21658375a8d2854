# shellcheck shell=bash
# A machine with Secure Boot on, which boots as Debian does: OVMF with Microsoft's keys, shim, GRUB, kernel. Each checks the signature of
# the next. Sourced by crash.

# shellcheck disable=SC2154  # lib.sh sets it
secure_boot_tools=$cache_dir/tools/secure-boot

need_secure_boot() {
  # shellcheck disable=SC2154  # so it does this
  "$lab_dir/fetch" secure-boot
  need mformat mtools
  need sfdisk fdisk
}

# boot_securely LINE: as boot_directly, but the firmware boots from an EFI system partition. Its disk is a SATA disk, so that the disk of the
# dump stays /dev/vda.
# shellcheck disable=SC2154  # the kernel, and where files go, are the caller's
boot_securely() {
  make_boot_disk "$1"
  cp "$secure_boot_tools/OVMF_VARS_4M.ms.fd" "$work/variables.fd"
  # shellcheck disable=SC2034  # for run_machine
  boot=(
    # Only system management mode may write the flash with Secure Boot's variables.
    -machine "smm=on" -global "driver=cfi.pflash01,property=secure,value=on"
    -drive "if=pflash,unit=0,format=raw,readonly=on,file=$secure_boot_tools/OVMF_CODE_4M.ms.fd"
    -drive "if=pflash,unit=1,format=raw,file=$work/variables.fd"
    -drive "if=none,id=boot,format=raw,cache=unsafe,file=$work/boot.img" -device "ide-hd,drive=boot,bootindex=0"
  )
}

# make_boot_disk LINE: makes $work/boot.img, a disk with one partition, without a mount. mtools takes the partition's offset.
make_boot_disk() {
  local disk=$work/boot.img mib=200 partition=$work/boot.img@@1M
  truncate -s "$((mib + 2))M" "$disk"
  sfdisk --quiet "$disk" <<<$'label: gpt\nstart=1MiB, size='"${mib}MiB, type=uefi"
  mformat -i "$partition" -F -T "$((mib << 11))" ::
  mmd -i "$partition" ::/EFI ::/EFI/BOOT ::/EFI/debian
  mcopy -i "$partition" "$secure_boot_tools/shimx64.efi.signed" ::/EFI/BOOT/BOOTX64.EFI
  mcopy -i "$partition" "$secure_boot_tools/grubx64.efi.signed" ::/EFI/BOOT/grubx64.efi
  mcopy -i "$partition" "$kernel_image" ::/vmlinuz
  mcopy -i "$partition" "$work/first.cpio" ::/first.cpio
  printf '%s\n' "linux /vmlinuz $1" 'initrd /first.cpio' boot | mcopy -i "$partition" - ::/EFI/debian/grub.cfg
}

# make_refused_kernels DIRECTORY: copies the kernel there as 'modified', with one byte changed, and as 'unsigned', without its signature.
make_refused_kernels() {
  local header entry middle=$(($(stat -c %s "$kernel_image") / 2))
  mkdir -p "$1"
  cp "$kernel_image" "$1/modified"
  cp "$kernel_image" "$1/unsigned"
  change_byte "$1/modified" "$middle"
  # The signature's entry, offset and size, is the fifth of the data directories in the PE32+ optional header.
  header=$(od -An -tu4 -j 60 -N 4 "$kernel_image")
  entry=$((header + 24 + 112 + 4 * 8))
  [[ $(od -An -tu4 -j $((entry + 4)) -N 4 "$kernel_image") -gt 0 ]] || die "$kernel_image has no signature."
  truncate -s "$(($(od -An -tu4 -j "$entry" -N 4 "$kernel_image")))" "$1/unsigned"
  dd if=/dev/zero of="$1/unsigned" bs=1 seek="$entry" count=8 conv=notrunc status=none
}

# change_byte FILE OFFSET: flips a bit.
change_byte() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf '%b' "\\x$(printf '%x' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
