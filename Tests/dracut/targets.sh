# shellcheck shell=bash disable=SC2034,SC2154  # shared with targets
# The targets of Tests/dracut/targets, which sources this file: for each, what the image needs, how the disk or the server is made, and how
# the dump is read back.

target_packages=(openssh-client openssh-server lvm2 thin-provisioning-tools cryptsetup-bin systemd-cryptsetup btrfs-progs xfsprogs multipath-tools
  kpartx open-iscsi tgt virtiofsd nvme-cli jq)

all_cases=(ssh ssh-staged ssh-no-entropy raw raw-staged xfs btrfs lvm thin luks luks-no-ram multipath iscsi nvme-tcp virtiofs nfs-cut)

was_staged() { says 'bytes staged in /oldmem and sent on'; }

# ---------------------------------------------------------------- ssh

configure_ssh() { make_ssh_keys; }
read_ssh() { read_flattened "$own/dumps/one/vmcore.flat" "$1"; }
start_ssh() {
  start_target ssh read_ssh
  add_hook beside serve_ssh
  use_network
  modules+=" ssh-client"
  words+=(--sshkey /root/.ssh/kdump_id_rsa)
  # The capture mounts nothing.
  mount_point=/run
  conf=$'SSH_HOST=root@10.0.2.2\nSSH_DIRECTORY=/mnt/dumps/one\nSSH_KEY=/root/.ssh/kdump_id_rsa'
  append+=" lab.step=ssh"
}
case_ssh() {
  start_ssh
  captures && in_old_memory
}
case_ssh_staged() {
  start_ssh
  collector="oldmemfs-stage $collector"
  captures && in_old_memory && was_staged
}
# The processor has no random numbers, and what kexec and the boot loader hand over does not count.
case_ssh_no_entropy() {
  start_ssh
  append+=" random.trust_cpu=off random.trust_bootloader=off"
  captures --cpu max,rdrand=off,rdseed=off && in_old_memory
}

# ---------------------------------------------------------------- a raw partition

read_raw() {
  # The partition begins at 1 MiB.
  read_flattened <(tail -c +$(((1 << 20) + 1)) "$own/disk.img") "$1"
}
start_raw() {
  need sfdisk fdisk
  start_target raw read_raw
  truncate -s 2560M "$own/disk.img"
  say 'start=1MiB' | sfdisk -q -X dos "$own/disk.img"
  add_devices -drive "file=$own/disk.img,format=raw,if=virtio,cache=unsafe"
  mount_point=/run conf="RAW=/dev/vda1"
  append+=" lab.step=raw"
}
case_raw() {
  start_raw
  captures && in_old_memory
}
case_raw_staged() {
  start_raw
  collector="oldmemfs-stage $collector"
  captures && in_old_memory && was_staged
}

# ---------------------------------------------------------------- volumes

# start_volume KIND DEVICE TYPE OPTIONS [WORDS]: the image mounts DEVICE of a volume of that KIND.
start_volume() {
  start_target "$1" read_volume
  words+=(--mount "$2 /kdumproot $3 $4")
  make_volume "$1" "${5:-}"
}

case_xfs() {
  start_volume xfs /dev/vda xfs defaults || return
  drivers+=" xfs"
  captures && in_old_memory
}

# start_lvm KIND
start_lvm() {
  start_volume "$1" /dev/mapper/lab-dump ext4 defaults || return
  modules+=" dm lvm"
  # Dracut waits for it, and for nothing else in an image that is not for one host.
  append+=" rd.lvm.lv=lab/dump"
}
case_lvm() {
  start_lvm lvm || return
  captures && in_old_memory
}
# With dracut's module that extends a pool before it is full, which kdump-utils adds.
case_thin() {
  start_lvm thin || return
  modules+=" lvmthinpool-monitor"
  drivers+=" dm_thin_pool"
  captures && in_old_memory
}

case_btrfs() {
  start_volume btrfs /dev/vda btrfs subvol=dumps || return
  modules+=" btrfs"
  drivers+=" btrfs"
  captures && in_old_memory
}

