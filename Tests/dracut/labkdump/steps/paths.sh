# shellcheck shell=sh
# Tells which devices the multipath device has.
for map in /sys/block/dm-*; do
  case $(cat "$map/dm/uuid") in mpath-*) tell "multipath $(cat "$map/dm/name") over" "$map"/slaves/* ;; esac
done
