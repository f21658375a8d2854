#!/bin/bash
# shellcheck disable=SC2154  # dracut sets moddir, initdir, kernel and the like
# The lab's capture module. It has the hooks, the order of services and the options of kdump-utils' 99kdumpbase, which Debian does not
# package: a capture service after the mounts of initrd.target and dracut's hooks, an emergency service that takes the failure action, and
# no switch of the root.

check() { return 255; }

depends() { echo "base shutdown"; }

install() {
  local file
  inst_multiple cat cp cut date dd dirname head logger mkdir mount mv printf sed stat sync tail awk umount rm grep sort tr uname sleep dmesg
  inst /etc/labkdump.conf
  inst_simple "$moddir/capture.sh" /usr/bin/labkdump
  inst_simple "$moddir/mount.oldmemfs" /usr/sbin/mount.oldmemfs
  for file in "$moddir"/steps/*.sh; do inst_simple "$file" "/usr/lib/labkdump/${file##*/}"; done
  inst_multiple makedumpfile
  # In an older suite, makedumpfile's own loader and libraries.
  while read -r file; do inst_simple "$file"; done < <(find /usr/lib/lab-makedumpfile -type f 2>/dev/null)
  add_files_at_the_root
  if dracut_module_included systemd; then
    inst_simple "$moddir/kdump-capture.service" "$systemdsystemunitdir/kdump-capture.service"
    $SYSTEMCTL -q --root "$initdir" add-wants initrd.target kdump-capture.service
    inst_simple "$moddir/emergency.service" "$systemdsystemunitdir/labkdump-emergency.service"
    mv "$initdir/$systemdsystemunitdir/labkdump-emergency.service" "$initdir/$systemdsystemunitdir/emergency.service"
    ln -sf emergency.service "$initdir/$systemdsystemunitdir/dracut-emergency.service"
    mkdir -p "$initdir/etc/systemd/system.conf.d" "$initdir/etc/systemd/journald.conf.d"
    printf '[Manager]\nDefaultTimeoutStartSec=300s\n' >"$initdir/etc/systemd/system.conf.d/99-kdump.conf"
    printf '[Journal]\nStorage=volatile\nReadKMsg=no\nForwardToConsole=yes\n' \
      >"$initdir/etc/systemd/journald.conf.d/99-kdump.conf"
    for file in initrd-cleanup.service initrd-parse-etc.service; do
      sed -i '/\[Unit\]/a ConditionPathExists=!/proc/vmcore' "$initdir/$systemdsystemunitdir/$file"
    done
  else
    inst_hook pre-pivot 99 "$moddir/capture.sh"
  fi
  # Gone since 111.
  ! type -t dracut_no_switch_root >/dev/null || dracut_no_switch_root
}

# Files at the image's root, as an administrator may include there: one of 9 KiB, and another name of a program. steps/survive.sh looks
# at them.
add_files_at_the_root() {
  seq 2000 >"$initdir/lab-numbers"
  ln -f "$initdir/usr/bin/makedumpfile" "$initdir/lab-makedumpfile"
}
