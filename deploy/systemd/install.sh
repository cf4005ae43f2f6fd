#!/usr/bin/env bash
# Turns a fresh Debian 12 machine (or later) with systemd into an execution host.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: install.sh REDIS_URL PASSWORD_FILE [WHEEL]

  REDIS_URL      redis://worker@host:6379/0, rediss://… or sentinel://…, without the password
  PASSWORD_FILE  a file with the worker's password
  WHEEL          the project's wheel; without it `windtunnel` is installed by pip

Installs Docker and Python, the workers under /opt/windtunnel, the user windtunnel and the units, and starts execute
and monitor. It may be run again, for example to upgrade; it restarts the two then.

  WINDTUNNEL_STORE_URL  the store of the deployment (default: what it is already, or a folder of this host)
  WINDTUNNEL_HOST       the host's name (default: what it is already, or the machine's)

Further settings go into /etc/windtunnel/execute.env, monitor.env and so on, which this script leaves alone. OPTIONS
there are those of the role: OPTIONS=--concurrency=8 gives execute eight slots.
TEXT
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
[ $# -ge 2 ] || { usage >&2; exit 2; }
url=$1 password=$2 wheel=${3:-}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$here/../common.sh"

[[ ${url#*://} != *:*@* ]] || die "the URL carries a password; put it into PASSWORD_FILE"
[ -r "$password" ] || die "$password cannot be read"
can_install || die "this needs Debian or Ubuntu, and root"
has_systemd || die "this machine does not run systemd; deploy/compose/up.sh needs none"

apt_install docker.io python3-venv ca-certificates apparmor
systemctl enable --now docker

getent passwd windtunnel >/dev/null ||
    useradd --system --home-dir /var/lib/windtunnel --shell /usr/sbin/nologin --user-group windtunnel
install -d -o windtunnel -g windtunnel -m 2750 /var/lib/windtunnel
[ -x /opt/windtunnel/bin/python ] || python3 -m venv /opt/windtunnel
say "installing the workers"
/opt/windtunnel/bin/pip install --quiet --no-compile --require-hashes -r "$here/../requirements/worker.txt"
# Forced, since two wheels from before a release have the same version.
/opt/windtunnel/bin/pip install --quiet --no-compile --no-deps --upgrade --force-reinstall "${wheel:-windtunnel}"
# pip compiles one file after the other, and the libraries' tests too.
/opt/windtunnel/bin/python -m compileall -q -j 0 -x '/tests/' /opt/windtunnel/lib
install -D -m 644 "$here/../RUNBOOK.md" /opt/windtunnel/share/RUNBOOK.md

install -d -m 755 /etc/windtunnel
[ "$password" -ef /etc/windtunnel/redis_password ] || install -m 600 "$password" /etc/windtunnel/redis_password
settings=/etc/windtunnel/windtunnel.env
earlier() { sed -n "s/^$1=//p" "$settings" 2>/dev/null || true; }
host=${WINDTUNNEL_HOST:-$(earlier WINDTUNNEL_HOST)}
store=${WINDTUNNEL_STORE_URL:-$(earlier WINDTUNNEL_STORE_URL)}
cat >"$settings" <<TEXT
# Written by install.sh. Settings of your own go into execute.env, monitor.env and so on beside this file.
WINDTUNNEL_REDIS_URL=$url
WINDTUNNEL_HOST=${host:-$(uname -n | tr -c 'A-Za-z0-9._\n' -)}
WINDTUNNEL_DATA_DIR=/var/lib/windtunnel/data
WINDTUNNEL_LOCK_DIR=/var/lib/windtunnel/locks
WINDTUNNEL_STORE_URL=${store:-/var/lib/windtunnel/store}
WINDTUNNEL_APPARMOR_PROFILE=windtunnel-sandbox
TEXT
install -m 644 "$here/../apparmor/windtunnel-sandbox" /etc/apparmor.d/windtunnel-sandbox
apparmor_parser --replace /etc/apparmor.d/windtunnel-sandbox

docker image inspect windtunnel/sandbox:python >/dev/null 2>&1 || "$here/../../sandbox_image/build.sh"

install -m 644 "$here/windtunnel@.service" /etc/systemd/system/
install -D -m 644 "$here/windtunnel@execute.service.d/docker.conf" \
    /etc/systemd/system/windtunnel@execute.service.d/docker.conf
systemctl daemon-reload
systemctl enable windtunnel@execute windtunnel@monitor
systemctl restart windtunnel@execute windtunnel@monitor
say "done: this host is in 'windtunnel hosts' in a moment; journalctl -fu windtunnel@execute follows it"
