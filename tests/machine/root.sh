#!/usr/bin/env bash
# Makes the disk, the kernel and the initial RAM disk of a Debian 12 machine in a folder, once for all that want the same:
# prints the folder, which lies under $XDG_CACHE_HOME/windtunnel/machine. As root; needs Debian's mirror the first time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/../../deploy/common.sh"

SUITE=bookworm
MIRROR=${WINDTUNNEL_DEBIAN_MIRROR:-http://deb.debian.org/debian}
# What a host has of Debian; the rest are the machine's init, its kernel, and the agent that the tests talk to.
PACKAGES=docker.io,apparmor,redis-server,python3,python3-venv,ca-certificates,iproute2,procps
PACKAGES+=,systemd,systemd-sysv,dbus,udev,kmod,linux-image-cloud-amd64,qemu-guest-agent
SIZE=10G

is_root || die "mmdebstrap needs root"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/windtunnel/machine
digest=$({ cat "${BASH_SOURCE[0]}"; echo "$MIRROR"; } | sha256sum | cut -c1-16)
mkdir -p "$cache"
# A second run waits for the first rather than make the same.
exec 9<"$cache"
flock 9
if [ -d "$cache/$digest" ]; then
    say "Debian machine: from the cache"
    echo "$cache/$digest"
    exit 0
fi

work=$(mktemp -d)
finish() {
    grep -o "$work/[^ ]*" /proc/mounts | sort -r | xargs -r umount || true
    rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
root=$work/root

say "making a Debian $SUITE root with mmdebstrap"
mmdebstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$root" "$MIRROR" >"$work/log" 2>&1 9<&- || {
    tail -n 20 "$work/log" >&2
    die "mmdebstrap failed; its last lines are above"
}
echo windtunnel-host >"$root/etc/hostname"
echo '127.0.0.1 localhost windtunnel-host' >"$root/etc/hosts"
printf '%s\n' '/dev/vda / ext4 rw 0 1' '/dev/vdb /srv ext4 ro 0 0' '/dev/vdc /var/lib/docker ext4 rw 0 0' \
    >"$root/etc/fstab"
# No registry and no mirror answers there: what is installed comes from the second disk.
: >"$root/etc/apt/sources.list"
printf '%s\n' '[global]' 'no-index = true' 'find-links = /srv/wheels' >"$root/etc/pip.conf"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
mkdir -p "$root/var/log/journal" "$work/made"
mv "$root"/boot/vmlinuz-* "$work/made/kernel"
mv "$root"/boot/initrd.img-*-amd64 "$work/made/initrd"
mke2fs -q -t ext4 -d "$root" "$work/made/disk" "$SIZE" >"$work/log"

# The cache holds one: that of other inputs is of no further use.
find "$cache" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
cp -r --sparse=always "$work/made" "$cache/$digest.part"
mv "$cache/$digest.part" "$cache/$digest"
echo "$cache/$digest"
