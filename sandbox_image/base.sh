#!/usr/bin/env bash
# Prints the name of a base image that exists on the Docker host: the official one where a
# registry answers, otherwise one made here from Debian packages.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: base.sh [python|redis|prometheus|node|java|cpp|go]

Prints the base image to build on (python, the default), to run (redis, prometheus), or the python base
with the tools of another language on top.
  BASE                     use this image, and no other, as the python base
  WINDTUNNEL_PULL_TIMEOUT  seconds to wait for the registry (default 120)
  WINDTUNNEL_DEBIAN_MIRROR Debian mirror to make a base from (default: deb.debian.org and its security archive)
TEXT
}

SUITE=bookworm
PULL_TIMEOUT=${WINDTUNNEL_PULL_TIMEOUT:-120}

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/common.sh"

present() { docker image inspect "$1" >/dev/null 2>&1; }

# An unreachable registry must not hang the build, so the pull has a deadline.
pull() {
    say "pulling $1"
    timeout "$PULL_TIMEOUT" docker pull --quiet "$1" >/dev/null
}

check_can_bootstrap() {
    local daemon_arch host_arch
    is_debian || die "no registry answers, and a base image can be made on Debian or Ubuntu only. Either:" \
        "docker load -i IMAGE.tar, then name it: BASE=<image>" "docker login, or a registry mirror"
    is_root || die "no registry answers, and making the base image needs root. Run once:" \
        "sudo $0 $kind"
    daemon_arch=$(docker version --format '{{.Server.Arch}}')
    host_arch=$(dpkg --print-architecture)
    [ "$daemon_arch" = "$host_arch" ] ||
        die "the Docker host is $daemon_arch, this machine $host_arch. On a $daemon_arch machine:" \
            "DOCKER_HOST=… $0 $kind"
}

install_mmdebstrap() {
    # Ubuntu has no key for Debian's archive unless the keyring is asked for.
    command -v mmdebstrap >/dev/null || apt_install mmdebstrap debian-archive-keyring
}

# What no program in a container reads, and what names this machine.
prune_root() {
    rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* \
        "$1"/usr/share/{doc,man,info,locale,lintian}/* "$1"/etc/{hostname,resolv.conf}
}

# What is mounted in the new root stays mounted when mmdebstrap or apt is killed.
remove_work() {
    [ -z "${exported:-}" ] || docker rm "$exported" >/dev/null || true
    grep -o "$work/[^ ]*" /proc/mounts | sort -r | xargs -r umount || true
    rm -rf --one-file-system "$work"
}

make_work() {
    work=$(mktemp -d)
    trap remove_work EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    root=$work/root
}

bootstrap() {
    local image=$1 packages=$2 root
    check_can_bootstrap
    install_mmdebstrap
    make_work
    say "making $image from Debian $SUITE packages (under a minute)"
    # The locale is set because perl's postinst warnings would otherwise drown the log.
    LC_ALL=C mmdebstrap --variant=minbase --include="$packages" "$SUITE" "$root" \
        ${WINDTUNNEL_DEBIAN_MIRROR:+"$WINDTUNNEL_DEBIAN_MIRROR"} >"$work/log" 2>&1 ||
        { tail -n 20 "$work/log" >&2; die "mmdebstrap failed; its last lines are above"; }
    prune_root "$root"
    local changes=(--change "LABEL windtunnel.packages=$packages")
    # As in the official images, so that one compose file fits both.
    case $kind in
        redis) install -d -o 999 -g 999 "$root/data" ;;
        prometheus)
            install -d -o 65534 -g 65534 "$root/prometheus"
            changes+=(--change 'ENTRYPOINT ["prometheus"]' --change 'USER 65534')
            ;;
    esac
    tar -C "$root" --numeric-owner -c . | docker import "${changes[@]}" - "$image" >/dev/null
}

made_from() { # image packages
    [ "$(docker image inspect --format '{{index .Config.Labels "windtunnel.packages"}}' "$1" \
        2>/dev/null)" = "$2" ]
}

# The same packages by the same apt, in a container that has a network …
add_packages_online() { # base image packages label
    say "adding to $1: ${3//,/ }"
    docker build --network default --label "windtunnel.packages=$4" --tag "$2" - >&2 <<DOCKERFILE
FROM $1
USER 0
RUN set -e; mkdir -p /usr/share/man/man1; apt-get update -q; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ${3//,/ }; \
    rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/log/* /usr/share/doc/* /usr/share/man/*
DOCKERFILE
}

# … or, where no container has one, in a copy of the base's files, with this machine's network.
add_packages_here() { # base image packages label
    local root
    check_can_bootstrap
    make_work
    mkdir "$root"
    say "adding to $1 (about a minute): ${3//,/ }"
    exported=$(docker create --network none "$1" true)
    docker export "$exported" | tar -C "$root" -x --exclude 'dev/*'
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
    mknod -m 666 "$root/dev/null" c 1 3
    mknod -m 666 "$root/dev/urandom" c 1 9
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    mkdir -p "$root/usr/share/man/man1"
    # shellcheck disable=SC2086 # the packages are words of their own
    LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" sh -ec \
        'apt-get update -q; apt-get install -y -q --no-install-recommends "$@"' sh ${3//,/ } \
        </dev/null >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "apt-get failed"; }
    umount "$root/proc" "$root/dev"
    prune_root "$root"
    tar -C "$root" --numeric-owner -c . |
        docker import --change "LABEL windtunnel.packages=$4" - "$2" >/dev/null
}

# A tool base is made anew when its packages change or the base beneath it does.
tool_base() { # packages
    local base label
    base=$("$0" python)
    label="$1@$(docker image inspect --format '{{.Id}}' "$base")"
    image=windtunnel/base:$kind
    if made_from "$image" "$label"; then return; fi
    if [ "$base" != "windtunnel/base:$SUITE" ]; then
        add_packages_online "$base" "$image" "$1" "$label" && return
    fi
    add_packages_here "$base" "$image" "$1" "$label"
}

case ${1:-python} in
    node) tools=nodejs,node-typescript,node-d3-array,node-d3-random,node-lodash ;;
    java) tools=openjdk-17-jdk-headless,libcommons-math3-java ;;
    cpp) tools=g++,libeigen3-dev,nlohmann-json3-dev ;;
    go) tools=golang-1.19-go,golang-github-montanaflynn-stats-dev ;;
    python)
        official=python:3.11-slim-$SUITE
        fallback=windtunnel/base:$SUITE
        packages=ca-certificates,python3
        ;;
    redis)
        official=redis:7-$SUITE
        fallback=windtunnel/base:redis
        packages=redis-server,redis-tools
        ;;
    prometheus)
        official=prom/prometheus:v3.5.0
        fallback=windtunnel/base:prometheus
        packages=prometheus
        ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac
kind=${1:-python}

docker version >/dev/null 2>&1 || die "Docker does not answer:" "deploy/setup.sh"

if [ -n "${tools:-}" ]; then
    tool_base "$tools"
elif [ -n "${BASE:-}" ]; then
    present "$BASE" || pull "$BASE" || die "BASE=$BASE is neither here nor pullable"
    image=$BASE
elif present "$official"; then
    image=$official
elif made_from "$fallback" "$packages"; then
    image=$fallback
elif pull "$official"; then
    image=$official
else
    bootstrap "$fallback" "$packages"
    image=$fallback
fi
say "base image: $image"
printf '%s\n' "$image"
