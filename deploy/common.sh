# shellcheck shell=bash
# Sourced by the scripts of deploy/ and sandbox_image/. Talk goes to stderr: stdout belongs to
# the command that a script runs, or to its answer.

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    shift
    [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
    exit 1
}

is_debian() { [ -f /etc/debian_version ]; }
is_root() { [ "$(id -u)" -eq 0 ]; }
can_install() { is_debian && is_root && command -v apt-get >/dev/null; }
has_systemd() { [ -d /run/systemd/system ]; }

# A package that is installed here must start no service: the Docker Engine is started by
# docker_engine.sh, and the project runs Redis instances of its own. Runs in a subshell, whose
# exit trap lifts the ban again even after Ctrl-C.
apt_install() (
    policy=/usr/sbin/policy-rc.d
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$log" "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    say "apt-get install $*"
    # The lists are brought up to date only where they lack a package or name one that the mirror no longer has.
    install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@")
    { "${install[@]}" || { apt-get update -q && "${install[@]}"; }; } </dev/null >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "apt-get could not install $*; its last lines are above"
    }
)

# Install what is lacking, where this user can: each argument is a command, then the packages that bring it.
install_lacking() {
    local need words packages=()
    for need in "$@"; do
        read -ra words <<<"$need"
        command -v "${words[0]}" >/dev/null || packages+=("${words[@]:1}")
    done
    if [ ${#packages[@]} -gt 0 ] && can_install; then
        apt_install "${packages[@]}"
    fi
}
