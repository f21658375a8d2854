# shellcheck shell=sh
# Sourced by /etc/sysconfig/kdump, and with that whenever kdumpctl runs. Kdumpctl builds the image again if /etc/kdump.conf is newer than it,
# but knows of no file that is not its own. So this gives kdump.conf the time of the newest file that went into the image.
for oldmemfs_file in /etc/oldmemfs.conf /usr/lib/dracut/modules.d/01oldmemfs/*; do
  # shellcheck disable=SC3013  # each shell of a distribution's knows -nt
  [ ! "$oldmemfs_file" -nt /etc/kdump.conf ] || touch -c -r "$oldmemfs_file" /etc/kdump.conf
done
unset oldmemfs_file
# Before each load, and when an administrator asks: what would cost the dump. The first word is kdumpctl's. If it has the image built, that
# does not show the same lines again.
case ${1:-} in
  start | restart | reload | status)
    OLDMEMFS_WARNED=$(/usr/lib/dracut/modules.d/01oldmemfs/check --warn 2>&1) || :
    [ -z "$OLDMEMFS_WARNED" ] || printf '%s\n' "$OLDMEMFS_WARNED" >&2
    export OLDMEMFS_WARNED
    ;;
esac
