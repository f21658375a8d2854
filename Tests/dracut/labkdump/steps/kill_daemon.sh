# shellcheck shell=sh
# The daemon dies while the capture runs from its files. Nothing may hang: the watcher ends this kernel.
for process in /proc/[0-9]*; do
  case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
    "@oldmemfs "*) daemon=${process#/proc/} ;;
  esac
done
[ -n "$daemon" ] || tell "no daemon"
tell "killing the daemon, process $daemon"
# Builtins only from here on.
kill -9 "$daemon"
while :; do read -r _ </proc/uptime; done
