#!/usr/bin/env bash
# Puts the wheels of a locked requirements file into a directory, for an image that is built
# without a network. They are kept under $XDG_CACHE_HOME/windtunnel/wheels.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/common.sh"

[ $# -eq 3 ] || {
    echo "Usage: wheels.sh REQUIREMENTS BASE_IMAGE DIRECTORY   (PYTHON: an interpreter with pip)" >&2
    exit 2
}
requirements=$(realpath "$1") base=$2 target=$3
python=${PYTHON:-$here/../.venv/bin/python}

"$python" -m pip --version >/dev/null 2>&1 ||
    die "$python has no pip. Either:" "deploy/setup.sh" "export PYTHON=<an interpreter with pip>"

# The wheels are for the image's interpreter and processor, whatever this machine has.
read -r version machine < <(docker run --rm --network none --entrypoint python3 "$base" -c \
    'import platform; print(platform.python_version(), platform.machine())') ||
    die "the base image $base runs no python3"
minor=$(cut -d. -f1,2 <<<"$version")
options=(--only-binary :all: --require-hashes --no-deps --disable-pip-version-check
    --python-version "$minor" --implementation cp --abi "cp${minor/./}" --abi abi3 --abi none
    --platform "manylinux2014_$machine")
# The glibc of Debian 12 is 2.36.
for glibc in $(seq 36 -1 5); do options+=(--platform "manylinux_2_${glibc}_$machine"); done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# pip judges markers by the interpreter that it runs in, so they are judged here.
"$python" - "$requirements" "$version" "$machine" >"$work/requirements.txt" <<'PROGRAM'
import re, sys
from pip._vendor.packaging.markers import Marker

path, version, machine = sys.argv[1:]
image = {"python_full_version": version, "python_version": ".".join(version.split(".")[:2]),
         "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix",
         "platform_machine": machine, "implementation_name": "cpython",
         "platform_python_implementation": "CPython"}
keep = True
for line in open(path, encoding="utf-8"):
    if line[0].isalnum():
        found = re.fullmatch(r"(\S+) ; (.*?)( \\)?\n", line)
        keep = not found or Marker(found[2]).evaluate(image)
        line = f"{found[1]}{found[3] or ''}\n" if found else line
    if keep and line.lstrip()[:1] != "#":
        sys.stdout.write(line)
PROGRAM

fetch() { "$python" -m pip download "${options[@]}" -r "$work/requirements.txt" "$@"; }

# One directory a lock file, replaced as a whole: the cache cannot grow with every new version.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/windtunnel/wheels/$(tr -c 'a-zA-Z0-9.\n' _ <<<"$requirements")-$machine
mkdir -p "$target"
if [ -d "$cache" ] && fetch -qqq --no-index --find-links "$cache" -d "$target" 2>/dev/null; then
    say "wheels of ${requirements##*/}: from the cache"
    exit 0
fi
say "downloading the wheels of ${requirements##*/} ($machine)"
mkdir -p "$work/wheels" "$(dirname "$cache")"
fetch -qq -d "$work/wheels" >&2 || die "pip could not download the wheels of $requirements; see above"
rm -rf "$cache"
cp -r "$work/wheels" "$cache"
cp "$work/wheels"/*.whl "$target"/
