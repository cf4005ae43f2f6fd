#!/usr/bin/env bash
# What `make vm-test` needs beyond what the project needs: QEMU, and what makes a disk with Debian on it.
set -euo pipefail

[ $# -gt 0 ] || { echo "Usage: deploy/vm-setup.sh COMMAND [ARG…]" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/common.sh"

PATH=$PATH:/usr/sbin:/sbin
packages=()
command -v qemu-system-x86_64 >/dev/null || packages+=(qemu-system-x86 seabios)
command -v debootstrap >/dev/null || packages+=(debootstrap debian-archive-keyring)
command -v mke2fs >/dev/null || packages+=(e2fsprogs)
if [ ${#packages[@]} -gt 0 ] && can_install; then
    apt_install "${packages[@]}"
fi
exec "$@"
