# shellcheck shell=bash
# Sourced by setup.sh: finds a Docker Engine, or starts one, and stops only the one it started.

ENGINE_STATE=${WINDTUNNEL_STATE_DIR:-/run/windtunnel}
ENGINE_PID=$ENGINE_STATE/dockerd.pid
ENGINE_LOG=$ENGINE_STATE/dockerd.log
ENGINE_DEADLINE=60
engine_started_here=

engine_answers() { timeout 10 docker version >/dev/null 2>&1; }

# The start time tells our process from a later one with the same number.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Prints the pid of the dockerd that this script started, if it runs.
engine_pid() {
    local pid started
    read -r pid started 2>/dev/null <"$ENGINE_PID" || return 1
    [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}

await_exit() { # pid seconds
    local deadline=$((SECONDS + $2))
    while [ -d "/proc/$1" ] && ! grep -qs '^State:.*Z' "/proc/$1/status"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

install_engine() {
    local packages=(docker.io ca-certificates)
    can_install || die "there is no Docker Engine on this machine. Install it, then run this again:" \
        "${ENGINE_COMMANDS[@]}"
    has_systemd || packages+=(cgroupfs-mount)
    apt_install "${packages[@]}"
    # Later Debian releases keep the command-line client in a package of its own.
    command -v docker >/dev/null || apt_install docker-cli
}

ENGINE_COMMANDS=(
    "Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y docker.io && sudo systemctl start docker"
    "Fedora:          sudo dnf install -y moby-engine && sudo systemctl start docker"
    "Arch:            sudo pacman -S --needed docker && sudo systemctl start docker"
    "and for a user who is not root:  sudo usermod -aG docker $(id -un)   (then log in again)"
)

# Says why the Engine does not answer where starting one is not the cure.
refuse_what_cannot_be_started() {
    local why
    case ${DOCKER_HOST:-} in
        '' | unix://*) ;;
        *) die "DOCKER_HOST=$DOCKER_HOST does not answer. Start that Docker host, or:" \
            "unset DOCKER_HOST   (to use an Engine on this machine)" ;;
    esac
    why=$(timeout 10 docker version 2>&1 || true)
    case $why in
        *'permission denied'*)
            die "the Docker Engine runs, but $(id -un) may not use its socket. Either:" \
                "sudo usermod -aG docker $(id -un)   (then log in again, or: newgrp docker)" \
                "export DOCKER_HOST=...             (a Docker host that you may use)" ;;
    esac
    is_root || die "the Docker Engine does not run, and starting it needs root:" \
        "sudo systemctl start docker   (without systemd: sudo dockerd)" \
        "sudo usermod -aG docker $(id -un)   (then log in again)"
}

mount_cgroups() {
    grep -qE ' cgroup2? ' /proc/mounts && return
    command -v cgroupfs-mount >/dev/null ||
        die "no cgroup is mounted, and Docker needs them. Mount them, then run this again:" \
            "mount -t cgroup2 none /sys/fs/cgroup"
    say "mounting the cgroup hierarchies"
    cgroupfs-mount
}

launch_engine() {
    local pid options
    read -ra options <<<"${WINDTUNNEL_DOCKERD_OPTIONS:-}"
    [ -z "${DOCKER_HOST:-}" ] || options+=(--host "$DOCKER_HOST")
    mount_cgroups
    mkdir -p "$ENGINE_STATE"
    rm -f "$ENGINE_LOG" "$ENGINE_LOG.1"
    # A session of its own keeps the terminal's Ctrl-C from it and from its log. Their descriptors
    # are closed so that they hold no lock of ours.
    setsid dockerd --pidfile "$ENGINE_STATE/docker.pid" --log-level warn "${options[@]}" \
        </dev/null > >(exec setsid "$here/bounded_log.sh" "$ENGINE_LOG" >/dev/null 2>&1 8>&- 9>&-) 2>&1 8>&- 9>&- &
    pid=$!
    echo "$pid $(start_time "$pid")" >"$ENGINE_PID"
    engine_started_here=$pid
    disown "$pid"
}

await_engine() {
    local deadline=$((SECONDS + ENGINE_DEADLINE))
    until engine_answers; do
        if [ -n "$engine_started_here" ] && ! engine_pid >/dev/null; then
            tail -n 15 "$ENGINE_LOG" >&2
            rm -f "$ENGINE_PID"
            die "dockerd stopped while starting; its log's last lines are above ($ENGINE_LOG)"
        fi
        if [ "$SECONDS" -ge "$deadline" ]; then
            [ -z "$engine_started_here" ] || tail -n 15 "$ENGINE_LOG" >&2
            die "the Docker Engine did not answer within $ENGINE_DEADLINE s; what it says:" \
                "$(timeout 10 docker version 2>&1 | tail -n 1)" "$(has_systemd && echo 'journalctl -u docker')"
        fi
        sleep 0.2
    done
}

ensure_engine() {
    if ! engine_answers; then
        command -v docker >/dev/null || install_engine
        engine_answers || start_engine
    fi
    say "Docker Engine $(docker version --format '{{.Server.Version}}')"
}

start_engine() {
    refuse_what_cannot_be_started
    command -v dockerd >/dev/null || install_engine
    if has_systemd && [ -z "${DOCKER_HOST:-}" ]; then
        say "starting the Docker Engine with systemd"
        systemctl start docker || die "systemd could not start Docker; see:" "journalctl -u docker"
    else
        say "starting dockerd (log: $ENGINE_LOG)"
        launch_engine
    fi
    await_engine
}

# Prints the containerd that a dockerd started, if any; by hand, since minimal systems have no pgrep.
containerd_of() { # pid
    local child children
    read -ra children < <(cat "/proc/$1"/task/*/children 2>/dev/null | tr '\n' ' ') || true
    for child in "${children[@]}"; do
        if grep -qsx containerd "/proc/$child/comm"; then echo "$child"; fi
    done
}

# dockerd ends its containerd itself; that child is waited for, so that a new dockerd can start
# at once.
stop_engine() { # pid
    local child
    child=$(containerd_of "$1")
    say "stopping the dockerd that was started here (pid $1)"
    kill "$1" 2>/dev/null || true
    await_exit "$1" 40 || die "dockerd $1 did not stop within 40 s; see $ENGINE_LOG"
    if [ -n "$child" ] && ! await_exit "$child" 10; then kill "$child"; fi
    rm -f "$ENGINE_PID"
}
