#!/bin/bash
# shellcheck disable=SC2154  # dracut sets moddir, initdir, kernel and the like
# oldmemfs: a dracut module that puts a kdump initramfs into the crashed kernel's memory. See README.md, "Use it for kdump".

# 255: the module is only added on request.
check() {
  [[ -x $moddir/oldmemfs ]] || return 1
  require_binaries cpio xz || return 1
  [[ " $dracutmodules $add_dracutmodules $force_add_dracutmodules " != *" oldmemfs "* ]] || leave_squash_out
  return 255
}

# kdump-utils asks for a squash module, unless its dracut_args have --no-compress. With one, dracut calls no compressor, and with that not
# pack. check() runs in dracut's own shell, before any squash module is looked at.
leave_squash_out() {
  local list word words directory
  for list in dracutmodules add_dracutmodules; do
    words=""
    for word in ${!list}; do [[ $word == squash* ]] || words+=" $word"; done
    # Dracut compares the list with "all".
    printf -v "$list" %s "${words# }"
  done
  # refuse_squash() tells of one that is forced.
  [[ $force_add_dracutmodules != *squash* ]] || return 0
  for directory in "$dracutbasedir"/modules.d/[0-9][0-9]squash*/; do omit_dracutmodules+=" $(basename "$directory" | cut -c3-) "; done
}

# Fails the build if a squash module is there all the same: the image would be in one stage, and too large for a small reservation.
refuse_squash() {
  if dracut_module_included squash || dracut_module_included squash-lib; then
    dfatal "oldmemfs: dracut's squash module makes an image in one stage: leave it out (--force-add?), or oldmemfs"
    exit 1
  fi
}

depends() { echo base; }

# Also in an image for this host, which may have loaded none of them. They depend on the capture, not on the host's devices.
installkernel() {
  hostonly="" instmods fuse dax_hmem kmem device_dax 2>/dev/null || :
  # For swap without a payload (payload=no).
  ! oldmemfs_settings | grep -q '^swap=' || hostonly="" instmods nd_e820 nd_pmem dm-mod 2>/dev/null || :
}

# Prints the settings of the first stage. Those of /etc/oldmemfs.conf come last, so that they win.
oldmemfs_settings() {
  local action
  echo "level=$("$moddir/level" "$dracutsysrootdir/")"
  # If makedumpfile fails, kdump-tools copies all of /proc/vmcore, where RAM that was added can't be read.
  [[ ! -e $dracutsysrootdir/etc/default/kdump-tools ]] || echo "ram=no"
  action=$(sed -n 's/^[[:space:]]*\(failure_action\|default\)[[:space:]]\{1,\}\([a-z_]*\).*/\2/p' "$dracutsysrootdir/etc/kdump.conf" 2>/dev/null | tail -n 1)
  [[ -z $action ]] || echo "failure_action=$action"
  [[ ! -r $dracutsysrootdir/etc/oldmemfs.conf ]] || grep -E '^[a-z_]+=' "$dracutsysrootdir/etc/oldmemfs.conf"
}

install() {
  local module words
  refuse_squash
  oldmemfs_settings >"$DRACUT_TMPDIR/oldmemfs.settings"
  install_level
  # oldmemfs-stage needs dd, grep, mkdir, rm, sed and tail.
  inst_multiple -o umount mount stat dd grep mkdir rm sed tail
  inst_simple "$moddir/stage" /usr/bin/oldmemfs-stage
  install_real_root_hook
  keep_sysctl_away
  # The program itself stays in memory, in the root directory.
  ln -sf /oldmemfs "$initdir/usr/bin/oldmemfs"
  if grep -q '^payload=no' "$DRACUT_TMPDIR/oldmemfs.settings"; then
    install_without_payload
    return
  fi
  # Dracut looks up by the compressor's name which of the kernel's options it needs. For cat it is none.
  mkdir -p "$DRACUT_TMPDIR/oldmemfs"
  ln -sf "$moddir/pack" "$DRACUT_TMPDIR/oldmemfs/cat"
  words=("$DRACUT_TMPDIR/oldmemfs/cat" --conf "$DRACUT_TMPDIR/oldmemfs.settings" --dracut "$DRACUT_TMPDIR" --kernel "$kernel")
  for module in $("$moddir/modules" --settings "$DRACUT_TMPDIR/oldmemfs.settings" "$dracutsysrootdir/lib/modules/$kernel"); do words+=(--module "$module"); done
  ! hides_payload || words+=(--payload hidden)
  check_kernel_config CONFIG_RD_XZ || words+=(--stage none)
  # Dracut lets a module change the finished image only through its compressor: pack takes the compressor's place. install() runs in
  # dracut's own shell, before the compressor is used.
  # shellcheck disable=SC2034  # dracut's
  compress="${words[*]}"
  # Not 3cpio, which newer versions of dracut may use: it accepts no other compressor than those that it knows.
  # shellcheck disable=SC2034  # dracut's
  CPIO=cpio enhanced_cpio=""
}