# The key is in a file of the image. Unlocking takes the 256 MiB of argon2id (see guest/volume.sh).
luks_uuid=6c61622d-6475-6d70-2d6b-657900000001
start_luks() {
  start_volume luks /dev/mapper/dump ext4 defaults "lab.uuid=$luks_uuid" || return
  printf lab >"$own/key"
  modules+=" dm crypt systemd-cryptsetup"
  drivers+=" dm_crypt xts aesni_intel"
  words+=(--include /mnt/key /etc/dump.key)
  append+=" rd.luks.name=$luks_uuid=dump rd.luks.key=$luks_uuid=/etc/dump.key"
}
case_luks() {
  start_luks || return
  settings="ram=2g"
  captures --soft-reserve --idle 900 && in_added_ram
}
# Without RAM there is no dump, but the failure action.
case_luks_no_ram() {
  start_luks || return
  crash_with --idle 900 && ended_by_itself && says 'Keyslot open failed' && says 'failure action' && says 'reboot: Restarting system' && in_old_memory
}

# ---------------------------------------------------------------- ext4 disks that come another way

read_ext4() { read_disk "$own/disk.img" "$1"; }

# Two paths to one disk, by two controllers.
configure_multipath() { printf 'defaults {\n user_friendly_names yes\n find_multipaths yes\n}\n' >"$tree/etc/multipath.conf"; }
case_multipath() {
  local path
  start_target multipath read_ext4
  make_disk "$own/disk.img" 2560
  add_devices -blockdev "driver=file,node-name=file,filename=$own/disk.img" -blockdev driver=raw,node-name=disk,file=file
  for path in one two; do
    add_devices -device "virtio-scsi-pci,id=$path" \
      -device "scsi-hd,bus=$path.0,drive=disk,share-rw=on,serial=lab,wwn=0x5000c500a1b2c3d4"
  done
  modules+=" dm multipath"
  drivers+=" virtio_scsi sd_mod dm_multipath dm_service_time"
  words+=(--mount "/dev/mapper/mpatha /kdumproot ext4 defaults")
  append+=" lab.step=paths"
  captures && in_old_memory && says 'LAB multipath mpatha over .*/sda .*/sdb' && never_says 'Buffer I/O error'
}

# await_device DEVICE: dracut's queue, which connects to servers, goes on until it is there. In an image for one host, dracut itself adds
# that for the host's devices (wait_for_dev, modules.d/99base/dracut-dev-lib.sh, 106).
await_device() {
  say "[ -e $1 ]" >"$own/devexists.sh"
  words+=(--include /mnt/devexists.sh /usr/lib/dracut/hooks/initqueue/finished/devexists-dump.sh)
}

iscsi_name=iqn.2026-01.lab.example:dump
serve_iscsi() {
  # shellcheck disable=SC2016  # the words are the inner shell's
  in_tree "$own" sh -c '
    mkdir -p /run/lock
    tgtd -f &
    until tgtadm --lld iscsi --op show --mode target; do sleep 0.2; done
    tgtadm --lld iscsi --op new --mode target --tid 1 -T "$1" && tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 -b /mnt/disk.img \
      && tgtadm --lld iscsi --op bind --mode target --tid 1 -I ALL
    wait' serve "$iscsi_name" >"$own/tgtd.log" 2>&1 &
  await_port 3260
}
# In the form in which kdump-utils writes it for the image.
case_iscsi() {
  start_target iscsi read_ext4
  make_disk "$own/disk.img" 2560
  add_hook beside serve_iscsi
  use_network
  modules+=" iscsi"
  drivers+=" iscsi_tcp sd_mod"
  words+=(--mount "/dev/sda /kdumproot ext4 defaults")
  await_device /dev/sda
  append+=" netroot=iscsi:@$server_address::::$iscsi_name rd.iscsi.initiator=iqn.2026-01.lab.example:crashed"
  captures && in_old_memory
}

