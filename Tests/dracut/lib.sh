# shellcheck shell=bash
# Shared by the dracut tests: root trees of Debian suites, kdump-tools, the record of overwritten pages, NFS, the module under test.
# Sourced by the scripts here and by ../bench/crashkernel.

# shellcheck source=../vm/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

# shellcheck disable=SC2034  # read by image and crash
dracut_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
module_dir=$repo_dir/dracut-module
dracut_cache=$cache_root/dracut
# Debian's suites by the dracut that they have.
declare -A dracut_suites=([059]=bookworm [106]=trixie [newest]=sid)

# ---------------------------------------------------------------- root trees

# The packages that building an image needs, by names that are the same in all suites. Busybox is static, since dracut's squash module
# copies it into the first stage without its libraries.
tree_packages=(systemd systemd-sysv udev kmod e2fsprogs nfs-common iproute2 iputils-arping cpio zstd xz-utils squashfs-tools
  erofs-utils util-linux procps bash binutils dracut dracut-core dracut-network dbus busybox-static makedumpfile netbase)
# Packages that the newest suite has by another name, or in dracut-core.
older_packages=(dracut-squash isc-dhcp-client)
newest_packages=(dhcpcd-base)

# use_tree DRACUT: sets tree to a root tree of the suite with that version of dracut. Makes it if the cache has none.
use_tree() {
  local suite=${dracut_suites[$1]:-}
  [[ -n $suite ]] || die "unknown dracut '$1': it is one of ${!dracut_suites[*]}."
  tree=$dracut_cache/trees/$suite
  if [[ $1 == newest ]]; then
    suite_packages=("${tree_packages[@]}" "${newest_packages[@]}")
  else
    suite_packages=("${tree_packages[@]}" "${older_packages[@]}")
  fi
  if [[ -e $tree/usr/bin/dracut ]]; then complete_tree; else make_tree "$suite"; fi
}

