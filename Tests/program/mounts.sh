# shellcheck shell=bash disable=SC2015,SC2154  # A && B || C stands for steps and what to do when one fails; run assigns
# Tests of mount options: each has its effect, or is refused with a line. Sourced by run.

# mount_quietly SOURCE OPTIONS: mounts in the background. $scratch/err has its messages, without those about privileges that this machine
# denies it.
mount_quietly() {
  timeout 60 "$program" "$1" "$mount_point" -o "$2" >"$scratch/out" 2>"$scratch/said" || { cat "$scratch/said"; return 1; }
  grep -v 'it serves without$' "$scratch/said" >"$scratch/err" || true
  mountpoint -q "$mount_point"
}

# Also waits for the daemon, which still holds its memory for a moment.
unmount() {
  local pid
  pid=$("$program" status "$mount_point" | awk '$1 == "memory" { print $NF }')
  umount "$mount_point" || return
  for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  say "the daemon does not end"
  return 1
}

# with_mount OPTIONS COMMAND...: runs the command while scratch memory is mounted with these options.
with_mount() {
  local options=$1 status=0
  shift
  mount_quietly scratch "$options" || return
  "$@" || status=$?
  unmount && return "$status"
}

# refuses_here CODE WORDS COMMAND...: as refuses, but with a mount, which stays.
refuses_here() {
  local code=$1 words=$2 status=0
  shift 2
  "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  say "exit code $status, said: $(<"$scratch/err")"
  [[ $status -eq $code && $(wc -l <"$scratch/err") -eq 1 && ! -s $scratch/out ]] && grep -qF -- "$words" "$scratch/err"
}

shows() {
  local wanted=$1 got
  shift
  got=$("$@") || return
  [[ $got == "$wanted" ]] || { say "$*: '$got', not '$wanted'"; return 1; }
}

remount() { "$program" scratch "$mount_point" -o "remount,$1"; }

# The options that /proc/mounts shows.
mounted_with() { awk -v dir="$mount_point" '$2 == dir { print $4 }' /proc/mounts | cut -d, -f"$1"; }

# ---------------------------------------------------------------- remount

refuses_what_it_cannot_change() {
  refuses_here 1 "more than there is: 4 MiB" remount size=99g || return
  refuses_here 1 "more than there is: 4 MiB" remount size=150% || return
  refuses_here 1 "more than there is: 4 MiB" remount nr_blocks=1025 || return
  refuses_here 1 "can't change level=" remount level=31 || return
  refuses_here 1 "can't change reuse=" remount reuse=free || return
  refuses_here 1 "can't change store=" remount store=vmcore || return
  refuses_here 1 "can't change vmcore=" remount vmcore=/proc/vmcore || return
  refuses_here 1 "can't change devmem=" remount devmem=/dev/mem || return
  refuses_here 1 "can't change nochecksum" remount nochecksum || return
  refuses_here 1 "can't change noscrub" remount noscrub || return
  refuses_here 1 "can't change mode=: use chmod" remount mode=700 || return
  refuses_here 1 "can't change uid=" remount uid=1 || return
  refuses_here 1 "can't change gid=" remount gid=1 || return
  shows "1024 755 5 6" stat_of_mount
}

stat_of_mount() { say "$(stat -f -c %b "$mount_point") $(stat -c '%a %u %g' "$mount_point")"; }

# mount(8) repeats the options of fstab in a remount: those that the mount has already.
takes_what_it_has() { remount size=4m,mode=755,uid=5,gid=6,checksum,ro && shows ro mounted_with 1 && remount size=2m && shows 512 stat -f -c %b "$mount_point"; }

# ---------------------------------------------------------------- access times

# reading_changes TIME: sets the access times of a file and a directory to TIME, reads both, and says whether each time 'stays' or
# 'changes', the file's first.
reading_changes() {
  local now file=stays directory=stays
  echo hello >"$mount_point/f"
  touch -a -d "$1" "$mount_point/f" "$mount_point"
  cat "$mount_point/f" >/dev/null
  ls "$mount_point" >/dev/null
  now=$(date +%s)
  ((now - $(stat -c %X "$mount_point/f") > 60)) || file=changes
  ((now - $(stat -c %X "$mount_point") > 60)) || directory=changes
  say "$file $directory"
}

# access_times OPTION OLD NEW: reading changes OLD access times, of 2001, and NEW ones, an hour from now, as said. By relatime's rule NEW
# ones stay: they lie after the last change, and less than a day back.
access_times() {
  with_mount "size=4m,$1" shows "$2" reading_changes 2001-01-01 && with_mount "size=4m,$1" shows "$3" reading_changes_soon
}

