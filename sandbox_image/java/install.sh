#!/bin/sh
# Java: a runtime with the compiler and no more, libraries, and class data archives, without
# which half of a short run is the loading of classes.
set -e
home=/opt/windtunnel/java
classes=/opt/windtunnel/classes.jar
mkdir -p /opt/windtunnel/lib /opt/windtunnel/libraries
jlink --add-modules java.base,java.compiler,jdk.compiler,java.logging,jdk.unsupported,jdk.zipfs \
    --strip-java-debug-attributes --no-header-files --no-man-pages --output "$home"
cp -L /usr/share/java/commons-math3.jar /opt/windtunnel/libraries
javac -d /tmp/classes /parts/*.java
(cd /tmp/classes && jar --create --file "$classes" .)
install -m 0755 /parts/compile.sh /opt/windtunnel/compile

"$home/bin/java" -Xshare:dump >/dev/null
# What compiling a program loads, learnt from compiling one. (Running one learns too little.)
mkdir /tmp/learn
cd /tmp/learn
cp /parts/learn/Learn.java strategy.java
WINDTUNNEL_JAVA_OPTIONS="-XX:ArchiveClassesAtExit=/opt/windtunnel/compile.jsa" \
    /opt/windtunnel/compile strategy.java 256
printf '{"java": "%s"}' "$("$home/bin/java" --version | sed -n '1s/^[^ ]* \([^ ]*\).*/\1/p')" \
    >/opt/windtunnel/versions.json
