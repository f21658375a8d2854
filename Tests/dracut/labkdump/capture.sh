#!/bin/sh
# The lab's capture: takes the dump to the target that /etc/labkdump.conf names, then the final action. With --failure, the failure action.
# Without systemd, dracut sources it as a hook.
# shellcheck source=/dev/null
. /etc/labkdump.conf # TARGET (a mounted directory), COLLECTOR (kdump.conf's core_collector)

tell() { echo "LAB $*" >/dev/console; }
available() { sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo; }

# Keeps the least available memory during the dump, and /proc/meminfo of that moment.
watch_memory() {
  least=$(available)
  cat /proc/meminfo >/run/tightest
  echo "$least" >/run/least
  while sleep 0.2; do
    now=$(available)
    if [ "$now" -lt "$least" ]; then
      least=$now
      cat /proc/meminfo >/run/tightest
    fi
    echo "$least" >/run/least
  done
}

# word NAME: the value of NAME=VALUE on the kernel's command line.
word() { sed -n "s/.* $1=\([a-z_-]*\).*/\1/p" /proc/cmdline; }

# As in kdump-utils' kdump.sh, nothing is synced after the dump has its name. A test names another end on the kernel's command line:
# lab.end=NAME. Nothing of it is in memory then.
end() {
  how=$(word lab.end)
  [ -z "$how" ] || echo 3 >/proc/sys/vm/drop_caches
  tell "the end begins at $(cut -d' ' -f1 /proc/uptime)"
  case $how in
    reboot | poweroff | halt) systemctl "$how" ;;
    *-now) systemctl "${how%-now}" -f ;;
    unmounted)
      umount -a
      reboot -f
      ;;
    *) if [ -n "$DRACUT_SYSTEMD" ]; then systemctl reboot -f; else sync && reboot -f; fi ;;
  esac
  sleep 300
}

if [ "$1" = --failure ]; then
  tell "failure action"
  DRACUT_SYSTEMD=1 end
fi

tell "capture begins on $(uname -r), $(available) KiB available"
[ -d /oldmem ] && tell "oldmem: $(grep ' /oldmem ' /proc/mounts) $(grep -c fuse.oldmemfs /proc/mounts) mounts"
[ -e /sys/kernel/security/lockdown ] && tell "lockdown: $(cat /sys/kernel/security/lockdown)"
tell "boost $(cat /proc/sys/vm/watermark_boost_factor)"
grep -q " $TARGET " /proc/mounts || { tell "$TARGET is not mounted"; exit 1; }
mkdir -p "$TARGET/dump"
cat /proc/meminfo >"$TARGET/dump/meminfo"
cat /proc/mounts >"$TARGET/dump/mounts"
cat /proc/cmdline >"$TARGET/dump/cmdline"
dmesg >"$TARGET/dump/dmesg" 2>/dev/null
watch_memory &
watcher=$!
# A test names a step before the dump on the kernel's command line: lab.step=NAME.
step=$(word lab.step)
if [ -n "$step" ]; then
  tell "step $step"
  # shellcheck source=/dev/null
  . "/usr/lib/labkdump/$step.sh"
fi
read -r began rest </proc/uptime
# shellcheck disable=SC2086  # options
if $COLLECTOR /proc/vmcore "$TARGET/dump/vmcore.partial"; then
  read -r ended rest </proc/uptime
  kill "$watcher"
  echo "$began $ended" >"$TARGET/dump/uptimes"
  cp /run/tightest "$TARGET/dump/tightest" 2>/dev/null
  cat /proc/slabinfo >"$TARGET/dump/slabinfo" 2>/dev/null
  sync -f "$TARGET/dump/vmcore.partial"
  mv "$TARGET/dump/vmcore.partial" "$TARGET/dump/vmcore"
  least=$(cat /run/least)
  tell "captured, $least KiB available at the tightest"
  end
fi
tell "capture failed"
exit 1