# Installs missing packages in an older tree.
complete_tree() {
  local package missing=()
  for package in "${suite_packages[@]}"; do
    [[ -e $tree/var/lib/dpkg/info/$package.list || -e $tree/var/lib/dpkg/info/$package:amd64.list ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  progress "installing ${missing[*]} in $tree"
  cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
  { chroot "$tree" apt-get update -qq && chroot "$tree" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" </dev/null; } >"$dracut_cache/packages.log" 2>&1 || die "see $dracut_cache/packages.log"
}

# make_tree SUITE: makes $tree with $suite_packages.
make_tree() {
  make_scratch "$dracut_cache/trees"
  make_root_tree "$1" "$scratch/root" "$dracut_cache/$1.log" "${suite_packages[@]}"
  mv "$scratch/root" "$tree"
}

# Has the rest of a script run in a mount name space of its own, so that no mount is left: in_own_mounts "$@".
in_own_mounts() {
  [[ ${1:-} == -h || ${1:-} == --help || -n ${OLDMEMFS_UNSHARED:-} ]] \
    || OLDMEMFS_UNSHARED=yes exec unshare --mount --propagation private -- "$0" "$@"
}

# Sets tree to an overlay over it, in $work.
use_overlay() {
  mkdir "$work"/{over,other,tree}
  mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/over,workdir=$work/other" "$work/tree"
  tree=$work/tree
}

# Sets tree to an overlay over that of dracut 106, with the kernel 6.12 and makedumpfile, and without any kdump service. The tree below stays
# locked until 'flock -u "$lock"'.
use_bare_system() {
  use_kernel 6.12
  use_tree 106
  exec {lock}>"$tree.lock"
  flock "$lock"
  add_kernel_to_tree
  add_makedumpfile_to_tree
  use_overlay
  # Also what a run of 'services' left that was killed.
  rm -rf "$tree"/usr/lib/dracut/modules.d/{9*labkdump,98kdump,98kdumpbase} \
    "$tree"/etc/{oldmemfs.conf,kdump.conf,default/kdump-tools,sysconfig/kdump,dracut.conf.d/99-oldmemfs.conf}
}

# in_tree DIRECTORY COMMAND...: runs a command in the tree, with /proc, /sys and /dev, and the host's DIRECTORY as /mnt. The mounts end
# with the command. $in_name_space are words before it (nsenter).
in_name_space=()
in_tree() {
  local host=$1
  shift
  # shellcheck disable=SC2016  # the words are the inner shell's
  "${in_name_space[@]}" unshare --mount --propagation private -- bash -c '
    tree=$1 host=$2; shift 2
    mount -t proc none "$tree/proc" && mount --rbind /dev "$tree/dev" && mount -t sysfs -o ro none "$tree/sys" \
      && mount -t tmpfs none "$tree/run" && mount --bind "$host" "$tree/mnt" \
      && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C TMPDIR=/tmp HOME=/root chroot "$tree" "$@"
  ' in_tree "$tree" "$host" "$@"
}

# in_system COMMAND...: runs it in the tree, with $work as /mnt, on a machine that has loaded virtio_blk alone. Its output is in $log.
in_system() {
  # shellcheck disable=SC2016  # the words are the inner shell's
  in_tree "$work" bash -c '
    mkdir /run/proc && mount --bind /proc /run/proc && mount -t tmpfs none /proc && ln -s /run/proc/* /proc/ && rm -f /proc/modules \
      && echo "virtio_blk 20480 1 - Live 0x0" >/proc/modules && exec "$@"' in_system "$@" >"$log" 2>&1
}

# Shows the end of $log. Systemd's programs complain of the /proc that in_system makes.
show_build() { LC_ALL=C grep -av '/proc/\|mileage\|Creating' "$log" | tail -n 30 | cut -c1-160 || :; }

# keep_log NAME: keeps $log where it is after the run, and says where.
keep_log() {
  mkdir -p "$dracut_cache/runs"
  cp "$log" "$dracut_cache/runs/$1.log"
  say "        see $dracut_cache/runs/$1.log"
}

# Copies the modules of the kernel in use to the tree. The same release may be there with more of its modules, or fewer.
add_kernel_to_tree() {
  local modules=$tree/usr/lib/modules/$kernel_release
  ! cmp -s "$modules/modules.dep" "$kernel_dir/lib/modules/$kernel_release/modules.dep" || return 0
  mkdir -p "${modules%/*}"
  rm -rf "$modules.partial"
  cp -a "$kernel_dir/lib/modules/$kernel_release" "$modules.partial"
  rm -rf "$modules"
  mv "$modules.partial" "$modules"
}

# add_lab_module DIRECTORY: adds the lab's capture module to dracut's modules there, and what it takes from the packages.
add_lab_module() {
  cp -r "$dracut_dir/labkdump" "$1/98labkdump"
  cp "$module_dir/package/mount.oldmemfs" "$1/98labkdump/"
}

# Copies the lab's makedumpfile, which is as new as the kernels, to the tree. It runs with the tree's libraries, or with its own if those
# of an older suite lack a symbol.
add_makedumpfile_to_tree() {
  local own=$tree/usr/lib/lab-makedumpfile
  rm -rf "$own"
  cp -L "$cache_dir/tools/makedumpfile/makedumpfile.bin" "$tree/usr/bin/makedumpfile"
  if chroot "$tree" /usr/bin/makedumpfile -v >/dev/null 2>&1; then return; fi
  cp -a "$cache_dir/tools/makedumpfile" "$own"
  printf '#!/bin/sh\nexec /usr/lib/lab-makedumpfile/makedumpfile "$@"\n' >"$tree/usr/bin/makedumpfile"
}

# ---------------------------------------------------------------- kdump-tools

# add_kdump_tools ROOT SUITE: installs that suite's kdump-tools and the files that its scripts source, in a system of dash and busybox.
add_kdump_tools() {
  local root=$1 files=$cache_dir/tools/kdump-tools/$2 word
  mkdir -p "$root"/{bin,sbin,usr,etc/default,dev,proc,sys,run,tmp,lib/lsb,lib/init,var/crash}
  cp -r "$files/usr/sbin" "$root/usr/"
  cp -r "$files/etc/init.d" "$root/etc/"
  # As its maintainer script does.
  sed 's/USE_KDUMP=0/USE_KDUMP=1/' "$files/usr/share/kdump-tools/kdump-tools.conf" >"$root/etc/default/kdump-tools"
  cp /lib/lsb/init-functions "$root/lib/lsb/"
  cp /lib/init/vars.sh "$root/lib/init/"
  rm -f "$root/bin/sh"
  add_program "$root" "$(command -v dash)" /bin/sh
  cp "$(command -v busybox)" "$root/bin/busybox"
  for word in cp cat date dd echo find grep head hostname ip ln logger ls mkdir mount mv reboot rm sed sleep sort sync tail tr uname wc \
    xargs; do
    ln -sf busybox "$root/bin/$word"
  done
}

# ---------------------------------------------------------------- the record of overwritten pages

# recorded_pages RECORD: the page numbers on it, sorted as text.
recorded_pages() { awk '!/^#/ { for (page = $1; page < $1 + $2; page++) print page }' "$1" | LC_ALL=C sort -u; }

# copy_memory PID: stops the machine while its memory, $work/memory, is copied to $out. The moment is the capture kernel's first line, long
# before the initramfs starts.
copy_memory() {
  kill -STOP "$1"
  cp --sparse=always "$work/memory" "$out/memory"
  if grep -aq 'oldmemfs: ' "$out/serial.log"; then say "the machine's memory was copied too late"; fi
  kill -CONT "$1"
}

# as_memory_was VMCORE: makes $work/before, a copy of it with the memory in $work/out/memory.
as_memory_was() {
  local offset physical size
  cp "$1" "$work/before"
  load_segments "$1" | while read -r offset _ physical size; do
    dd if="$work/out/memory" of="$work/before" bs=1M iflag=skip_bytes,count_bytes oflag=seek_bytes conv=notrunc status=none \
      skip="$physical" seek="$offset" count="$size"
  done
}

# record_agrees RECORD BEFORE AFTER: passes if each page that differs between the two vmcores is on the record, and nearly each page on it
# differs. Leaves the counts in $told.
record_agrees() {
  local changed unlisted recorded
  make_scratch "${TMPDIR:-/tmp}"
  recorded_pages "$1" >"$scratch/recorded"
  load_segments "$2" >"$scratch/segments"
  { cmp -l "$2" "$3" || :; } | awk -v segments="$scratch/segments" '
    BEGIN {
      while ((getline line <segments) > 0) { n++; split(line, part, " "); offset[n] = part[1]; physical[n] = part[3]; size[n] = part[4] }
    }
    { for (i = 1; i <= n; i++) if ($1 > offset[i] && $1 <= offset[i] + size[i]) print int((physical[i] + $1 - 1 - offset[i]) / 4096) }
  ' | uniq | LC_ALL=C sort -u >"$scratch/changed"
  changed=$(wc -l <"$scratch/changed")
  recorded=$(wc -l <"$scratch/recorded")
  unlisted=$(LC_ALL=C comm -23 "$scratch/changed" "$scratch/recorded" | wc -l)
  told="$changed pages differ from what they were, $recorded are on the record"
  [[ $unlisted -eq 0 ]] \
    || told+=", $unlisted that differ are not: $(LC_ALL=C comm -23 "$scratch/changed" "$scratch/recorded" | head -n 3 | paste -sd' ') …"
  [[ $changed -gt 0 && $unlisted -eq 0 && $((changed * 100)) -ge $((recorded * 99)) ]]
}

# ---------------------------------------------------------------- NFS

# The path that the NFS server exports, and the capture kernel's mount options: without lock daemon and port mapper.
# shellcheck disable=SC2034  # read by image
nfs_export=$dracut_cache/nfs
# shellcheck disable=SC2034
nfs_options=vers=3,proto=tcp,mountproto=tcp,port=2049,mountport=20048,nolock

# The address of a server's network card that leads to the NFS server.
# shellcheck disable=SC2034  # read by crash
card_address=52:54:00:6c:61:62

# ---------------------------------------------------------------- the module under test

# Sets first_stage to the first stage's program: OLDMEMFS_FIRST_STAGE, or this repo's, built again if its sources are newer.
build_first_stage() {
  first_stage=${OLDMEMFS_FIRST_STAGE:-}
  [[ -z $first_stage ]] || return 0
  first_stage=$repo_dir/.build/release/oldmemfs-initramfs
  ! is_up_to_date "$first_stage" "$repo_dir/Sources" "$repo_dir/Package.swift" || return 0
  need_build_tools
  build_with_swift "the first stage's program" "$repo_dir/.build" -c release --package-path "$repo_dir" --product oldmemfs-initramfs
  touch "$first_stage"
}

install_module() {
  build_first_stage
  "$module_dir/install" --program "$first_stage" "$tree" >/dev/null
}

# is_two_stage DIRECTORY IMAGE: by what repack says, with the module that is installed in DIRECTORY.
is_two_stage() { "$module_dir/repack" --dir "$1" "$2" | grep 'two-stage already'; }

# payload_name IMAGE: the offset of the payload's name, which follows its header of 110 bytes; nothing if the image has no payload. Nothing
# before it has the name uncompressed, as pack compresses the first stage by default.
payload_name() { LC_ALL=C grep -aobFm1 oldmemfs.payload "$1" | head -n 1 | cut -d: -f1; }

# payload IMAGE: prints the payload of a two-stage image, unpacked.
payload() (
  # shellcheck source=../../dracut-module/oldmemfs/archive.sh
  source "$module_dir/oldmemfs/archive.sh"
  at=$(payload_name "$1")
  size=$((16#$(image_bytes "$1" $((at - 56)) 8)))
  # After the xz stream comes the seal, which xz complains of.
  image_bytes "$1" $((at + 18)) "$size" | xz -dc --single-stream 2>/dev/null || :
)
