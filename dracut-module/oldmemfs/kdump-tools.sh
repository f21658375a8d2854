# shellcheck shell=sh
# Sourced by kdump-tools' kdump-config after its own configuration, in a capture kernel (see real-root-hook.sh).
#
# If makedumpfile fails or is missing, kdump-config copies all of /proc/vmcore with cp or scp. These two functions first write the record
# of the pages that oldmemfs overwrote into the same folder, while there is room: oldmemfs-record.STAMP beside vmcore.STAMP. The copy
# itself does not change, and no other copy does.

cp() {
  oldmemfs_leave_record "${KDUMP_STAMP:-}" cp "$@"
  command cp "$@"
}

scp() {
  oldmemfs_leave_record "${SSH_STAMP:-}" scp "$@"
  command scp "$@"
}

# oldmemfs_leave_record STAMP PROGRAM WORD... SOURCE TARGET: copies the record with the same program and options.
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
