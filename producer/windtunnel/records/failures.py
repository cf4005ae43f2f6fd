"""What a failure of Redis means and what to do about it, as our errors. May import errors only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.exceptions import ClusterError, NoPermissionError
from redis.sentinel import MasterNotFoundError

from windtunnel.errors import StoreForbidden, StoreUnavailable, StoreUnsupported

_PASSWORD = (
    "refuses this user or password",
    "Check WINDTUNNEL_REDIS_URL or WINDTUNNEL_REDIS_PASSWORD_FILE. `windtunnel up` keeps the URL of its own Redis, "
    "with the password, in redis.url in its state folder.",
)
_NO_PASSWORD = ("requires a password", _PASSWORD[1])
_CLIENT_CERTIFICATE = (
    "does not accept this client's certificate",
    "Name one that the authority in Redis's tls-ca-cert-file issued: rediss://…?ssl_certfile=FILE&ssl_keyfile=FILE.",
)
_OWN_CLOCK = "Check this machine's clock, then the certificate's dates (openssl x509 -in FILE -noout -dates)."
_REPLICA = (
    "is a replica, which stores nothing itself",
    "Set WINDTUNNEL_REDIS_URL to its master, or to its Sentinels (sentinel://host:26379/0?master=NAME).",
)
_FULL = (
    "is out of memory",
    "Nothing more is stored until jobs expire (WINDTUNNEL_RETENTION_S) or maxmemory is raised.",
)
REFUSALS = {
    "MISCONF": (
        "cannot write to its disk, so it stores nothing more",
        "Free space on that disk or correct its permissions; what is stored stays.",
    ),
    "READONLY": _REPLICA,
    "read only replica": _REPLICA,
    "Link with MASTER is down": _REPLICA,
    "NOAUTH": _NO_PASSWORD,
    "Authentication required": _NO_PASSWORD,
    "HELLO must be called": _NO_PASSWORD,
    "WRONGPASS": _PASSWORD,
    "OOM": _FULL,
    "used memory > 'maxmemory'": _FULL,
    "loading the dataset": ("still reads its files", "Wait until it has; nothing is lost."),
    "max number of clients": (
        "has as many clients as it may",
        "Stop clients that were left behind, or raise its maxclients.",
    ),
    "DB index is out of range": (
        "has no database of this number",
        "End WINDTUNNEL_REDIS_URL with a smaller one, such as /0.",
    ),
    "unknown command 'SENTINEL'": (
        "is not a Sentinel",
        "Name the Sentinels in WINDTUNNEL_REDIS_URL, whose usual port is 26379, or write redis:// for a single Redis.",
    ),
    "unknown command": (
        "lacks a command that Windtunnel needs",
        "Use Redis 7.0 or newer, in which no command is renamed or disabled.",
    ),
    "protected mode": (
        "takes clients of its own machine only, since it has no password",
        "Start it with users (deploy/redis/start.sh) or a password, and name them in WINDTUNNEL_REDIS_URL.",
    ),
    "busy running a script": (
        "is busy with a script, probably of another application",
        "Wait, or end it with `redis-cli script kill`; give Windtunnel a Redis of its own.",
    ),
    "NOREPLICAS": (
        "has fewer replicas than it requires, so it stores nothing",
        "Start its replicas, or lower min-replicas-to-write.",
    ),
}
"""What Redis answers → what is wrong with it, and the remedy. The client library removes the code of some answers."""
TLS = {
    "certificate has expired": ("has a certificate that has expired", "Renew it and restart Redis."),
    "certificate is not yet valid": ("has a certificate that is not valid yet", _OWN_CLOCK),
    "mismatch": (
        "has a certificate for another name",
        "Use a host name that the certificate is for, or issue one for this name (subjectAltName).",
    ),
    "CERTIFICATE_VERIFY_FAILED": (
        "has a certificate that is not trusted",
        "Name the file of its authority in the URL: rediss://…/0?ssl_ca_certs=/path/to/ca.pem.",
    ),
    "CERTIFICATE_REQUIRED": (
        "requires a certificate of its clients",
        "Add one to the URL: rediss://…?ssl_certfile=FILE&ssl_keyfile=FILE.",
    ),
    "CERTIFICATE_EXPIRED": ("does not accept this client's certificate, which has expired", "Renew it."),
    "ALERT_UNKNOWN_CA": _CLIENT_CERTIFICATE,
    "ALERT_BAD_CERTIFICATE": _CLIENT_CERTIFICATE,
    "EOF occurred in violation": (
        "ended the TLS connection, as it does where it does not accept a client's certificate",
        _CLIENT_CERTIFICATE[1],
    ),
    "WRONG_VERSION_NUMBER": ("does not use TLS", "Write redis:// instead of rediss://, or turn TLS on there."),
}
"""What the TLS library says → what is wrong, and the remedy; the first that fits counts."""
UNREACHABLE = (redis.ConnectionError, redis.TimeoutError, redis.InvalidResponse, OSError)


def masked(url: str) -> str:
    """The URL without its password, for messages."""
    parts = urlsplit(url)
    query = re.sub(r"(?<=password=)[^&]*", "***", parts.query)
    credentials, at, host = parts.netloc.rpartition("@")
    user, colon, _ = credentials.partition(":")
    if at:
        host = f"{user}{colon}{'***' if colon else ''}@{host}"
    return urlunsplit(parts._replace(netloc=host, query=query))


def explained(url: str, error: BaseException) -> BaseException:
    """The error to raise instead of Redis's own. One that nobody foresaw stays as it is."""
    place, text = f"Redis at {masked(url)}", str(error)
    if isinstance(error, NoPermissionError):
        return StoreForbidden(
            f"This user of {place} may not do that: {text}.",
            remedy="Use the user of deploy/redis/users.acl that the role is meant for, and the WINDTUNNEL_KEY_PREFIX "
            "that start.sh had.",
        )
    meaning = _meaning(REFUSALS, text) or (_PASSWORD if isinstance(error, redis.AuthenticationError) else None)
    if meaning:
        return _unavailable(place, meaning)
    if isinstance(error, ClusterError) or (isinstance(error, redis.ResponseError) and "cluster" in text.lower()):
        return cluster(url)
    return _silent(url, error) if isinstance(error, UNREACHABLE) else error


