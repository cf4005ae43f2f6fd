#!/usr/bin/env bash
# What the tests need beyond what the project needs: the images of all languages, gVisor, AppArmor's parser, a browser,
# systemd to check its units with.
set -euo pipefail

[ $# -gt 0 ] || { echo "Usage: deploy/test-setup.sh COMMAND [ARG…]" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/common.sh"

PATH=$PATH:/usr/sbin:/sbin
install_lacking "apparmor_parser apparmor" "chromium chromium fonts-liberation" "systemd-analyze systemd"
"$here/../sandbox_image/build.sh" all
"$here/runsc.sh"
exec "$@"
