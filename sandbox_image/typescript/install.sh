#!/bin/sh
# TypeScript: JavaScript's parts, and the compiler with the types of the sandbox.
set -e
sh /parts/javascript/install.sh /parts/javascript
install -m 0644 /parts/compile.js /parts/compiler.js /parts/learn.ts /parts/windtunnel.d.ts \
    /opt/windtunnel
node /opt/windtunnel/compiler.js
rm /opt/windtunnel/learn.ts
printf '{"node": "%s", "typescript": "%s"}' "$(node -p process.versions.node)" \
    "$(node -p 'require("typescript").version')" >/opt/windtunnel/versions.json