# Whether to hide the payload (payload=hidden). The capture kernel must keep the image: the word for that has to be in kdump's
# configuration.
hides_payload() {
  grep -q '^payload=hidden' "$DRACUT_TMPDIR/oldmemfs.settings" || return
  # Linux before 6.8 shows the image only in /proc/kcore.
  if [[ $(printf '%s\n' 6.8 "$kernel" | sort -V | head -n 1) != 6.8 ]] && ! check_kernel_config CONFIG_PROC_KCORE; then
    dwarn "oldmemfs: payload=hidden needs Linux 6.8 or CONFIG_PROC_KCORE, and this is $kernel without it: the payload is a file"
    return 1
  fi
  grep -Eqs '^[^#]*\bretain_initrd\b' "$dracutsysrootdir"/etc/{sysconfig/kdump,default/kdump-tools} && return
  dwarn "oldmemfs: payload=hidden needs retain_initrd on the capture kernel's command line, which kdump's configuration lacks: the payload is a file"
  return 1
}

# Writes the dump level for mounts by hand, and warns if the level gains nothing.
install_level() {
  local level
  level=$(sed -n 's/^level=//p' "$DRACUT_TMPDIR/oldmemfs.settings" | tail -n 1)
  mkdir -p "$initdir/etc"
  echo "$level" >"$initdir/etc/oldmemfs.level"
  (((level & 30) != 0)) || dwarn "oldmemfs: at dump level $level nothing may be reused: this image gains nothing, and all of it will be unpacked into memory"
}

# kdump-tools takes the dump in the installed system. If it copies all of memory, the record of overwritten pages must lie beside the copy.
install_real_root_hook() {
  [[ -e $dracutsysrootdir/etc/default/kdump-tools ]] || return 0
  inst_multiple cat mkdir mount
  inst_simple "$moddir/kdump-tools.sh" /usr/lib/oldmemfs/kdump-tools.sh
  inst_hook pre-pivot 99 "$moddir/real-root-hook.sh"
}

# The host's sysctl.conf and sysctl.d are for its own memory: huge pages (vm.nr_hugepages) or a reserve (vm.min_free_kbytes) would leave the
# capture none. kdump-utils removes these files.
keep_sysctl_away() {
  mkdir -p "$initdir/etc/systemd/system/systemd-sysctl.service.d"
  printf '[Unit]\nConditionPathExists=!/proc/vmcore\n' >"$initdir/etc/systemd/system/systemd-sysctl.service.d/50-oldmemfs.conf"
}

install_without_payload() {
  inst_simple "$moddir/oldmemfs" /oldmemfs
  inst_simple "$DRACUT_TMPDIR/oldmemfs.settings" /oldmemfs.conf
  inst_hook cmdline 00 "$moddir/relocate-hook.sh"
  # Since 256, systemd mounts an initramfs's /usr read-only over itself (ProtectSystem=auto). A mount point can't be relocated.
  if dracut_module_included systemd; then
    mkdir -p "$initdir/etc/systemd/system.conf.d"
    printf '[Manager]\nProtectSystem=no\n' >"$initdir/etc/systemd/system.conf.d/50-oldmemfs.conf"
  fi
}