reading_changes_soon() {
  local before after
  echo hello >"$mount_point/f"
  # Now the kernel's cache can answer.
  cat "$mount_point/f" >/dev/null
  touch -a -d "1 hour" "$mount_point/f" "$mount_point"
  before=$(stat -c %X "$mount_point/f" "$mount_point" | paste -sd' ')
  cat "$mount_point/f" >/dev/null
  ls "$mount_point" >/dev/null
  after=$(stat -c %X "$mount_point/f" "$mount_point" | paste -sd' ')
  [[ ${before% *} == "${after% *}" ]] && printf 'stays ' || printf 'changes '
  [[ ${before#* } == "${after#* }" ]] && say stays || say changes
}

access_times_change() {
  remount strictatime && shows "changes changes" reading_changes_soon && remount noatime && shows "stays stays" reading_changes_soon || return
  shows rw,noatime mounted_with 1-2 && remount atime && shows rw,relatime mounted_with 1-2 || return
  remount strictatime,nodiratime && shows "changes stays" reading_changes_soon && shows rw,nodiratime mounted_with 1-2
}

# ---------------------------------------------------------------- words of tmpfs and mount(8)

is_of() { shows "$1" stat -f -c "$2" "$mount_point"; }

says_what_means_nothing() {
  mount_quietly scratch size=1m,huge=always,mpol=bind:0,inode64,inode32,noswap || return
  unmount
  say "said: $(<"$scratch/err")"
  [[ $(<"$scratch/err") == "oldmemfs: huge=always,mpol=bind:0,inode64,inode32,noswap is ignored: "* && $(wc -l <"$scratch/err") -eq 1 ]]
}

no_symlinks() {
  echo hello >"$mount_point/f" && ln -s f "$mount_point/l" && [[ $(readlink "$mount_point/l") == f ]] && ! cat "$mount_point/l" 2>/dev/null \
    && shows rw,nosymfollow mounted_with 1,3
}

takes_silently() {
  mount_quietly scratch:name "size=1m,$1" && unmount && [[ ! -s $scratch/err ]] || { cat "$scratch/err"; return 1; }
}

# ---------------------------------------------------------------- status

# field NAME COLUMN: a word of the line NAME of status.
field() { "$program" status "$mount_point" | awk -v name="$1" -v column="$2" '$1 == name { print $column }'; }

status_is_what_df_says() {
  head -c 300k /dev/zero >"$mount_point/f"
  mkdir "$mount_point"/{1,2,3}
  "$program" status "$mount_point"
  df --block-size=4096 "$mount_point" && df -i "$mount_point"
  shows "$(df --block-size=4096 --output=size,used,avail "$mount_point" | tail -n 1 | xargs)" \
    echo "$(field size 2)" "$(field used 2)" "$(field free 2)" || return
  shows "$(df --output=iused,itotal "$mount_point" | tail -n 1 | xargs)" echo "$(field inodes 2)" "$(field inodes 4)"
}

status_of_a_vmcore() {
  cp --sparse=always "$vmcore" "$scratch/vmcore"
  mount_quietly "$scratch/vmcore" level=17,size=8m,nr_inodes=100,overwrite || return
  status_is_what_df_says && shows 17 field level 2 && shows 2048 field size 2 && shows 100 field inodes 4 || { unmount; return 1; }
  remount size=50%,nr_inodes=50 && status_is_what_df_says && shows 50 field inodes 4 || { unmount; return 1; }
  unmount
}

# Test suites need different sources in /proc/mounts for two mounts.
has_its_own_source() {
  local source
  for source in scratch scratch:other; do
    mount_quietly "$source" size=1m && shows "$source" findmnt -no SOURCE "$mount_point" || { umount "$mount_point"; return 1; }
    unmount || return
  done
}

# mount(8) makes a path of a source of which its current directory has a file.
is_meant_by_path() {
  mkdir -p "$scratch/scratch:other"
  mount_quietly "$scratch/scratch:other" size=1m && shows scratch:other findmnt -no SOURCE "$mount_point" || { umount "$mount_point"; return 1; }
  unmount
}

check_mounts() {
  check "scratch:NAME is a source of its own" has_its_own_source
  check "a directory of that name as mount(8) gives it is the same source" is_meant_by_path
  check "a remount refuses what it can't change" with_mount size=4m,mode=755,uid=5,gid=6 refuses_what_it_cannot_change
  check "a remount takes what the mount has" with_mount size=4m,mode=755,uid=5,gid=6 takes_what_it_has
  check "relatime" access_times relatime "changes changes" "stays stays"
  check "noatime" access_times noatime "stays stays" "stays stays"
  check "nodiratime" access_times nodiratime "changes stays" "stays stays"
  check "strictatime" access_times strictatime "changes changes" "changes changes"
  check "a remount changes access times" with_mount size=4m access_times_change
  check "nr_blocks=" with_mount nr_blocks=1k is_of 1024 %b
  check "size=, then nr_blocks=" with_mount size=1g,nr_blocks=3 is_of 3 %b
  check "size= in t, p and e" with_mount size=1m,nr_inodes=1t is_of 1099511627776 %c
  check "nosymfollow" with_mount size=1m,nosymfollow no_symlinks
  check "lazytime is shown" with_mount size=1m,lazytime shows rw,lazytime mounted_with 1-2
  check "sync and dirsync are shown" with_mount size=1m,sync,dirsync shows rw,sync,dirsync mounted_with 1-3
  check "tmpfs's words that mean nothing here" says_what_means_nothing
  check "words of mount(8) and fstab" takes_silently \
    silent,loud,defaults,auto,noauto,user,user=me,users,nouser,owner,group,_netdev,nofail,x-systemd.automount,X-mount.mkdir,comment=x,nomand,noiversion,diratime,norelatime,nostrictatime,nolazytime,symfollow
  check "status says what df says" with_mount size=4m,nr_inodes=20 status_is_what_df_says
  check "status has the level and the limits in force" status_of_a_vmcore
}
