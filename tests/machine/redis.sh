#!/usr/bin/env bash
# Gives a machine's Redis the users of deploy/redis, with their passwords in /etc/windtunnel-redis, and has it keep its
# records over a reboot. Runs in the machine, where /srv is the payload.
set -euo pipefail

secrets=/etc/windtunnel-redis
install -d "$secrets"
export ACL_FILE=/etc/redis/users.acl
for user in producer worker flower exporter operator; do
    head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$secrets/$user"
    export "WINDTUNNEL_REDIS_PASSWORD_${user^^}_FILE=$secrets/$user"
done
# It writes the list and becomes Redis, which only says its version here: Debian's unit starts no script.
/srv/deploy/redis/start.sh --version
chown redis:redis "$ACL_FILE"
printf '%s\n' "aclfile $ACL_FILE" 'appendonly yes' >>/etc/redis/redis.conf
systemctl enable redis-server
systemctl restart redis-server
