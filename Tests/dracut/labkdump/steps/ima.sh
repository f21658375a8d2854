# shellcheck shell=sh disable=SC2154  # /etc/labkdump.conf sets TARGET
# Tells whether a program runs in the root (a tmpfs or ramfs), on the target's file system and in old memory: first as it was copied, then
# with a hash that is not its own. The policy is for root's files alone, so that IMA makes no new hash when another's file changes.
runs() {
  code=0
  "$1" -r >/dev/null 2>&1 || code=$?
  echo "$code"
}
for directory in "" "$TARGET" /oldmem; do
  [ "$directory" != /oldmem ] || grep -q ' /oldmem fuse.oldmemfs ' /proc/mounts || continue
  program=$directory/lab-program
  cp /usr/bin/uname "$program"
  right=$(runs "$program")
  chown 1000 "$program"
  echo "more than the hash is of" >>"$program"
  chown 0 "$program"
  tell "ima: ${directory:-/}: exit code $right with its hash, $(runs "$program") with another"
  rm "$program"
done
