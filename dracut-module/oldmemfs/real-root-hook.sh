#!/bin/sh
# A hook of an initramfs that hands over to the installed system: the last of initramfs-tools' init-bottom, or of dracut's pre-pivot.
#
# Where kdump-tools of that system takes the dump, and makedumpfile's can't be had, it copies all of /proc/vmcore, with the pages that
# oldmemfs overwrote. This leaves the record of these in /run, which the system keeps, and has kdump-tools put it beside such a copy:
# in front of the system's /etc/default/kdump-tools lies a copy that sources kdump-tools.sh, too. Until its end the process that serves
# /oldmem goes on with the record.
#
# It needs a shell, cat, mkdir and mount. Whatever fails, the capture goes on as it would without this, and a line says why. In a
# subshell, as dracut sources it.
(
  root=${rootmnt:-${NEWROOT:-/sysroot}} conf=/etc/default/kdump-tools left=/run/oldmemfs
  umask 077

  say() { echo "oldmemfs: $*" >/dev/kmsg; } 2>/dev/null

  # is_mounted PLACE TYPE
  is_mounted() {
    while read -r _ place type _; do
      # shellcheck disable=SC2254  # a pattern
      case "$place $type" in "$1 "$2) return 0 ;; esac
    done </proc/mounts
    return 1
  }

  # What the first stage left when it gave old memory up half-way is all there is.
  leave_record() {
    if is_mounted /oldmem fuse.oldmemfs; then /oldmemfs record /oldmem --to "$left/record"; else cat /oldmemfs.record >"$left/record"; fi
  }

  leave() {
    is_mounted /run '*' || { echo "/run is nothing that the system keeps"; return 1; }
    [ ! -L "$root$conf" ] || { echo "$conf is a link"; return 1; }
    mkdir -p "$left" && leave_record && cat /usr/lib/oldmemfs/kdump-tools.sh >"$left/kdump-tools.sh" || return
    { cat "$root$conf" && echo && echo "[ ! -r $left/kdump-tools.sh ] || . $left/kdump-tools.sh"; } >"$left/kdump-tools" || return
    mount -o bind "$left/kdump-tools" "$root$conf"
  }

  # A link may lead nowhere from here.
  [ -e "$root$conf" ] || [ -L "$root$conf" ] || exit 0
  { [ -e /oldmemfs.record ] || is_mounted /oldmem fuse.oldmemfs; } || exit 0
  if why=$(leave 2>&1); then
    say "the record of overwritten pages is in $left/record, for kdump-tools to leave beside a copy of all memory"
  else
    # shellcheck disable=SC2086  # one line of all its words
    say "kdump-tools would leave no record of overwritten pages beside a copy of all memory:" $why
  fi
)
