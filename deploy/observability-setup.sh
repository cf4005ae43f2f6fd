#!/usr/bin/env bash
# What `make observability-test` needs beyond what the project needs: Prometheus, nginx.
set -euo pipefail

[ $# -gt 0 ] || { echo "Usage: deploy/observability-setup.sh COMMAND [ARG…]" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/common.sh"

PATH=$PATH:/usr/sbin:/sbin
install_lacking "promtool prometheus" "nginx nginx-light"
exec "$@"
