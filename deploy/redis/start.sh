#!/bin/sh
# start.sh [REDIS-SERVER ARGUMENT…]: Redis with the users of users.acl.
#
# Each user's password is in the variable WINDTUNNEL_REDIS_PASSWORD_<USER>, or in the file that
# WINDTUNNEL_REDIS_PASSWORD_<USER>_FILE names. Redis is given only their SHA-256, and no command line shows them.
#   WINDTUNNEL_KEY_PREFIX   prefix of the keys (wt)
#   ACL_FILE                where the finished list is written (/tmp/users.acl)
set -eu
umask 077

here=$(cd "$(dirname "$0")" && pwd)
target=${ACL_FILE:-/tmp/users.acl}
prefix=${WINDTUNNEL_KEY_PREFIX:-wt}

die() {
    echo "start.sh: $1" >&2
    exit 1
}

password_of() { # USER
    eval "value=\${WINDTUNNEL_REDIS_PASSWORD_$1:-} file=\${WINDTUNNEL_REDIS_PASSWORD_$1_FILE:-}"
    # shellcheck disable=SC2154 # eval assigns it
    if [ -z "$value" ] && [ -n "$file" ]; then
        value=$(cat "$file") || die "the file of WINDTUNNEL_REDIS_PASSWORD_$1_FILE cannot be read"
    fi
    [ ${#value} -ge 16 ] || die "WINDTUNNEL_REDIS_PASSWORD_$1 or …_FILE must hold 16 characters or more"
    printf %s "$value"
}

# Redis does not allow comments in this file.
users=$(sed -e '/^#/d' -e '/^$/d' -e "s/~wt\b/~$prefix/g" "$here/users.acl")
for user in PRODUCER WORKER FLOWER EXPORTER OPERATOR; do
    password=$(password_of "$user")
    digest=$(printf %s "$password" | sha256sum | cut -d' ' -f1)
    users=$(printf '%s\n' "$users" | sed "s/#@$user@/#$digest/")
done
# The same list is not written again, so that Redis can be restarted while the disk is full.
if [ "$(cat "$target" 2>/dev/null)" != "$users" ]; then
    printf '%s\n' "$users" >"$target.new"
    mv "$target.new" "$target"
fi
unset password value
for user in PRODUCER WORKER FLOWER EXPORTER OPERATOR; do
    unset "WINDTUNNEL_REDIS_PASSWORD_$user"
done
exec redis-server "$@" --aclfile "$target"
