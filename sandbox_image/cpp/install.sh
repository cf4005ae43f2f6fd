#!/bin/sh
# C++: the compiler is in the base; here the sandbox's library and its header, compiled in advance
# with the standard library, and once more with Eigen, as most of a compilation is reading headers.
set -e
mkdir -p /opt/windtunnel/lib /opt/windtunnel/plain /opt/windtunnel/eigen
install -m 0755 /parts/compile.sh /opt/windtunnel/compile
cd /opt/windtunnel
install -m 0644 /parts/windtunnel.hpp plain
{ echo '#include <Eigen/Dense>' && cat /parts/windtunnel.hpp; } >eigen/windtunnel.hpp
for header in plain eigen; do
    ./compile -x c++-header $header/windtunnel.hpp -o $header/windtunnel.hpp.gch
done
./compile -x c++ -c /parts/windtunnel.cpp -o windtunnel.o
printf '{"g++": "%s"}' "$(g++ -dumpfullversion)" >versions.json
