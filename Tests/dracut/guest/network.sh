#!/bin/bash
# Runs a command beside NetworkManager, which sets up eth0: lab-network COMMAND...
set -euo pipefail

mkdir -p /run/dbus
dbus-daemon --system --nofork --nopidfile &
bus=$!
until [[ -S /run/dbus/system_bus_socket ]]; do sleep 0.1; done
NetworkManager --no-daemon >/run/nm.log 2>&1 &
manager=$!
trap 'kill "$manager" "$bus"' EXIT
for _ in {1..100}; do
  [[ $(nmcli -t -f device connection show --active 2>/dev/null) != *eth0* ]] || break
  sleep 0.2
done
"$@"
