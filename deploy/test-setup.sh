#!/usr/bin/env bash
# What the tests need beyond what the project needs: the images of all languages and gVisor.
set -euo pipefail

[ $# -gt 0 ] || { echo "Usage: deploy/test-setup.sh COMMAND [ARG…]" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"$here/../sandbox_image/build.sh" all
"$here/runsc.sh"
exec "$@"
