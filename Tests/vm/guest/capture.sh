#!/bin/sh
# The init of the capture kernel: takes the steps that /lab/conf names, one function each, and writes their results to the data disk.
# A failed step ends the run, and the host then misses the line "done".
# shellcheck source=common.sh
. /lab/common.sh
# shellcheck source=/dev/null
. /lab/conf # STEPS, STEP_SECONDS, LEVEL, STORE, MOUNT_WORDS, CORRUPT_SEED, PRESSURE_SECONDS, DUMP_LEVEL, DUMP_FORMAT, and for tree.sh TREE_STEPS, TREE_SEED, LIBFUSE_VERSION

out=/mnt/data
result() { echo "$1=$2" >>$out/results; }
amount() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo; }
available() { amount MemAvailable; }

# check STEP CODE: ends the run if the step failed. Its output is in its files.
check() { [ "$2" -eq 0 ] || give_up "$1 ended with $2: $(tail -n 3 "$out/$1.err" 2>/dev/null)"; }

# dump NAME [LEVEL]: takes a dump with makedumpfile.
dump() {
  # shellcheck disable=SC2086  # the format may be no word at all
  /lab/makedumpfile/makedumpfile $DUMP_FORMAT -d "${2:-$DUMP_LEVEL}" --message-level 7 /proc/vmcore "$out/$1.kdump" \
    >"$out/dump-$1.out" 2>"$out/dump-$1.err"
  check "dump-$1" $?
}

step_dump_a() { dump a; }
step_dump_b() { dump b; }

# All of memory, with the pages that dumps of higher levels leave out.
step_full_a() { dump full_a 0; }
step_full_b() { dump full_b 0; }

step_record() {
  timeout "$STEP_SECONDS" oldmemfs record /oldmem >$out/record.txt 2>$out/record.err
  check record $?
}

step_save_core() {
  /lab/labguest save-core /proc/vmcore $out/vmcore >$out/save_core.out 2>$out/save_core.err
  check save_core $?
}

# All blocks that there are.
step_add_ram() {
  result total_before "$(amount MemTotal)"
  available_before=$(amount MemAvailable)
  result available_before "$available_before"
  timeout "$STEP_SECONDS" oldmemfs ram 1t --dry-run /proc/vmcore -o level="$LEVEL" >$out/blocks.txt 2>$out/blocks.err
  check blocks $?
  timeout "$STEP_SECONDS" oldmemfs ram 1t -o level="$LEVEL" >$out/add_ram.out 2>$out/add_ram.err
  check add_ram $?
  result total_after "$(amount MemTotal)"
  result available_after "$(amount MemAvailable)"
  cp /proc/iomem $out/iomem-ram.txt
  oldmemfs record >$out/ram-record.txt 2>$out/ram-record.err
  check ram-record $?
  tell "$(cat $out/add_ram.err)"
}

# No block is whole: oldmemfs fails with one line.
step_no_ram() {
  timeout "$STEP_SECONDS" oldmemfs ram 1t -o level="$LEVEL" >$out/no_ram.out 2>$out/no_ram.err
  result no_ram_code $?
  cp /proc/iomem $out/iomem-ram.txt
}

