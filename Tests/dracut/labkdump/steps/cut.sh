# shellcheck shell=sh disable=SC2154  # /etc/labkdump.conf sets TARGET
# When a part of the dump is written, asks the host to cut the network.
(
  until [ "$(stat -c %s "$TARGET/dump/vmcore.partial" 2>/dev/null || echo 0)" -gt 2000000 ]; do sleep 0.1; done
  tell "cut the network"
) &
