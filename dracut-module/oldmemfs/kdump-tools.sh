# shellcheck shell=sh
# Sourced by kdump-tools' kdump-config after its own configuration, in a capture kernel (see real-root-hook.sh).
#
# That configuration may have changed since the image was loaded. Pages that the image's dump level leaves out are overwritten, so that the
# dump must leave them out: if MAKEDUMP_ARGS says less, they get another -d, and makedumpfile takes the last one. The ELF format (-E) would
# have some of these pages whatever the level is (see 'level'): the dump gets makedumpfile's own format.
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

# oldmemfs_level WORD...: the dump level of these options, 0 if it is not known.
oldmemfs_level() (
  level=0
  while [ $# -gt 0 ]; do
    case $1 in
      -d) level=${2:-} ;;
      -d*) level=${1#-d} ;;
    esac
    shift
  done
  case $level in [0-9] | [1-3][0-9]) echo "$level" ;; *) echo 0 ;; esac
)

# oldmemfs_raise_level LEVEL: has MAKEDUMP_ARGS leave out at least what that level does.
oldmemfs_raise_level() {
  # shellcheck disable=SC2086  # words
  oldmemfs_asked=$(oldmemfs_level $MAKEDUMP_ARGS)
  [ $((oldmemfs_asked & $1)) -ne "$1" ] || return 0
  MAKEDUMP_ARGS="$MAKEDUMP_ARGS -d $((oldmemfs_asked | $1))"
  echo "oldmemfs: the image was built for dump level $1, and kdump-tools asks for $oldmemfs_asked:" \
    "the dump's is $((oldmemfs_asked | $1))" >/dev/kmsg
}

# oldmemfs_refuse_elf WORD...: has MAKEDUMP_ARGS ask for no ELF format, if these words, which are its own, do.
oldmemfs_refuse_elf() {
  oldmemfs_kept=
  for oldmemfs_word; do
    case $oldmemfs_word in
      -E) ;;
      -E?*) oldmemfs_kept="$oldmemfs_kept -${oldmemfs_word#-E}" ;;
      *) oldmemfs_kept="$oldmemfs_kept $oldmemfs_word"; continue ;;
    esac
    echo "oldmemfs: the image was not built for the ELF format (-E), which kdump-tools asks for: the dump is in makedumpfile's own" >/dev/kmsg
  done
  MAKEDUMP_ARGS=${oldmemfs_kept# }
}

# Kdump-config's own default is 31.
if [ -n "${MAKEDUMP_ARGS:-}" ] && [ -r /run/oldmemfs/level ]; then
  oldmemfs_raise_level "$(oldmemfs_level -d "$(cat /run/oldmemfs/level)")"
  # shellcheck disable=SC2086  # words
  oldmemfs_refuse_elf $MAKEDUMP_ARGS
fi
