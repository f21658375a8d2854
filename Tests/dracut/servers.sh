# shellcheck shell=bash disable=SC2154  # the caller sets own, tree and cache_dir
# The servers that a dump goes to, for targets, kdump-utils and suse-kdump: each runs from $tree, and its files are in $own, a directory for
# the target's files (see crash). Sourced by these scripts.

# await_port PORT: waits until a server listens there.
await_port() {
  local _
  for _ in $(seq 100); do
    ! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
    sleep 0.2
  done
  die "nobody listens on port $1."
}

# serve_and_run FUNCTION [PROGRAM…]: as the first process of name spaces of its own, starts a server by the function, and then the program.
# When the first process of a process name space ends, all others end.
serve_and_run() {
  ip link set lo up
  # Guests reach it as they reach any address beyond QEMU's network.
  ip addr add "$server_address/32" dev lo
  "$1"
  exec "${@:2}"
}
server_address=192.0.2.1

# in_own_network WORD…: runs a program so.
in_own_network() { exec setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child --propagation private -- "$@"; }

# use_card: QEMU's arguments for a network card that leads to the server.
card_of_servers=52:54:00:6c:61:62
use_card() { printf '%s\n' -netdev user,id=lab -device "virtio-net-pci,netdev=lab,romfile=,mac=$card_of_servers" >"$own/devices"; }

# add_own_program NAME FUNCTION: makes the program $own/NAME, which runs a function of the calling script with its own arguments (see its --run).
add_own_program() {
  printf '#!/bin/sh\nexec %q --run %q %q %q "$@"\n' "$dracut_dir/${0##*/}" "$2" "$tree" "$own" >"$own/$1"
  chmod +x "$own/$1"
}

# ---------------------------------------------------------------- ssh

# Makes the server's key and configuration in $own, and the client's, root's of the tree, whose key is where kdump-utils looks for it.
make_ssh_keys() {
  rm -rf "$tree/root/.ssh"
  mkdir "$tree/root/.ssh"
  chmod 700 "$tree/root/.ssh"
  in_tree "$own" ssh-keygen -q -t ed25519 -N '' -f /mnt/host_key
  in_tree "$own" ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/kdump_id_rsa
  cp "$tree/root/.ssh/kdump_id_rsa.pub" "$own/authorized_keys"
  say "10.0.2.2 $(cut -d' ' -f1,2 "$own/host_key.pub")" >"$tree/root/.ssh/known_hosts"
  cat >"$own/sshd_config" <<CONF
HostKey /mnt/host_key
AuthorizedKeysFile /mnt/authorized_keys
StrictModes no
PermitRootLogin yes
UsePAM no
Subsystem sftp internal-sftp
CONF
}

# run_sshd: the server sees $own as /mnt.
run_sshd() { in_tree "$own" sh -c 'mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f /mnt/sshd_config' 2>>"$own/sshd.log"; }

serve_ssh() {
  run_sshd &
  await_port 22
}

serve_sftp() { serve_ssh; }

# ---------------------------------------------------------------- ftp and cifs

# Makes the servers' user lab in the tree, with the password secret, to whom $own/dumps belongs.
make_user() {
  chroot "$tree" id lab >/dev/null 2>&1 || chroot "$tree" useradd --no-create-home --home-dir /mnt --shell /bin/bash lab
  say lab:secret | chroot "$tree" chpasswd
  chown "$(chroot "$tree" id -u lab)" "$own/dumps"
}

# The server sees $own as /mnt.
serve_ftp() {
  cat >"$own/vsftpd.conf" <<CONF
listen=YES
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
seccomp_sandbox=NO
pasv_address=10.0.2.2
CONF
  in_tree "$own" sh -c 'mkdir -p /run/vsftpd/empty && exec vsftpd /mnt/vsftpd.conf' >"$own/vsftpd.log" 2>&1 &
  await_port 21
}

serve_cifs() {
  mkdir -p "$own/samba"
  cat >"$own/smb.conf" <<CONF
[global]
private dir = /mnt/samba
lock directory = /mnt/samba
state directory = /mnt/samba
cache directory = /mnt/samba
pid directory = /mnt/samba
ncalrpc dir = /mnt/samba/ncalrpc
disable netbios = yes
smb ports = 445
load printers = no
[dumps]
path = /mnt/dumps
read only = no
CONF
  in_tree "$own" sh -c 'printf "secret\nsecret\n" | smbpasswd -c /mnt/smb.conf -s -a lab && exec smbd -F --no-process-group --debug-stdout -s /mnt/smb.conf' \
    >"$own/smbd.log" 2>&1 &
  await_port 445
}

# read_flattened FILE DIRECTORY: makes a dump of makedumpfile's flattened format. The flattened format has a mark at its end.
read_flattened() {
  mkdir -p "$2/dump"
  "$cache_dir/tools/makedumpfile/makedumpfile" -R "$2/dump/vmcore" <"$1" >"$own/rearranged" 2>&1 || rm -f "$2/dump/vmcore"
}
