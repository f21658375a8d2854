#!/bin/sh
# The capture kernel's script of 'run cycle': there is no other way to write old memory.
if [ ! -e /dev/mem ] && [ ! -e /dev/kmem ]; then echo "ok there is no /dev/mem"; else echo "FAILED there is a /dev/mem"; fi
