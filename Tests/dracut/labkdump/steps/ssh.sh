# shellcheck shell=bash disable=SC2154  # /etc/labkdump.conf sets SSH_HOST, SSH_DIRECTORY, SSH_KEY and COLLECTOR
# Sends the dump over ssh, with the commands of kdump-utils (dump_ssh of dracut/99kdumpbase/kdump.sh, 1.0.61) and a sync, but without a seed for the
# random numbers in the image.
set -o pipefail
over_ssh() { ssh -i "$SSH_KEY" -o BatchMode=yes -o StrictHostKeyChecking=yes "$SSH_HOST" "$@"; }
if over_ssh mkdir -p "$SSH_DIRECTORY" \
  && $COLLECTOR -F /proc/vmcore | over_ssh "umask 0077 && dd bs=512 of='$SSH_DIRECTORY/vmcore-incomplete'" \
  && over_ssh "mv '$SSH_DIRECTORY/vmcore-incomplete' '$SSH_DIRECTORY/vmcore.flat' && sync"; then
  tell "captured, $(available) KiB available"
  end
fi
tell "capture failed"
exit 1
