#!/bin/sh
# Go: the compiler and the linker alone, called directly, with every package compiled in advance.
# The go command would need a writable cache and would check all of it on each run.
set -e
export CGO_ENABLED=0 GOFLAGS=-trimpath GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=/tmp/cache HOME=/tmp
home=/opt/windtunnel/go
go=/usr/lib/go-1.19/bin/go
mkdir -p /opt/windtunnel/lib "$home/packages"
install -m 0755 /parts/compile.sh /opt/windtunnel/compile
tools=$($go env GOTOOLDIR)
cp "$tools/compile" "$tools/link" "$home"

standard=$($go list std | grep -v -E '(^|/)(vendor|internal|testdata)(/|$)|^runtime/cgo$|^plugin$')
# shellcheck disable=SC2086 # the packages are words of their own
$go list -export -deps -f '{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}' \
    $standard github.com/montanaflynn/stats |
    while read -r package archive; do
        name=$(echo "$package" | tr / _).a
        cp "$archive" "$home/packages/$name"
        echo "packagefile $package=$home/packages/$name"
    done >"$home/importcfg"
cd /tmp
"$home/compile" -p windtunnel -complete -trimpath /parts -importcfg "$home/importcfg" \
    -o "$home/packages/windtunnel.a" /parts/windtunnel.go
echo "packagefile windtunnel=$home/packages/windtunnel.a" >>"$home/importcfg"
printf '{"go": "%s"}' "$($go version | sed 's/^go version go\([^ ]*\).*/\1/')" >/opt/windtunnel/versions.json
