#!/usr/bin/env bash
# Builds the sandbox image, unless the one that is there was made from the same inputs.
set -euo pipefail

case ${1:-} in
    '') ;;
    -h | --help)
        cat <<'TEXT'
Usage: build.sh        builds windtunnel/sandbox:python when its inputs have changed
  IMAGE   another name for the image
  BASE    another base image (see base.sh)
  PYTHON  the interpreter whose pip downloads the wheels (default .venv/bin/python)
TEXT
        exit 0
        ;;
    *) echo "build.sh: unknown argument $1; see --help" >&2; exit 2 ;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
image=${IMAGE:-windtunnel/sandbox:python}

# shellcheck source=deploy/common.sh
. "$here/../deploy/common.sh"

# Images that a build replaced, and all stages but the newest, which is the next build's cache.
# Docker refuses to remove what a container still uses: that one goes with a later build.
remove_replaced() {
    {
        docker image ls --quiet --filter dangling=true --filter label=windtunnel.inputs
        docker image ls --quiet --filter dangling=true --filter label=windtunnel.stage | tail -n +2
    } | xargs -r -n 1 docker image rm >/dev/null 2>&1 || true
}

inputs=(Dockerfile warden.py program.py requirements.txt)
for file in "${inputs[@]}"; do
    [ -f "$here/$file" ] || die "$here/$file is missing; the image cannot be built without it"
done

base=$("$here/base.sh" python)
read -r base_id arch < <(docker image inspect --format '{{.Id}} {{.Architecture}}' "$base")
digest=$({
    echo "$base_id $arch"
    cd "$here" && sha256sum "${inputs[@]}" ../deploy/pip.txt
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
"$here/../deploy/wheels.sh" "$here/../deploy/pip.txt" "$base" "$context/pip"
"$here/../deploy/wheels.sh" "$here/requirements.txt" "$base" "$context/wheels"
# The modes are set here because a private umask would make the warden unreadable in the image.
for file in "${inputs[@]}"; do install -m 0644 "$here/$file" "$context/$file"; done
chmod -R u=rwX,go=rX "$context"

say "building $image on $base (under a minute)"
docker build --network none --build-arg "BASE=$base" --label "windtunnel.inputs=$digest" \
    --tag "$image" "$context" >"$work/log" 2>&1 || {
    tail -n 40 "$work/log" >&2
    die "docker build failed; its last lines are above"
}
remove_replaced
say "built $image"
