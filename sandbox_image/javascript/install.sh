#!/bin/sh
# JavaScript: the runner and the face of the sandbox; node and its libraries are in the base.
set -e
mkdir -p /opt/windtunnel/lib
install -m 0644 "${1:-/parts}/run.js" "${1:-/parts}/windtunnel.js" /opt/windtunnel
node -e 'for (const name of ["d3-array", "d3-random", "lodash"]) require(name)'
printf '{"node": "%s"}' "$(node -p process.versions.node)" >/opt/windtunnel/versions.json