def cluster(url: str) -> StoreUnsupported:
    """Why a Redis Cluster cannot be used."""
    return StoreUnsupported(
        f"Redis at {masked(url)} is a Redis Cluster, which cannot be used: a job's keys change together in one script, "
        "and Cluster spreads them over its nodes.",
        remedy="Use a single Redis, or for a standby a Redis with Sentinel (sentinel://host:26379/0?master=NAME).",
    )


def sentinel(url: str) -> StoreUnsupported:
    """Why a Sentinel cannot be used as a Redis."""
    return StoreUnsupported(
        f"Redis at {masked(url)} is a Sentinel, which stores nothing itself.",
        remedy="Write sentinel://host:26379/0?master=NAME.",
    )


def _meaning(known: Mapping[str, tuple[str, str]], text: str) -> tuple[str, str] | None:
    return next((meaning for needle, meaning in known.items() if needle in text), None)


def _unavailable(place: str, meaning: tuple[str, str], detail: str = "") -> StoreUnavailable:
    what, remedy = meaning
    return StoreUnavailable(f"{place} {what}{detail}.", remedy=remedy)


def _silent(url: str, error: BaseException) -> StoreUnavailable:
    """It does not answer, or not in a way that this client accepts."""
    place, text = f"Redis at {masked(url)}", str(error).removesuffix(".")
    if isinstance(error, redis.InvalidResponse):
        return StoreUnavailable(
            f"What answers at {masked(url)} is not a Redis.", remedy="Correct WINDTUNNEL_REDIS_URL."
        )
    meaning = _meaning(TLS, text)
    if meaning:
        return _unavailable(place, meaning, _detail(text))
    if isinstance(error, MasterNotFoundError):
        return _unavailable(place, _no_master(text))
    return StoreUnavailable(
        f"{place} does not answer: {text}.",
        remedy=f"Start it (`windtunnel up` runs a private one) or set WINDTUNNEL_REDIS_URL{_other_scheme(url, text)}.",
    )


def _no_master(text: str) -> tuple[str, str]:
    """What its Sentinels say. The library's text, which has its whole configuration, ends with the error of each."""
    if "AuthenticationError" in text:
        what = "has Sentinels that require a password, or another one"
        return what, "Add it to the URL: …&sentinel_password=PASSWORD."
    if "Error" in text:
        return "has no Sentinel that answers and names a master", "Start them, or correct WINDTUNNEL_REDIS_URL."
    return (
        "has Sentinels that know no master of this name, or none that is up",
        "`redis-cli -p 26379 sentinel masters` lists them; correct master=NAME in WINDTUNNEL_REDIS_URL.",
    )


def _detail(text: str) -> str:
    """What OpenSSL says about a certificate, without the place in its source."""
    found = re.search(r"verify failed: (?!certificate )(.*?)\.?( \(_ssl|$)", text)
    return f": {found[1]}" if found else ""


def _other_scheme(url: str, text: str) -> str:
    scheme = urlsplit(url).scheme
    if scheme == "redis" and ("reset by peer" in text or "closed by server" in text):
        return "; write rediss:// if it expects TLS"
    if scheme == "rediss" and text.startswith("Timeout"):
        return "; write redis:// if it does not use TLS"
    return ""
