#!/usr/bin/env bash
# What `make vm-test` needs beyond what the project needs: QEMU, and what makes a disk with Debian on it.
set -euo pipefail

[ $# -gt 0 ] || { echo "Usage: deploy/vm-setup.sh COMMAND [ARG…]" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/common.sh"

PATH=$PATH:/usr/sbin:/sbin
install_lacking "qemu-system-x86_64 qemu-system-x86 seabios" "debootstrap debootstrap debian-archive-keyring" \
    "mke2fs e2fsprogs"
exec "$@"
