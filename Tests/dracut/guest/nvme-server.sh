#!/bin/sh
# The init of a guest that serves /dev/vda over NVMe/TCP at 192.0.2.1, port 4420, as the subsystem lab.
# shellcheck source=../../vm/guest/common.sh
. /lab/common.sh

start_guest
await_disk /dev/vda
ip link set lo up
ip addr add 192.0.2.1/24 dev eth0
ip link set eth0 up
mount -t configfs none /sys/kernel/config || give_up "no configfs"
cd /sys/kernel/config/nvmet || give_up "no NVMe target"
mkdir subsystems/lab subsystems/lab/namespaces/1 ports/1
echo 1 >subsystems/lab/attr_allow_any_host
echo /dev/vda >subsystems/lab/namespaces/1/device_path
echo 1 >subsystems/lab/namespaces/1/enable
echo tcp >ports/1/addr_trtype
echo ipv4 >ports/1/addr_adrfam
echo 192.0.2.1 >ports/1/addr_traddr
echo 4420 >ports/1/addr_trsvcid
ln -s /sys/kernel/config/nvmet/subsystems/lab ports/1/subsystems/lab || give_up "the port can't be opened"
tell "nvme server: ready"
while true; do sleep 1000; done
