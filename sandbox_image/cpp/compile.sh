#!/bin/sh
# compile SOURCE: makes ./strategy. The flags are the same for the header compiled in advance, or
# g++ would not take it. -g1 gives the line of an uncaught exception; without PIE an address in the
# program is an address in its file.
flags='-std=c++20 -O2 -g1 -fno-pie -pipe -D_GLIBCXX_ASSERTIONS -I/opt/windtunnel/include -I/usr/include/eigen3'
# shellcheck disable=SC2086 # the flags are words of their own
if [ "$1" = -x ]; then exec g++ $flags "$@"; fi
exec g++ $flags -fdiagnostics-color=never -fmax-errors=20 -w -no-pie -pthread \
    -include windtunnel.hpp "$1" /opt/windtunnel/windtunnel.o -o strategy