# Has a driver of this kernel's, ramoops, claim 1 MiB in the middle of the largest free run. It writes a few bytes to some pages there.
step_claim() {
  timeout "$STEP_SECONDS" oldmemfs scan oldmem --level 31 --ranges >$out/claim-ranges.txt 2>$out/claim.err
  check claim $?
  first=$(awk '$3 == "free" && $2 > most { most = $2; middle = $1 + int($2 / 2) } END { print middle }' $out/claim-ranges.txt)
  insmod /lab/modules/*-ramoops.ko mem_address=$((first * 4096)) mem_size=1048576 record_size=65536 \
    || give_up "ramoops can't be loaded"
  echo "$first 256" >$out/claimed
  grep ramoops /proc/iomem >$out/claim.out || give_up "/proc/iomem has no ramoops"
}

# refused_ram NAME: there is memory to add, and it can't be. What oldmemfs says, and whether all is as before, is for the host to check.
refused_ram() {
  before=$(amount MemTotal)
  timeout "$STEP_SECONDS" oldmemfs ram 128m -o level="$LEVEL" >$out/refused_ram.out 2>$out/refused_ram-"$1".err
  result "refused_ram_$1" "$?"
  result "refused_ram_$1_total" "$before-$(amount MemTotal)"
  cp /proc/iomem $out/iomem-refused-"$1".txt
}

step_refused_ram() {
  echo 1 >/proc/sys/kernel/panic_on_warn
  refused_ram warn
  echo 0 >/proc/sys/kernel/panic_on_warn
  rmmod kmem || give_up "kmem can't be unloaded"
  refused_ram module
  insmod /lab/modules/*-kmem.ko || give_up "kmem can't be loaded"
  # The kernel's own error injection (lib/memory-notifier-error-inject.c): each block that is to come online is refused.
  mount -t debugfs none /sys/kernel/debug
  echo -12 >/sys/kernel/debug/notifier-error-inject/memory/actions/MEM_GOING_ONLINE/error
  refused_ram online
  echo 0 >/sys/kernel/debug/notifier-error-inject/memory/actions/MEM_GOING_ONLINE/error
  umount /sys/kernel/debug
}

# The kernel's own memory, more than there was before; what a network card brings, up to 64 MiB; and files.
step_use_ram() {
  use_kernel_memory $((available_before / 1024 + 16))
  use_network "$(at_most 64 $(($(available) / 5120)))"
  mkdir -p /ram
  # All that is available but 48 MiB.
  mount -t tmpfs -o size="$(($(available) - 49152))k" none /ram
  timeout "$STEP_SECONDS" /lab/labguest fill /ram >$out/use_ram.out 2>$out/use_ram.err
  check use_ram $?
  timeout "$STEP_SECONDS" /lab/labguest verify /ram >$out/use_ram_verify.out 2>$out/use_ram.err
  check use_ram $?
  umount /ram
  kill "$kernel_memory"
  wait "$kernel_memory"
  check kernel_memory $?
}

# Swaps to old memory.
step_swap() {
  result available_before_swap "$(available)"
  timeout "$STEP_SECONDS" oldmemfs swap -o level="$LEVEL" >$out/swap.out 2>$out/swap.err
  check swap $?
  tell "$(cat $out/swap.err)"
  result available_after_swap "$(available)"
  cp /proc/swaps $out/swaps.txt
  oldmemfs record >$out/swap-record.txt 2>$out/swap-record.err
  check swap-record $?
  ! oldmemfs swap -o level="$LEVEL" 2>$out/swap-again.err || give_up "swap was turned on twice"
}

# Three times the memory that there is, touched at random, while makedumpfile takes a dump.
step_pressure() {
  mib=$(($(available) * 3 / 1024))
  /lab/labguest pressure "$mib" "$PRESSURE_SECONDS" >$out/pressure.out 2>/dev/console &
  pressure=$!
  sleep 1
  dump c
  wait "$pressure"
  check pressure $?
  grep -E '^(pswpin|pswpout|oom_kill) ' /proc/vmstat >$out/vmstat.txt
}

# What is swapped comes back, and the memory is as it was.
step_swap_off() {
  timeout "$STEP_SECONDS" oldmemfs swap --off >$out/swap_off.out 2>$out/swap_off.err
  check swap_off $?
  [ "$(wc -l </proc/swaps)" -eq 1 ] || give_up "swap is still on"
  ! oldmemfs swap --off 2>/dev/null || give_up "swap was turned off twice"
}

at_most() { if [ "$2" -gt "$1" ]; then echo "$1"; else echo "$2"; fi; }

# use_kernel_memory MIB: leaves it to the process kernel_memory, which verifies it in the end.
use_kernel_memory() {
  /lab/labguest kernel-memory "$1" >$out/kernel_memory.out 2>$out/kernel_memory.err &
  kernel_memory=$!
  while [ ! -s $out/kernel_memory.out ] && kill -0 "$kernel_memory" 2>/dev/null; do sleep 0.1; done
  [ -s $out/kernel_memory.out ] || check kernel_memory 1
}

# use_network MIB: sends it to the host and back.
use_network() {
  # In pages, and bytes: as much as there is.
  echo "1000000 1000000 1000000" >/proc/sys/net/ipv4/tcp_mem
  ip link set lo up
  ip address add 10.0.2.15/24 dev eth0
  ip link set eth0 up
  timeout "$STEP_SECONDS" /lab/labguest echo 10.0.2.100 7 "$1" >$out/network.out 2>$out/network.err
  check network $?
}

step_scan() {
  timeout "$STEP_SECONDS" oldmemfs scan oldmem --level 31 >$out/scan.txt 2>$out/scan.err
  check scan $?
  timeout "$STEP_SECONDS" oldmemfs scan oldmem --level "$LEVEL" --ranges >$out/ranges.txt 2>$out/ranges.err
  check ranges $?
}

# Pages that must not change, though no dump has them.
save_pages() {
  /lab/labguest save-pages /proc/vmcore $out/hard.pages $out/pages-"$1" >$out/save_pages_"$1".out 2>$out/save_pages_"$1".err
  check "save_pages_$1" $?
}

step_save_pages_a() { save_pages a; }
step_save_pages_b() { save_pages b; }

step_mount() {
  mkdir -p /oldmem
  result available_before_mount "$(available)"
  timeout "$STEP_SECONDS" oldmemfs oldmem /oldmem -o "level=$LEVEL${STORE:+,store=$STORE}$MOUNT_WORDS" >$out/mount.out 2>$out/mount.err
  check mount $?
  grep -q ' /oldmem fuse' /proc/mounts || give_up "oldmemfs returned, and nothing is mounted on /oldmem"
  result available_after_mount "$(available)"
  /lab/labguest statfs /oldmem >$out/statfs-empty.txt
  oldmemfs status /oldmem >$out/status-empty.txt
  save_process_memory idle
}

# Prints the daemon's directory in /proc.
daemon() {
  for process in /proc/[0-9]*; do
    case $(readlink "$process/exe" 2>/dev/null) in
      */oldmemfs) echo "$process" && return ;;
    esac
  done
  return 1
}