# The server is another guest, since the kernel of this machine may have no NVMe target. A cable joins the two.
serve_nvme() {
  local _
  setpriv --pdeathsig KILL qemu-system-x86_64 "${accel[@]}" -machine q35 -cpu max -m 256 -nodefaults -no-user-config -display none \
    -serial "file:$own/server.log" -kernel "$kernel_image" -initrd "$own/server.cpio" -append "no_timer_check console=ttyS0 quiet" \
    -netdev socket,id=lab,listen=127.0.0.1:4421 -device virtio-net-pci,netdev=lab,romfile=,mac=52:54:00:6c:61:63 \
    -drive "file=$own/disk.img,format=raw,if=virtio,cache=unsafe" >"$own/server-qemu.log" 2>&1 &
  for _ in $(seq 1200); do
    ! grep -aqs 'nvme server: ready' "$own/server.log" || return 0
    sleep 0.2
  done
  die "the NVMe server does not start: $(tail -n 3 "$own/server.log")"
}
make_nvme_server() {
  local root=$own/server
  start_root "$root"
  add_modules "$root" virtio_pci virtio_blk virtio_net nvmet_tcp
  cp "$dracut_dir/guest/nvme-server.sh" "$root/init"
  chmod +x "$root/init"
  pack_root "$root" "$own/server.cpio"
}
# Dracut's module connects to what discovery.conf names, if the host has both of its names. With rd.nvmf.discover= it would wait for a root.
configure_nvme() {
  mkdir -p "$tree/etc/nvme"
  say nqn.2014-08.org.nvmexpress:uuid:6c61622d-6475-6d70-2d6e-766d65000001 >"$tree/etc/nvme/hostnqn"
  say 6c61622d-6475-6d70-2d6e-766d65000001 >"$tree/etc/nvme/hostid"
  say '--transport=tcp --traddr=192.0.2.1 --trsvcid=4420' >"$tree/etc/nvme/discovery.conf"
}
# The first number is that of the server's discovery controller.
case_nvme_tcp() {
  start_target nvme read_ext4
  make_disk "$own/disk.img" 2560
  make_nvme_server
  add_hook beside serve_nvme
  modules+=" network systemd-networkd nvmf"
  drivers+=" virtio_net nvme_tcp"
  words+=(--mount "/dev/nvme1n1 /kdumproot ext4 defaults")
  await_device /dev/nvme1n1
  add_devices -netdev socket,id=lab,connect=127.0.0.1:4421 -device virtio-net-pci,netdev=lab,romfile=
  append+=" ip=192.0.2.2:::255.255.255.0::eth0:none net.ifnames=0 rd.neednet=1 rd.driver.pre=nvme_tcp"
  captures && in_old_memory
}

# ---------------------------------------------------------------- directories of the host

serve_virtiofs() {
  in_tree "$own" /usr/libexec/virtiofsd --socket-path /mnt/socket --shared-dir /mnt/share --sandbox none >"$own/virtiofsd.log" 2>&1 &
  for _ in $(seq 50); do
    [[ ! -S $own/socket ]] || break
    sleep 0.2
  done
}
read_virtiofs() { cp -r "$own/share/." "$1"; }
case_virtiofs() {
  start_target virtiofs read_virtiofs
  mkdir "$own/share"
  add_hook beside serve_virtiofs
  add_devices -object memory-backend-memfd,id=ram,size=2048M,share=on -machine memory-backend=ram \
    -chardev "socket,id=fs,path=$own/socket" -device vhost-user-fs-pci,chardev=fs,tag=dumps
  modules+=" virtiofs"
  words+=(--mount "dumps /kdumproot virtiofs defaults")
  captures && in_old_memory
}

# ---------------------------------------------------------------- a network that ends

# Cuts the guest's cable when the capture asks for it.
serve_nfs_cut() {
  mkfifo "$own/monitor.in" "$own/monitor.out"
  {
    until grep -aqs 'LAB cut the network' "$work/out/serial.log"; do sleep 0.2; done
    say 'set_link lab off'
    sleep infinity
  } >"$own/monitor.in" &
  cat "$own/monitor.out" >"$own/monitor.log" &
}
read_nfs_cut() { cp -r "$own/nfs/." "$1"; }
# A mount that is 'hard', as by default, waits for ever.
case_nfs_cut() {
  start_target nfs-cut read_nfs_cut
  mkdir "$own/nfs"
  # In the name spaces of the NFS server.
  printf '#!/bin/sh\nexec %q %q %q %q --serve serve_nfs_cut %q %q "$@"\n' "$dracut_dir/nfs-server" "$own/nfs" "$own/nfs.log" \
    "$dracut_dir/targets" "$kernel" "$own" >"$own/beside"
  chmod +x "$own/beside"
  use_network
  add_devices -chardev "pipe,id=monitor,path=$own/monitor" -mon chardev=monitor
  modules+=" nfs"
  drivers+=" nfs nfsv3"
  words+=(--mount "10.0.2.2:$nfs_export /kdumproot nfs $nfs_options,soft,timeo=30,retrans=1")
  append+=" lab.step=cut"
  crash_with && ended_by_itself && says 'LAB cut the network' && says 'failure action' && says 'reboot: Restarting system' && in_old_memory
}
