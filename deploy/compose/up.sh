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

With COMPOSE_PROFILES=observability it starts the exporter, Prometheus, Grafana and the OTLP collector, too. Where no
registry answers, Prometheus is made from Debian's package; the other two are left out, and it says so.
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
group=()
make_folders() {
    local folder
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

# A password a user of Redis and a login for Flower, made once. The workers read them through their group.
make_secrets() {
    local name file users=(redis_{producer,worker,flower,exporter,operator})
    export WINDTUNNEL_SECRETS_DIR=${WINDTUNNEL_SECRETS_DIR:-/var/lib/windtunnel/secrets}
    [ -d "$WINDTUNNEL_SECRETS_DIR" ] || install -d -m 2750 "${group[@]}" "$WINDTUNNEL_SECRETS_DIR" ||
        die "$WINDTUNNEL_SECRETS_DIR cannot be made; make it, or set WINDTUNNEL_SECRETS_DIR."
    for name in "${users[@]}" flower_login grafana; do
        file=$WINDTUNNEL_SECRETS_DIR/$name
        [ -s "$file" ] || (umask 077 && secret >"$file")
    done
    for name in "${users[@]}"; do chmod 640 "$WINDTUNNEL_SECRETS_DIR/$name"; done
    : "${WINDTUNNEL_FLOWER_LOGIN:=operator:$(cat "$WINDTUNNEL_SECRETS_DIR/flower_login")}"
    : "${GRAFANA_PASSWORD:=$(cat "$WINDTUNNEL_SECRETS_DIR/grafana")}"
    export WINDTUNNEL_FLOWER_LOGIN GRAFANA_PASSWORD
}

secret() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

announce() {
    local port=${WINDTUNNEL_REDIS_PORT:-7411} secrets store
    printf -v secrets %q "$WINDTUNNEL_SECRETS_DIR"
    printf -v store %q "$WINDTUNNEL_STORE_DIR"
    say "Flower: http://127.0.0.1:${WINDTUNNEL_FLOWER_PORT:-5555}, login operator:\$(cat $secrets/flower_login)"
    say "for clients: export WINDTUNNEL_REDIS_URL=redis://producer@127.0.0.1:$port/0"
    say "             export WINDTUNNEL_REDIS_PASSWORD_FILE=$secrets/redis_producer"
    say "             export WINDTUNNEL_STORE_URL=$store"
}

make_images() {
    local context wheel version
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
    wheel=$(echo "$context"/project/*.whl)
    version=${wheel##*/windtunnel-}
    cp "$here/Dockerfile" "$context/"
    cp "$here/../requirements/worker.txt" "$context/requirements.txt"
    chmod -R u=rwX,go=rX "$context"
    say "building windtunnel/worker:local on $WINDTUNNEL_BASE"
    WINDTUNNEL_CONTEXT=$context "${compose[@]}" build --build-arg "VERSION=${version%%-*}" \
        --build-arg "WHEEL_SHA256=$(sha256sum "$wheel" | cut -d' ' -f1)" validate >"$work/log" 2>&1 || {
        tail -n 40 "$work/log" >&2
        die "the build failed; its last lines are above"
    }
    rm -rf "$work"
}

# Prometheus's image, and which of the others cannot be had: those services are not started.
left_out=()
make_observability() {
    local service image
    [[ ,${COMPOSE_PROFILES:-}, = *,observability,* ]] || return 0
    WINDTUNNEL_PROMETHEUS_IMAGE=${WINDTUNNEL_PROMETHEUS_IMAGE:-$(BASE='' "$root/sandbox_image/base.sh" prometheus)}
    export WINDTUNNEL_PROMETHEUS_IMAGE
    for service in grafana collector; do
        image=$("${compose[@]}" config | sed -n "/^  $service:/,/^  [a-z]/s/^    image: //p")
        docker image inspect "$image" >/dev/null 2>&1 || timeout 60 docker pull --quiet "$image" >/dev/null 2>&1 || {
            say "$image is neither here nor pullable: $service is left out"
            left_out+=("$service")
        }
    done
}

# The services to start by name where some are left out; none means all.
services() {
    [ ${#left_out[@]} -gt 0 ] || return 0
    "${compose[@]}" config --services | grep -vxF "$(printf '%s\n' "${left_out[@]}")"
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
esac
[ $# -gt 0 ] || set -- up --detach --remove-orphans
docker version >/dev/null 2>&1 || die "Docker does not answer:" "deploy/setup.sh"
find_compose
describe_host
make_folders
make_secrets
case $1 in
    up | build) make_images ;;
esac
[ "$1" != build ] || exit 0
if [ "$1" = up ]; then
    announce
    make_observability
    mapfile -t wanted < <(services)
    set -- up --no-build "${@:2}" "${wanted[@]}"
fi
"${compose[@]}" "$@"
