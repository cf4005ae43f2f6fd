"""One Redis, its scripts, and its failures as our errors. May import keyspace and errors.

The Redis client is loaded with the first connection: it takes longer than the rest of Windtunnel's client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from windtunnel.address import SentinelAddress
from windtunnel.errors import FieldProblem, InvalidInput, StoreUnavailable, StoreUnsupported
from windtunnel.keyspace import Keyspace
from windtunnel.records import lua

if TYPE_CHECKING:
    import redis
    from redis.client import Pipeline
    from redis.retry import Retry

FAILOVER_RETRIES = 20


def masked(url: str) -> str:
    """The URL without its password, for messages."""
    parts = urlsplit(url)
    query = re.sub(r"(?<=password=)[^&]*", "***", parts.query)
    credentials, at, host = parts.netloc.rpartition("@")
    if at:
        host = f"{credentials.partition(':')[0]}:***@{host}"
    return urlunsplit(parts._replace(netloc=host, query=query))


def _client(url: str, retries: int) -> redis.Redis:
    import redis

    address = SentinelAddress.read(url)
    if address:
        return _master(address, retries)
    network = {} if url.startswith("unix:") else {"socket_connect_timeout": 5, "socket_keepalive": True}
    return redis.Redis.from_url(
        url,
        socket_timeout=30,
        health_check_interval=25,
        retry=_retry(retries),
        **network,
    )


def _master(address: SentinelAddress, retries: int) -> redis.Redis:
    """The master that the Sentinels name, asked anew with each connection: after a failover it is another server."""
    from redis.sentinel import Sentinel

    deadlines = {"socket_timeout": 30, "socket_connect_timeout": 5, "socket_keepalive": True}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        list(address.sentinels),
        sentinel_kwargs={
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
            "password": address.sentinel_password,
            "retry": _retry(0),  # all of them are asked again below
        },
    )
    master: redis.Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        address.master,
        db=address.database,
        username=address.username,
        password=address.password,
        health_check_interval=25,
        # A failover takes some seconds, unless no retries are wanted at all.
        retry=_retry(max(retries, FAILOVER_RETRIES) if retries else 0),
        **deadlines,
    )
    return master


def _retry(times: int) -> Retry:
    from redis.backoff import ExponentialWithJitterBackoff
    from redis.retry import Retry

    return Retry(ExponentialWithJitterBackoff(cap=2, base=0.1), times)


_PASSWORD = ("wants a password", "`windtunnel up` keeps the URL with its password in redis.url in its state folder.")
REFUSALS = {
    "MISCONF": (
        "cannot write to its disk, so it stores nothing more",
        "Free space on that disk or correct its permissions; what is stored stays.",
    ),
    "READONLY": (
        "is a replica, which stores nothing itself",
        "Set WINDTUNNEL_REDIS_URL to its master, or to its Sentinels (sentinel://host:26379/0?master=NAME).",
    ),
    "NOAUTH": _PASSWORD,
    "WRONGPASS": _PASSWORD,
}
"""A word of Redis's answer → what is wrong with it, and the remedy."""


class Connection:
    """Runs commands and scripts, each with a deadline. Cheap to build: it connects when first used.

    `retries` is how often a command is sent again while Redis does not answer, with a pause of up to 2 s: every script
    may safely run twice. `client` is another Redis than that of the URL, for records in memory.
    """

    def __init__(self, url: str, prefix: str, *, retries: int = 3, client: redis.Redis | None = None) -> None:
        self.url = url
        self.keys = Keyspace(prefix)
        self._client = client or _client(url, retries)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script; it is loaded again where Redis has forgotten it."""
        from redis.exceptions import NoScriptError

        text, digest = lua.script(script)
        with self._answered():
            try:
                return self._client.evalsha(digest, 1, self.keys.prefix, *arguments)
            except NoScriptError:
                return self._client.eval(text, 1, self.keys.prefix, *arguments)

    def call(self, command: str, *arguments: Any, **options: Any) -> Any:
        """Run a method of the Redis client."""
        with self._answered():
            return getattr(self._client, command)(*arguments, **options)

    def pipeline(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run methods of the Redis client, each given as its name and arguments, in one round trip."""
        with self._answered(), self._client.pipeline(transaction=False) as pipe:
            return self._queued(pipe, calls).execute()

    @staticmethod
    def _queued(pipe: Pipeline, calls: Sequence[tuple[Any, ...]]) -> Pipeline:
        for command, *arguments in calls:
            getattr(pipe, command)(*arguments)
        return pipe

    @contextmanager
    def _answered(self) -> Iterator[None]:
        import redis

        try:
            yield
        except redis.AuthenticationError as error:
            raise StoreUnavailable(
                f"Redis at {masked(self.url)} refuses this password.",
                remedy="`windtunnel up` keeps the URL with its password in redis.url in its state folder, readable by "
                "its user only; set WINDTUNNEL_REDIS_URL to that.",
            ) from error
        except redis.InvalidResponse as error:
            raise StoreUnavailable(
                f"What answers at {masked(self.url)} is not a Redis.", remedy="Correct WINDTUNNEL_REDIS_URL."
            ) from error
        except redis.OutOfMemoryError as error:
            raise self._full() from error
        except (redis.DataError, UnicodeEncodeError) as error:
            raise InvalidInput([FieldProblem("argument", f"cannot be sent to Redis: {error}")]) from error
        except redis.ResponseError as error:
            raise self._refused(error) from error
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise self._distrusted(error) from error
            # Redis's own text about Sentinels has its whole configuration.
            lost = isinstance(error, redis.sentinel.MasterNotFoundError)
            reason = "none of the Sentinels names a master" if lost else str(error).removesuffix(".")
            raise StoreUnavailable(
                f"Redis at {masked(self.url)} does not answer: {reason}.",
                remedy="Start it (`windtunnel up` runs a private one) or set WINDTUNNEL_REDIS_URL.",
            ) from error

    def _distrusted(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(
            f"The certificate of Redis at {masked(self.url)} is not trusted: {error}",
            remedy="Name the file of its authority in the URL, rediss://…/0?ssl_ca_certs=/path/to/ca.pem, and use the "
            "host name that the certificate is for.",
        )

    def _full(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"Redis at {masked(self.url)} is out of memory.",
            remedy="Nothing more is stored until jobs expire (WINDTUNNEL_RETENTION_S) or maxmemory is raised.",
        )

    def unsupported(self) -> StoreUnsupported:
        """Why a Redis Cluster cannot be used."""
        return StoreUnsupported(
            f"Redis at {masked(self.url)} is a Redis Cluster, which cannot be used: a job's keys change together in "
            "one script, and Cluster spreads them over its nodes.",
            remedy="Use a single Redis, or for a standby a Redis with Sentinel (sentinel://host:26379/0?master=NAME).",
        )

    def _refused(self, error: redis.ResponseError) -> Exception:
        from redis.exceptions import ClusterError, NoPermissionError

        text = str(error)
        if isinstance(error, ClusterError) or "cluster" in text.lower():
            return self.unsupported()
        if isinstance(error, NoPermissionError):
            return StoreUnavailable(
                f"This user of Redis at {masked(self.url)} may not do that: {text}.",
                remedy="Use the user of deploy/redis/users.acl that the role is meant for.",
            )
        if "OOM" in text:
            return self._full()
        for word, (what, remedy) in REFUSALS.items():
            if word in text:
                return StoreUnavailable(f"Redis at {masked(self.url)} {what}.", remedy=remedy)
        return error