# Saves the daemon's own memory.
save_process_memory() { cat "$(daemon)/smaps_rollup" >$out/smaps-"$1".txt; }

# Where no more pieces can be mapped (here, since the daemon's address space has a limit: two devices of 16 MiB and a bit), a write fails with
# ENOMEM, and all is as before once they can.
step_starve() {
  process=$(daemon)
  size=$(awk '/^VmSize:/ { print $2 }' "$process/status")
  /lab/labguest limit-memory "${process#/proc/}" $((size + 40960)) || give_up "no limit"
  dd if=/dev/zero of=/oldmem/starved bs=64k >$out/starve.out 2>$out/starve.err
  result starve_code $?
  result starve_size "$(stat -c %s /oldmem/starved)"
  /lab/labguest limit-memory "${process#/proc/}" none || give_up "no limit"
  rm /oldmem/starved
  oldmemfs status /oldmem >$out/status-starved.txt
}

step_fill() {
  timeout "$STEP_SECONDS" /lab/labguest fill /oldmem >$out/fill.out 2>$out/fill.err
  check fill $?
  /lab/labguest statfs /oldmem >$out/statfs-full.txt
  oldmemfs status /oldmem >$out/status-full.txt
  result available_full "$(available)"
  save_process_memory full
}

step_verify() {
  # The data must be read from old memory, not from this kernel's page cache.
  echo 3 >/proc/sys/vm/drop_caches
  timeout "$STEP_SECONDS" /lab/labguest verify /oldmem >$out/verify.out 2>$out/verify.err
  check verify $?
}

# damaged: the number of pages that the mount knows to be damaged. checked: how often all were checked.
damaged() { oldmemfs status /oldmem | awk '$1 == "damaged" { print $2 }'; }
checked() { oldmemfs status /oldmem | awk '$1 == "checked" { print $2 }'; }

# corrupt NAME: has the host change a byte of 24 pages of files, chosen at random; their list is in corrupt-NAME.txt.
corrupt() {
  oldmemfs record /oldmem >$out/corrupt-record.txt || give_up "no record"
  awk -v seed="$CORRUPT_SEED$1" '{ first[NR] = $1; count[NR] = $2; total += $2 }
    END {
      srand(seed)
      for (chosen = 0; chosen < 24; ) {
        place = int(rand() * total)
        for (run = 1; place >= count[run]; run++) place -= count[run]
        if (!seen[first[run] + place]++) { print first[run] + place; chosen++ }
      }
    }' $out/corrupt-record.txt >$out/corrupt-"$1".txt
  # A line of the console is read whole, and short.
  while read -r pfn; do
    /lab/labguest ask "corrupt $pfn" || give_up "the host does not corrupt page $pfn"
  done <$out/corrupt-"$1".txt
}

