# shellcheck shell=sh
# Sourced by kdump-tools' kdump-config behind its own configuration, in a capture kernel (real-root-hook.sh).
#
# Where the output of makedumpfile can't be written, or there is no makedumpfile, kdump-config copies all of /proc/vmcore, by cp or scp.
# Here these first leave the record of the pages that oldmemfs overwrote beside the copy, while there is room: oldmemfs-record.STAMP, in the
# folder of vmcore.STAMP. The copy itself is what it would be, and any other one, too.

cp() {
  oldmemfs_leave_record "${KDUMP_STAMP:-}" cp "$@"
  command cp "$@"
}

scp() {
  oldmemfs_leave_record "${SSH_STAMP:-}" scp "$@"
  command scp "$@"
}

# oldmemfs_leave_record STAMP PROGRAM WORD... SOURCE TARGET: by the same words, but for source and target.
oldmemfs_leave_record() (
  stamp=$1
  shift
  case " $* " in *" /proc/vmcore "*) ;; *) exit ;; esac
  count=$#
  while [ "$count" -gt 1 ]; do
    if [ "$1" = /proc/vmcore ]; then set -- "$@" /run/oldmemfs/record; else set -- "$@" "$1"; fi
    shift
    count=$((count - 1))
  done
  beside=${1%/*}/oldmemfs-record${stamp:+.$stamp}
  shift
  if command "$@" "$beside"; then
    said="which of its pages are not the crashed kernel's is in $beside"
  else
    said="the record of its pages that are not the crashed kernel's can't be left in $beside: it is in /run/oldmemfs/record until the reboot"
  fi
  echo "oldmemfs: kdump-tools copies all of memory; $said" >/dev/kmsg
)
