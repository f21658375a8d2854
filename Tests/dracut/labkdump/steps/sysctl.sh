# shellcheck shell=sh
# Tells what the image has of the machine's sysctl.d, and what the kernel has.
tell "sysctl: $(cat /etc/sysctl.d/labkdump.conf) in the image, $(cat /proc/sys/vm/nr_hugepages) in the kernel"
