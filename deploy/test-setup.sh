#!/usr/bin/env bash
# Installs what tests need beyond what the project needs, where this user can, and runs a command.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: deploy/test-setup.sh everyday|observability|vm COMMAND [ARG…]
  everyday       the images of all languages, gVisor, AppArmor's parser, a browser, systemd to check its units with
  observability  Prometheus, nginx
  vm             QEMU, and what makes a disk with Debian on it
TEXT
}

[ $# -gt 1 ] || { usage >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/common.sh"

PATH=$PATH:/usr/sbin:/sbin
case $1 in
    everyday)
        install_lacking "apparmor_parser apparmor" "chromium chromium fonts-liberation" "systemd-analyze systemd"
        "$here/../sandbox_image/build.sh" all
        "$here/runsc.sh"
        ;;
    observability) install_lacking "promtool prometheus" "nginx nginx-light" ;;
    vm)
        install_lacking "qemu-system-x86_64 qemu-system-x86 seabios" "mke2fs e2fsprogs" \
            "mmdebstrap mmdebstrap debian-archive-keyring"
        ;;
    *) usage >&2; exit 2 ;;
esac
shift
exec "$@"
