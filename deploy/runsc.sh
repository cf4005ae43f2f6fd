#!/usr/bin/env bash
# Installs gVisor's runsc and makes it known to the Docker Engine of this machine, without a restart of it.
set -euo pipefail

case ${1:-} in
    '') ;;
    -h | --help)
        cat <<'TEXT'
Usage: runsc.sh        lets sandboxes run under gVisor: then set WINDTUNNEL_RUNTIME=runsc
  DOCKER_CONFIG_FILE   the Engine's configuration (default /etc/docker/daemon.json)
TEXT
        exit 0
        ;;
    *) echo "runsc.sh: unknown argument $1; see --help" >&2; exit 2 ;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/common.sh"

config=${DOCKER_CONFIG_FILE:-/etc/docker/daemon.json}

# ptrace works in a virtual machine without KVM. The sandboxes have no network. The system calls are filtered inside
# too, as under runc. Never --ignore-cgroups: no limit of memory or processes would hold.
options='["--platform=ptrace", "--network=none", "--oci-seccomp"]'

if ! command -v runsc >/dev/null; then
    can_install || die "there is no runsc on this machine. Install it, then run this again:" \
        "Debian:  sudo apt-get install runsc" \
        "others:  https://gvisor.dev/docs/user_guide/install/"
    apt_install runsc
fi
is_root || die "making runsc known to the Docker Engine needs root. Run as root: $0"
command -v python3 >/dev/null || die "this needs python3 to edit $config"

changed=$(python3 - "$config" "$(command -v runsc)" "$options" <<'PYTHON'
import json, os, pathlib, sys

path, program, options = pathlib.Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
before = path.read_text() if path.exists() else ""
config = json.loads(before or "{}")
config.setdefault("runtimes", {})["runsc"] = {"path": program, "runtimeArgs": options}
after = json.dumps(config, indent=2) + "\n"
if json.loads(before or "null") != config:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(after)
    os.replace(new, path)
    print("yes")
PYTHON
)

known() { docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q '"runsc"'; }

if [ -z "$changed" ] && known; then
    say "the Docker Engine knows runsc already"
    exit 0
fi
say "registered runsc in $config"
if has_systemd && command -v systemctl >/dev/null && systemctl is-active --quiet docker; then
    systemctl reload docker
else
    pids=$(pgrep -x dockerd) || die "the Docker Engine does not run here; it will know runsc when it starts"
    # Each daemon reads its own configuration again; nothing that runs is disturbed.
    # shellcheck disable=SC2086
    kill -HUP $pids
fi
for _ in $(seq 50); do
    if known; then
        say "the Docker Engine knows runsc: set WINDTUNNEL_RUNTIME=runsc"
        exit 0
    fi
    sleep 0.1
done
die "the Docker Engine did not take $config; see its log, or restart it"
