#!/bin/sh
# compile SOURCE HEAP_MB: compiles into ./classes and notes the main class in ./main-class.
# shellcheck disable=SC2086 # the options are words of their own
exec /opt/windtunnel/java/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xshare:auto \
    "-Xmx${2}m" ${WINDTUNNEL_JAVA_OPTIONS:--XX:SharedArchiveFile=/opt/windtunnel/compile.jsa} \
    -cp '/opt/windtunnel/classes.jar:/opt/windtunnel/libraries/*' windtunnel.Build "$1"
