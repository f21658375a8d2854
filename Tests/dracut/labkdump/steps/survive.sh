# shellcheck shell=sh
# Systemd must not end the daemon with the initramfs's other processes: it is not in the service's control group, and its name begins with
# '@'.
for process in /proc/[0-9]*; do
  name=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null)
  case $name in
    "@oldmemfs"*) tell "daemon: $name, oom $(cat "$process/oom_score_adj"), cgroup $(tr '\n' ' ' <"$process/cgroup")" ;;
  esac
done

# What is at the image's root is in old memory, too, with no more than a link in the root's own memory.
is_in_old_memory() {
  [ "$(stat -L -c %d "$1")" = "$(stat -c %d /oldmem)" ] && [ "$(stat -c '%F %b %d' "$1")" = "symbolic link 0 $(stat -c %d /)" ]
}
if is_in_old_memory /lab-numbers && awk '$0 != NR { wrong = 1 } END { exit wrong || NR != 2000 }' /lab-numbers; then
  tell "root: /lab-numbers is right, in old memory"
fi
if is_in_old_memory /lab-makedumpfile && [ "$(stat -L -c %i /lab-makedumpfile)" = "$(stat -L -c %i /usr/bin/makedumpfile)" ] \
  && /lab-makedumpfile -v >/dev/null; then
  tell "root: /lab-makedumpfile is right, in old memory"
fi
large=""
for file in /* /.[!.]*; do
  if [ -f "$file" ] && [ ! -L "$file" ] && [ "$(stat -c %s "$file")" -gt 4096 ]; then large="$large $file"; fi
done
tell "root: in memory:$large"
