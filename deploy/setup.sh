#!/usr/bin/env bash
# Makes a machine ready for Windtunnel: Docker Engine, redis-server, virtual environment,
# sandbox image. What is there already is used as it is.
# shellcheck disable=SC2317  # shellcheck does not see that traps call functions
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: deploy/setup.sh                  set up; a dockerd that it had to start goes on running
       deploy/setup.sh COMMAND [ARG…]   set up, run COMMAND, stop the dockerd that it started
       deploy/setup.sh --stop           stop the dockerd that an earlier set-up started

On Debian and Ubuntu, root gets what is missing installed; elsewhere the commands to run are shown.

  DOCKER_HOST                 use this Docker host
  REQUIREMENTS                which of deploy/requirements .venv gets: worker (default) or dev, for the tests
  PYTHON                      make .venv with this interpreter (3.11 or newer)
  BASE                        base of the sandbox image (see sandbox_image/base.sh)
  WINDTUNNEL_DOCKERD_OPTIONS  more options for a dockerd started here
  WINDTUNNEL_STATE_DIR        its log and pid file (default /run/windtunnel)
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
venv=$root/.venv
# Where dockerd is, and no user's PATH has it.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PIP_DISABLE_PIP_VERSION_CHECK=1

# shellcheck source=deploy/common.sh
. "$here/common.sh"
# shellcheck source=deploy/docker_engine.sh
. "$here/docker_engine.sh"

REDIS_MINIMUM=7.0
REQUIREMENTS=${REQUIREMENTS:-worker}

redis_version() { redis-server --version 2>/dev/null | sed -n 's/.* v=\([0-9.]*\).*/\1/p'; }

at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

ensure_redis() {
    local version
    version=$(redis_version || true)
    if [ -z "$version" ]; then
        can_install || die "there is no redis-server on this machine. Install it, then run this again:" \
            "Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y redis-server" \
            "Fedora:          sudo dnf install -y redis" \
            "Arch:            sudo pacman -S --needed redis"
        apt_install redis-server
        version=$(redis_version || true)
    fi
    at_least "${version:-0}" "$REDIS_MINIMUM" ||
        die "redis-server ${version:-?} is too old: $REDIS_MINIMUM or newer must come first in PATH"
    say "redis-server $version"
}

