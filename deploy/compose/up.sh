#!/usr/bin/env bash
# Runs docker-compose.yml on this host, after making the images that it needs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export PYTHON=${PYTHON:-$root/.venv/bin/python}

# shellcheck source=deploy/common.sh
. "$here/../common.sh"

usage() {
    cat <<'TEXT'
Usage: deploy/compose/up.sh                 make the images, start everything in the background
       deploy/compose/up.sh COMMAND [ARG…]  run docker-compose COMMAND, e.g. ps, logs -f, down;
                                            up and build make the images first

The variables are explained in docker-compose.yml, BASE in sandbox_image/base.sh.
TEXT
}

find_compose() {
    if ! docker compose version >/dev/null 2>&1 && ! command -v docker-compose >/dev/null && can_install; then
        apt_install docker-compose
    fi
    if docker compose version >/dev/null 2>&1; then
        compose=(docker compose)
    elif command -v docker-compose >/dev/null; then
        compose=(docker-compose)
    else
        die "neither 'docker compose' nor docker-compose is installed; on Debian or Ubuntu:" \
            "sudo apt-get install -y docker-compose"
    fi
    compose+=(--project-directory "$root" --file "$root/docker-compose.yml")
}

# What the compose file cannot find out by itself.
describe_host() {
    local socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
    [ "${socket#unix://}" != "$socket" ] ||
        die "DOCKER_HOST=$DOCKER_HOST is remote, and the workers need a local socket. Run this there."
    export WINDTUNNEL_DOCKER_SOCKET=${WINDTUNNEL_DOCKER_SOCKET:-${socket#unix://}}
    DOCKER_GID=${DOCKER_GID:-$(stat -L -c %g "$WINDTUNNEL_DOCKER_SOCKET")}
    WINDTUNNEL_HOST=${WINDTUNNEL_HOST:-$(uname -n | tr -c 'A-Za-z0-9._\n' -)}
    export DOCKER_GID WINDTUNNEL_HOST
}

# The workers run as user 10002 and reach these folders through their group.
make_folders() {
    local folder group=()
    export WINDTUNNEL_STORE_DIR=${WINDTUNNEL_STORE_DIR:-/var/lib/windtunnel/store}
    export WINDTUNNEL_DATA_DIR=${WINDTUNNEL_DATA_DIR:-/var/lib/windtunnel/data}
    [ "$(id -u)" != 0 ] || group=(-g 10002)
    for folder in "$WINDTUNNEL_STORE_DIR" "$WINDTUNNEL_DATA_DIR"; do
        [ -d "$folder" ] || install -d -m 2770 "${group[@]}" "$folder" ||
            die "$folder cannot be made; make it, or set WINDTUNNEL_STORE_DIR and WINDTUNNEL_DATA_DIR."
    done
    STORE_GID=${STORE_GID:-$(stat -L -c %g "$WINDTUNNEL_STORE_DIR")}
    export STORE_GID
}

make_images() {
    local context
    "$root/sandbox_image/build.sh"
    WINDTUNNEL_BASE=$("$root/sandbox_image/base.sh" python)
    WINDTUNNEL_REDIS_IMAGE=${WINDTUNNEL_REDIS_IMAGE:-$(BASE='' "$root/sandbox_image/base.sh" redis)}
    export WINDTUNNEL_BASE WINDTUNNEL_REDIS_IMAGE
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    context=$work/context
    "$here/../wheels.sh" "$here/../pip.txt" "$WINDTUNNEL_BASE" "$context/pip"
    "$here/../wheels.sh" "$here/../requirements/worker.txt" "$WINDTUNNEL_BASE" "$context/wheels"
    say "building the project's wheel"
    "$PYTHON" -m pip wheel -qq --no-deps --no-build-isolation -w "$context/project" "$root"
    cp "$here/Dockerfile" "$context/"
    cp "$here/../requirements/worker.txt" "$context/requirements.txt"
    chmod -R u=rwX,go=rX "$context"
    say "building windtunnel/worker:local on $WINDTUNNEL_BASE"
    WINDTUNNEL_CONTEXT=$context "${compose[@]}" build validate >"$work/log" 2>&1 || {
        tail -n 40 "$work/log" >&2
        die "the build failed; its last lines are above"
    }
    rm -rf "$work"
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
esac
[ $# -gt 0 ] || set -- up --detach --remove-orphans
docker version >/dev/null 2>&1 || die "Docker does not answer:" "deploy/setup.sh"
find_compose
describe_host
make_folders
case $1 in
    up | build) make_images ;;
esac
[ "$1" != build ] || exit 0
[ "$1" != up ] || set -- up --no-build "${@:2}"
"${compose[@]}" "$@"
