#!/usr/bin/env bash
# Builds what a release consists of into dist/, and runs the tests of the client, the worker and the records on its wheel.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/.." && pwd)
PYTHON=${PYTHON:-$root/.venv/bin/python}

# shellcheck source=deploy/common.sh
. "$here/common.sh"

usage() {
    cat <<'TEXT'
Usage: deploy/release.sh [ARG…]

Writes the sdist, the wheel, bills of materials (CycloneDX) of the workers and of the sandbox's Python libraries, and
SHA256SUMS into dist/, and runs pytest on the wheel, with ARG… (tests/unit tests/contract).
TEXT
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
esac
[ $# -gt 0 ] || set -- tests/unit tests/contract
cd "$root"
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' producer/windtunnel/__init__.py)
grep -q "^## $version\b" CHANGELOG.md || say "CHANGELOG.md has no section $version yet"

rm -rf dist
say "building windtunnel $version"
"$PYTHON" -m hatchling build -d dist -t sdist -t wheel >&2
"$PYTHON" deploy/bill.py windtunnel "$version" deploy/requirements/worker.txt >"dist/windtunnel-$version.cdx.json"
"$PYTHON" deploy/bill.py windtunnel-sandbox "$version" sandbox_image/requirements.txt >"dist/windtunnel-sandbox-$version.cdx.json"
(cd dist && sha256sum -- * >SHA256SUMS)

# The wheel is in an environment of its own, which takes everything else from the one that develops.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$PYTHON" -m venv --without-pip "$work/venv"
installed=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$PYTHON" -m pip install -qq --no-deps --target "$installed" dist/*.whl
"$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$installed/development.pth"
found=$(PYTHONPATH='' "$work/venv/bin/python" -c 'import windtunnel, windtunnel_worker; print(windtunnel.__file__)')
[ "${found#"$installed"}" != "$found" ] || die "windtunnel comes from $found and not from the wheel"
say "testing the wheel"
PYTHONPATH='' PATH="$installed/bin:$work/venv/bin:$PATH" "$work/venv/bin/python" -m pytest -q "$@"
say "built: $(cd dist && echo *)"