# Pages of files that nobody reads: a scrub finds them all. Asking for the status is a request, which makes it wait, so that is done seldom.
step_corrupt_unread() {
  corrupt 1
  before=$(checked)
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 25
    [ "$(damaged)" -lt 24 ] || break
  done
  result checked_unread "$before-$(checked)"
  result damaged_unread "$(damaged)"
  dmesg >$out/dmesg-unread.txt
}

# Pages of files that are read meanwhile.
step_corrupt_read() {
  /lab/labguest read-on /oldmem /tmp/stop >$out/read_on.out 2>$out/read_on.err &
  reader=$!
  corrupt 2
  touch /tmp/stop
  wait "$reader"
  result read_on $?
  rm /tmp/stop
  result damaged_read "$(damaged)"
}

# None of these pages is used again.
step_refill() {
  rm /oldmem/f*
  timeout "$STEP_SECONDS" /lab/labguest fill /oldmem >$out/refill.out 2>$out/refill.err
  check refill $?
  oldmemfs status /oldmem >$out/status-refill.txt
  : >/tmp/stop
  /lab/labguest read-on /oldmem /tmp/stop >$out/reread.out 2>$out/reread.err
  check reread $?
}

# Lets the crashed kernel's disk complete its requests. They must not change the data of /oldmem.
step_release() {
  /lab/labguest ask release-disk >$out/release.out 2>$out/release.err
  check release $?
  echo 3 >/proc/sys/vm/drop_caches
  timeout "$STEP_SECONDS" /lab/labguest verify /oldmem >$out/verify_again.out 2>$out/verify_again.err
  # A failure does not end the run: the host checks the disk too.
  result verify_again $?
}

step_unmount() {
  umount /oldmem || give_up "/oldmem can't be unmounted"
  tries=0
  while daemon >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || give_up "the daemon is there 30 s after the unmount"
    sleep 0.1
  done
  cp /proc/iomem $out/iomem-end.txt
  result available_after_unmount "$(available)"
}

step_spoil() {
  /lab/labguest spoil $out/a.kdump >$out/spoil.out 2>$out/spoil.err
  check spoil $?
}

step_spoil_hard() {
  /lab/labguest spoil-hard $out/hard.pages >$out/spoil_hard.out 2>$out/spoil_hard.err
  check spoil_hard $?
}

# Without access to old memory, oldmemfs must fail with one clear line, and the capture goes on.
step_refused() {
  mkdir -p /oldmem
  timeout "$STEP_SECONDS" oldmemfs oldmem /oldmem -o level="$LEVEL" >$out/refused.out 2>$out/refused.err
  result refused_code $?
  grep -q ' /oldmem ' /proc/mounts && give_up "/oldmem is mounted in spite of lockdown"
  return 0
}

# shellcheck source=tree.sh
. /lab/tree.sh

# Runs the caller's script, in a directory whose files are copied to the host.
step_script() {
  mkdir -p $out/script
  (cd $out/script && OUT=$out/script LEVEL=$LEVEL sh /lab/script >$out/script.out 2>$out/script.err)
  check script $?
}

export PATH=/bin:/sbin:/usr/bin:/usr/sbin
start_guest
mount_disk /dev/vdb $out
tell "capture kernel is up, $(available) KiB available"
result kernel "$(uname -r)"
result available_at_start "$(available)"
cp /proc/iomem $out/iomem.txt
cp /proc/cmdline $out/cmdline.txt
# Saves the start and size of each region of soft-reserved memory that device dax offers.
for device in /sys/bus/dax/devices/dax*; do
  [ ! -e "$device" ] || echo "$(cat "$device/resource") $(cat "$device/../dax_region/size")" >>$out/regions.txt
done
# And the regions of persistent memory.
for region in /sys/bus/nd/devices/region*; do
  [ ! -e "$region" ] || echo "${region##*/} $(cat "$region/size")" >>$out/pmem.txt
done
mount -t securityfs none /sys/kernel/security
cp /sys/kernel/security/lockdown $out/lockdown.txt
/lab/labguest open /dev/mem 2>$out/open.err
result open_code $?
for step in $STEPS; do
  began=$(cut -d' ' -f1 /proc/uptime)
  "step_$step"
  ended=$(cut -d' ' -f1 /proc/uptime)
  tell "$step ($(echo "$ended $began" | awk '{ printf "%.1f", $1 - $2 }') s) $(head -n 1 "$out/$step.out" 2>/dev/null)"
done
result status "done"
stop
