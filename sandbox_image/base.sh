#!/usr/bin/env bash
# Prints the name of a base image that exists on the Docker host: the official one where a
# registry answers, otherwise one made here from Debian packages.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: base.sh [python|redis]

Prints the base image to build on (python, the default) or to run (redis).
  BASE                     use this image, and no other
  WINDTUNNEL_PULL_TIMEOUT  seconds to wait for the registry (default 120)
  WINDTUNNEL_DEBIAN_MIRROR mirror for debootstrap (default: its own)
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

install_debootstrap() {
    # Ubuntu has no key for Debian's archive unless the keyring is asked for.
    command -v debootstrap >/dev/null || apt_install debootstrap debian-archive-keyring
}

# What no program in a container reads, and what names this machine.
prune_root() {
    rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* \
        "$1"/usr/share/{doc,man,info,locale,lintian}/* "$1"/etc/{hostname,resolv.conf}
}

# debootstrap mounts /proc and /sys in the new root, and leaves them there when it is killed.
remove_work() {
    grep -o "$work/[^ ]*" /proc/mounts | sort -r | xargs -r umount || true
    rm -rf --one-file-system "$work"
}

bootstrap() {
    local image=$1 packages=$2 root
    check_can_bootstrap
    install_debootstrap
    work=$(mktemp -d)
    trap remove_work EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    root=$work/root
    say "making $image from Debian $SUITE packages (about a minute)"
    # The locale is set because perl's postinst warnings would otherwise drown the log.
    LC_ALL=C debootstrap --variant=minbase --include="$packages" "$SUITE" "$root" \
        ${WINDTUNNEL_DEBIAN_MIRROR:+"$WINDTUNNEL_DEBIAN_MIRROR"} >"$work/log" 2>&1 ||
        { tail -n 20 "$work/log" >&2; die "debootstrap failed"; }
    prune_root "$root"
    # Owned as in the official Redis image, so that one compose file fits both.
    if [ "$kind" = redis ]; then install -d -o 999 -g 999 "$root/data"; fi
    tar -C "$root" --numeric-owner -c . |
        docker import --change "LABEL windtunnel.packages=$packages" - "$image" >/dev/null
}

made_from() { # image packages
    [ "$(docker image inspect --format '{{index .Config.Labels "windtunnel.packages"}}' "$1" \
        2>/dev/null)" = "$2" ]
}

case ${1:-python} in
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
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac
kind=${1:-python}

docker version >/dev/null 2>&1 || die "Docker does not answer:" "deploy/setup.sh"

if [ -n "${BASE:-}" ]; then
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
