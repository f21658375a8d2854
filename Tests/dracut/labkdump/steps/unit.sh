# shellcheck shell=sh
# Mounts old memory by a systemd mount unit, through the packages' helper of mount(8).
printf '[Mount]\nWhat=oldmem\nWhere=/oldmem\nType=oldmemfs\nOptions=level=31,size=64m\n' >/run/systemd/system/oldmem.mount
systemctl daemon-reload
systemctl start oldmem.mount || tell "unit: it does not start: $(systemctl status oldmem.mount 2>&1 | tail -n 5)"
tell "unit: $(systemctl is-active oldmem.mount), $(grep ' /oldmem ' /proc/mounts)"
text=$(cat /proc/cpuinfo /proc/iomem)
echo "$text" >/oldmem/file
# The daemon is none of the unit's processes that systemd would end.
sleep 5
echo 1 >/proc/sys/vm/drop_caches
[ "$text" = "$(cat /oldmem/file)" ] && tell "unit: the file is as it was written"
systemctl stop oldmem.mount || tell "unit: it does not stop"
tell "unit: $(systemctl is-active oldmem.mount), $(grep -c ' /oldmem ' /proc/mounts) mounts"
