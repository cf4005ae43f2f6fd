#!/bin/sh
# C++: the compiler is in the base; here the sandbox's library and its header, compiled in advance
# with the standard library and Eigen, as most of a compilation is the reading of headers.
set -e
mkdir -p /opt/windtunnel/lib /opt/windtunnel/include
install -m 0755 /parts/compile.sh /opt/windtunnel/compile
install -m 0644 /parts/windtunnel.hpp /opt/windtunnel/include
cd /opt/windtunnel
./compile -x c++-header include/windtunnel.hpp -o include/windtunnel.hpp.gch
./compile -x c++ -c /parts/windtunnel.cpp -o windtunnel.o
printf '{"g++": "%s"}' "$(g++ -dumpfullversion)" >versions.json
