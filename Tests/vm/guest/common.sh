# shellcheck shell=dash
# Shared by the init scripts of both guests. Once /proc is mounted, busybox's shell runs its applets without a PATH.

# The host shows lines of the serial console that begin with "LAB ".
tell() { echo "LAB $*" >/dev/console; }

give_up() {
  tell "failed: $*"
  stop
}

stop() {
  cd /
  # In the background, since with a device that never answers some of these commands never end.
  {
    [ -d /mnt/data ] && dmesg >/mnt/data/dmesg.txt && umount /mnt/data
    for directory in /mnt/*; do umount "$directory" 2>/dev/null; done
    sync
    poweroff -f
  } &
  sleep 30
  poweroff -n -f
  sleep 100
}

start_guest() {
  /bin/busybox mount -t proc none /proc
  mount -t sysfs none /sys
  mount -t devtmpfs none /dev
  for module in /lab/modules/*.ko; do
    # A kernel that has all of them built in.
    [ -e "$module" ] || break
    case $module in
      # A step's.
      *-ramoops.ko) continue ;;
      # For the kernel's loader.
      *-nd_pmem.ko) [ ! -x /sbin/modprobe ] || continue ;;
      # Free regions stay free.
      *-dax_hmem.ko) insmod "$module" region_idle=1 ;;
      *) insmod "$module" ;;
    esac || tell "module $module does not load"
    # The lab loads it again.
    case $module in *-kmem.ko) ;; *) rm "$module" ;; esac
  done
}

# add_soft_reservation: adds the words of 'oldmemfs memmap' to the capture kernel's command line, if the lab asks for them.
add_soft_reservation() {
  [ "$SOFT_RESERVE" = yes ] || return 0
  words=$(oldmemfs memmap ${SWAP_MIB:+--swap "${SWAP_MIB}m"} 2>/dev/console)
  [ -n "$words" ] || give_up "oldmemfs memmap has no words"
  tell "$words"
  CAPTURE_COMMAND_LINE="$CAPTURE_COMMAND_LINE $words"
}

# await_disk DEVICE: waits until it exists.
await_disk() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -b "$1" ] && break
    sleep 0.2
  done
}

# mount_disk DEVICE DIRECTORY
mount_disk() {
  mkdir -p "$2"
  await_disk "$1"
  mount -t ext4 "$1" "$2" || give_up "$1 can't be mounted"
}
