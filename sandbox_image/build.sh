#!/usr/bin/env bash
# Builds sandbox images, each unless the one that is there was made from the same inputs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LANGUAGES=(python javascript typescript java cpp go)

usage() {
    cat <<TEXT
Usage: build.sh [LANGUAGE…|all]   builds windtunnel/sandbox:LANGUAGE where its inputs have changed
  LANGUAGE  ${LANGUAGES[*]} (default: python)
  IMAGE     another name for the images, before the colon; or a whole one, for one language
  BASE      another base image (see base.sh)
  PYTHON    the interpreter whose pip downloads the wheels (default .venv/bin/python)
TEXT
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
    all) set -- "${LANGUAGES[@]}" ;;
    '') set -- python ;;
esac
for language in "$@"; do
    [[ " ${LANGUAGES[*]} " = *" $language "* ]] || { usage >&2; exit 2; }
done
# Each language in a shell of its own, which cleans up after itself.
if [ $# -gt 1 ]; then
    for language in "$@"; do "$0" "$language"; done
    exit 0
fi

image=${IMAGE:-windtunnel/sandbox}
[[ ${image##*/} = *:* ]] || image=$image:$language

# shellcheck source=deploy/common.sh
. "$here/../deploy/common.sh"

# Images that a build replaced, and all stages but the newest, which is the next build's cache.
# Docker refuses to remove what a container still uses: that one goes with a later build.
remove_replaced() {
    {
        docker image ls --quiet --filter dangling=true --filter label=windtunnel.inputs
        docker image ls --quiet --filter dangling=true --filter "label=windtunnel.stage=$language" | tail -n +2
    } | xargs -r -n 1 docker image rm >/dev/null 2>&1 || true
}

mapfile -t warden < <(cd "$here" && printf "%s\n" *.py)
inputs=(Dockerfile "${warden[@]}")
parts=("$language")
tools=''
case $language in
    python) inputs+=(requirements.txt ../deploy/pip.txt) ;;
    javascript) tools=node ;;
    typescript) tools=node parts+=(javascript) ;;
    *) tools=$language ;;
esac
mapfile -t files < <(cd "$here" && find "${parts[@]}" -type f | LC_ALL=C sort)
inputs+=("${files[@]}")
for file in "${inputs[@]}"; do
    [ -f "$here/$file" ] || die "$here/$file is missing; the image cannot be built without it"
done

base=$("$here/base.sh" python)
[ -z "$tools" ] || tools=$("$here/base.sh" "$tools")
tools=${tools:-$base}
# These need their compiler or runtime where it was installed; the others are cut out of it.
case $language in javascript | typescript | cpp) base=$tools ;; esac
digest=$({
    docker image inspect --format '{{.Id}} {{.Architecture}}' "$base" "$tools"
    cd "$here" && sha256sum "${inputs[@]}"
} | sha256sum | cut -d' ' -f1)

built_from=$(docker image inspect --format '{{index .Config.Labels "windtunnel.inputs"}}' \
    "$image" 2>/dev/null || true)
if [ "$built_from" = "$digest" ]; then
    say "sandbox image $image is up to date"
    exit 0
fi

work=$(mktemp -d)
context=$work/context
mkdir "$context"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cp -R "$here/$language" "$context/parts"
case $language in
    python)
        "$here/../deploy/wheels.sh" "$here/../deploy/pip.txt" "$base" "$context/parts/pip"
        "$here/../deploy/wheels.sh" "$here/requirements.txt" "$base" "$context/parts/wheels"
        cp "$here/requirements.txt" "$context/parts/"
        ;;
    typescript) cp -R "$here/javascript" "$context/parts/" ;;
esac
(cd "$here" && cp Dockerfile "${warden[@]}" "$context/")
# The modes are set here because a private umask would make the warden unreadable in the image.
chmod -R u=rwX,go=rX "$context"

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$here/../producer/windtunnel/__init__.py")
say "building $image on $base (under a minute)"
docker build --network none --build-arg "BASE=$base" --build-arg "TOOLS=$tools" --build-arg "LANGUAGE=$language" \
    --label "windtunnel.inputs=$digest" --label "org.opencontainers.image.version=$version" \
    --tag "$image" "$context" >"$work/log" 2>&1 || {
    tail -n 40 "$work/log" >&2
    die "docker build failed; its last lines are above"
}
remove_replaced
say "built $image"
