# shellcheck shell=sh
# Systemd must not end the daemon with the initramfs's other processes: it is not in the service's control group, and its name begins with
# '@'.
for process in /proc/[0-9]*; do
  name=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null)
  case $name in
    "@oldmemfs"*) tell "daemon: $name, oom $(cat "$process/oom_score_adj"), cgroup $(tr '\n' ' ' <"$process/cgroup")" ;;
  esac
done
