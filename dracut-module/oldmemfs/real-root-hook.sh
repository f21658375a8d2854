#!/bin/sh
# Prepares the installed system, in which kdump-tools takes the dump: the last hook of initramfs-tools' init-bottom or dracut's pre-pivot.
#
# The system's sysctl.conf and sysctl.d are for its own memory: huge pages or a reserve would leave the capture none. With a drop-in in /run,
# systemd-sysctl applies only what kdump-tools has put there for the capture.
#
# If kdump-tools of that system can't have makedumpfile's dump, it copies all of /proc/vmcore, and with it the pages that oldmemfs
# overwrote. This hook leaves their record in /run, which the system keeps. Over the system's /etc/default/kdump-tools it mounts a copy
# that also sources kdump-tools.sh, which puts the record beside such a copy. The daemon of /oldmem updates the record until it ends.
# kdump-tools.sh also gets the dump level of the mount.
#
# The hook needs a shell, cat, mkdir and mount. If one of them fails, the capture goes on as without it, and a line says why. It runs in a
# subshell, since dracut sources it.
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

  leave_sysctl() (
    units=/run/systemd/system/systemd-sysctl.service.d
    umask 022
    mkdir -p $units && printf '%s\n' '[Service]' ExecStart= \
      'ExecStart=-/bin/sh -c "exec /lib/systemd/systemd-sysctl /run/sysctl.d/*-kdump.conf"' >$units/50-oldmemfs.conf
  )

  # Without a mount, the record is the one that the first stage wrote when it gave old memory up.
  leave_record() {
    if is_mounted /oldmem fuse.oldmemfs; then /oldmemfs record /oldmem --to "$left/record"; else cat /oldmemfs.record >"$left/record"; fi
  }

  leave() {
    is_mounted /run '*' || { echo "/run is nothing that the system keeps"; return 1; }
    [ ! -L "$root$conf" ] || { echo "$conf is a link"; return 1; }
    mkdir -p "$left" && leave_record && cat /usr/lib/oldmemfs/kdump-tools.sh >"$left/kdump-tools.sh" || return
    [ ! -r /etc/oldmemfs.level ] || cat /etc/oldmemfs.level >"$left/level"
    { cat "$root$conf" && echo && echo "[ ! -r $left/kdump-tools.sh ] || . $left/kdump-tools.sh"; } >"$left/kdump-tools" || return
    mount -o bind "$left/kdump-tools" "$root$conf"
  }

  # The target of a link may not exist from here.
  [ -e "$root$conf" ] || [ -L "$root$conf" ] || exit 0
  ! is_mounted /run '*' || leave_sysctl || say "the system's sysctl is applied in the capture"
  { [ -e /oldmemfs.record ] || is_mounted /oldmem fuse.oldmemfs; } || exit 0
  if why=$(leave 2>&1); then
    say "the record of overwritten pages is in $left/record, for kdump-tools to leave beside a copy of all memory"
  else
    # shellcheck disable=SC2086  # one line of all its words
    say "kdump-tools would leave no record of overwritten pages beside a copy of all memory:" $why
  fi
)
