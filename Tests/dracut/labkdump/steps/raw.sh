# shellcheck shell=bash disable=SC2154  # /etc/labkdump.conf sets RAW and COLLECTOR
# Takes the dump to the raw device RAW, with the commands of kdump-utils (dump_raw of dracut/99kdumpbase/kdump.sh, 1.0.61).
set -o pipefail
tries=20
until [ -b "$RAW" ] || [ "$tries" = 0 ]; do
  sleep 0.5
  tries=$((tries - 1))
done
if [ -b "$RAW" ] && $COLLECTOR -F /proc/vmcore | dd of="$RAW" bs=512; then
  sync
  tell "captured, $(available) KiB available"
  end
fi
tell "capture failed"
exit 1