# Prints the interpreter to make .venv with: 3.11 or newer, and able to make one.
find_python() {
    local candidates=(python3.11 python3.12 python3.13 python3.14 python3) candidate
    [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        # The base interpreter: the one in PATH may be that of the .venv to be replaced.
        "$candidate" 2>/dev/null <<'PROGRAM' && return
import ensurepip, sys, venv
sys.exit("too old") if sys.version_info < (3, 11) else print(sys._base_executable)
PROGRAM
    done
    return 1
}

ensure_python() {
    ! find_python >/dev/null || return 0
    [ -z "${PYTHON:-}" ] || die "PYTHON=$PYTHON is not a Python 3.11 or newer with the venv module"
    can_install || die "no Python 3.11 or newer with the venv module. Install one, then run this again:" \
        "Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y python3-venv" \
        "Fedora:          sudo dnf install -y python3" \
        "or name one:     PYTHON=/path/to/python3.11 deploy/setup.sh"
    apt_install python3-venv
    find_python >/dev/null || apt_install python3.11-venv
    find_python >/dev/null || die "this release has no Python 3.11; name one with PYTHON=…"
}

# The tests' requirements contain those of the worker.
venv_digest() { { echo "$root"; cat "$here/requirements/$1.txt" "$root/pyproject.toml"; } | sha256sum | cut -d' ' -f1; }

venv_is_complete() {
    local installed
    installed=$(cat "$venv/.installed-from" 2>/dev/null) && "$venv/bin/python" -c 'import pip' 2>/dev/null || return 1
    [ "$installed" = "$(venv_digest "$REQUIREMENTS")" ] || [ "$installed" = "$(venv_digest dev)" ]
}

# An empty environment, with pip.
make_venv() {
    local python
    ensure_python
    python=$(find_python)
    say "making .venv with $python"
    rm -f "$venv/.installed-from"
    "$python" -m venv --clear "$venv"
}

fill_venv() {
    say "installing the locked requirements and the project into .venv"
    "$venv/bin/python" -m pip install -qq --require-hashes -r "$here/requirements/$REQUIREMENTS.txt" &&
        "$venv/bin/python" -m pip install -qq --require-hashes -r "$here/requirements/build.txt" &&
        "$venv/bin/python" -m pip install -qq --no-deps --no-build-isolation -e "$root" &&
        venv_digest "$REQUIREMENTS" >"$venv/.installed-from"
}

set_up() {
    local build
    # Two set-ups at once (make test beside make demo) would build the same things twice.
    exec 9<"$here"
    flock 9
    ensure_engine
    ensure_redis
    if venv_is_complete; then
        say "virtual environment .venv is up to date"
        PYTHON=$venv/bin/python "$root/sandbox_image/build.sh" 9>&-
    else
        make_venv
        # Beside each other: of .venv the image's build needs no more than its pip. In the background
        # a shell ignores Ctrl-C, which env undoes.
        (exec env --default-signal=INT,QUIT PYTHON="$venv/bin/python" "$root/sandbox_image/build.sh" 9>&-) &
        build=$!
        fill_venv || {
            kill "$build" 2>/dev/null || true
            die "pip could not fill .venv; see above"
        }
        wait "$build"
    fi
    # As pip does for what it copies into .venv. Where Python is told to write no byte code, each command and each role
    # would compile the project anew.
    "$venv/bin/python" -m compileall -q "$root/producer/windtunnel" "$root/worker/windtunnel_worker"
    exec 9>&-
}

# Runs the command so that signals reach it and its end is always waited for. In the background
# a shell ignores SIGINT for it, which env undoes.
run_command() {
    local child status interrupted
    env --default-signal=INT,QUIT "$@" <&0 8>&- &
    child=$!
    # Ctrl-C already went to the whole foreground group; a second one may mean "abort" to the
    # command. A signal sent to this script alone is passed on.
    trap 'interrupted=1; in_foreground || kill -INT "$child" 2>/dev/null || true' INT
    trap 'interrupted=1; kill -TERM "$child" 2>/dev/null || true' TERM HUP
    while :; do
        interrupted=
        status=0
        wait "$child" || status=$?
        [ -n "$interrupted" ] || break
    done
    trap '' INT TERM HUP
    return "$status"
}

# Whether this script's process group is the one that its terminal sends Ctrl-C to.
in_foreground() {
    local group terminal_group
    # After the name: state, parent, group, session, terminal, the terminal's group.
    read -r _ _ group _ _ terminal_group _ < <(sed 's/.*) //' "/proc/$$/stat")
    [ "$group" = "$terminal_group" ]
}

# Commands that run at the same time share one dockerd: whoever started it leaves it to the rest.
release_engine() {
    # It may have ended by itself.
    [ -n "$engine_started_here" ] && [ "$(engine_pid)" = "$engine_started_here" ] || return 0
    if flock -n -x 8; then
        stop_engine "$engine_started_here"
    else
        say "another command still uses dockerd; stop it later: deploy/setup.sh --stop"
    fi
}

# A shared lock while a command runs; only root starts a dockerd, so only root shares one.
hold_engine() {
    is_root || return 0
    mkdir -p "$ENGINE_STATE"
    exec 8>>"$ENGINE_STATE/users"
    flock -s 8
}

main() {
    local pid status=0
    case ${1:-} in
        -h | --help) usage; exit 0 ;;
        --stop)
            pid=$(engine_pid) || { say "nothing to stop: no dockerd started here is running"; exit 0; }
            stop_engine "$pid"
            exit 0
            ;;
        -*) usage >&2; exit 2 ;;
    esac
    if [ $# -eq 0 ]; then
        set_up
        [ -z "$engine_started_here" ] || say "dockerd goes on running; to stop it: deploy/setup.sh --stop"
        exit 0
    fi
    trap release_engine EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    hold_engine
    set_up
    run_command "$@" || status=$?
    exit "$status"
}

main "$@"
