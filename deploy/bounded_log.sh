#!/usr/bin/env bash
# bounded_log.sh FILE: writes what it reads to FILE, and begins anew when that has LIMIT bytes; one
# old file is kept as FILE.1. It ends when its input does. dockerd says several lines a container.
set -uo pipefail

umask 077
file=$1
limit=${LIMIT:-5000000}
before=0
size=0

# dd writes each piece as it comes; in so many pieces of 4 KB there are 4 MB at most.
while dd bs=4k count=1000 status=none >>"$file"; do
    size=$(stat -c %s "$file")
    [ "$size" -gt "$before" ] || exit 0
    if [ "$size" -ge "$limit" ]; then
        mv -f "$file" "$file.1"
        size=0
    fi
    before=$size
done

# A full disk costs the log; dockerd would die of a pipe that nobody reads.
exec cat >/dev/null
