#!/bin/sh
# compile SOURCE: makes ./strategy. The flags are the same for the headers compiled in advance, or
# g++ would not take them. -g1 gives the line of an uncaught exception; without PIE an address in
# the program is an address in its file.
here=/opt/windtunnel
flags='-std=c++20 -O2 -g1 -fno-pie -pipe -pthread -D_GLIBCXX_ASSERTIONS -I/usr/include/eigen3'
# shellcheck disable=SC2086 # the flags are words of their own
if [ "$1" = -x ]; then exec g++ $flags "$@"; fi
# Eigen is slow to read even in advance: only those who use it wait for it.
header=$here/plain
if grep -q '<Eigen/' "$1"; then header=$here/eigen; fi
# shellcheck disable=SC2086
exec g++ $flags -fdiagnostics-color=never -fmax-errors=20 -w -fuse-ld=gold -no-pie \
    -I "$header" -include windtunnel.hpp "$1" $here/windtunnel.o -o strategy
