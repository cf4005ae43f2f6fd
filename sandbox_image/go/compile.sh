#!/bin/sh
# compile SOURCE: makes ./strategy. The linker leaves out what only a debugger reads.
set -e
go=/opt/windtunnel/go
"$go/compile" -p main -complete -importcfg "$go/importcfg" -o strategy.a "$1"
exec "$go/link" -s -w -importcfg "$go/importcfg" -buildmode=exe -o strategy strategy.a
