"""One Redis, its scripts, and its failures as our errors. May import keyspace, address and errors.

The Redis client is loaded with the first connection: it takes longer than the rest of Windtunnel's client.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from windtunnel.address import SentinelAddress
from windtunnel.errors import FieldProblem, InvalidInput, UnreadableRecord
from windtunnel.keyspace import Keyspace
from windtunnel.records import lua

if TYPE_CHECKING:
    import redis
    from redis.client import Pipeline
    from redis.retry import Retry

MOST_CONNECTIONS = 1000
"""A client's; each thread that waits for a batch holds one. redis-py's own limit of 100 is too low for an app."""
FAILOVER_RETRIES = 20
ANSWER_S, IMPATIENT_ANSWER_S = 30, 5
"""Seconds a command may take; the second where nothing is sent again: an exporter must answer within its scrape."""
NOTHING: dict[str, type] = {
    **dict.fromkeys(("get", "hget", "zscore"), type(None)),
    **dict.fromkeys(("hlen", "llen", "zcard"), int),
    **dict.fromkeys(("hkeys", "hmget", "hvals", "lrange", "xrange", "xrevrange", "zrange", "zrevrange"), list),
    "hgetall": dict,
    "smembers": set,
}
"""The type of what a command that reads answers for a missing key. It is then empty."""


def _client(url: str, retries: int) -> redis.Redis:
    import redis

    address = SentinelAddress.read(url)
    if address:
        return _master(address, retries)
    network = {} if url.startswith("unix:") else {"socket_connect_timeout": 5, "socket_keepalive": True}
    return redis.Redis.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        socket_timeout=_answer_s(retries),
        health_check_interval=25,
        retry=_retry(retries),
        **network,
    )


def _master(address: SentinelAddress, retries: int) -> redis.Redis:
    """The master that the Sentinels name, asked anew with each connection: after a failover it is another server."""
    from redis.sentinel import Sentinel

    deadlines = {"socket_timeout": _answer_s(retries), "socket_connect_timeout": 5, "socket_keepalive": True}
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
        max_connections=MOST_CONNECTIONS,
        health_check_interval=25,
        # A failover takes some seconds, unless no retries are wanted at all.
        retry=_retry(max(retries, FAILOVER_RETRIES) if retries else 0),
        **deadlines,
    )
    return master


def _answer_s(retries: int) -> int:
    return ANSWER_S if retries else IMPATIENT_ANSWER_S


def _retry(times: int) -> Retry:
    from redis.backoff import ExponentialWithJitterBackoff
    from redis.retry import Retry

    return Retry(ExponentialWithJitterBackoff(cap=2, base=0.1), times)


def _answer(call: tuple[Any, ...], answer: Any) -> Any:
    """The answer to a command, raised if it is an error. A key of another type reads as one that is gone."""
    if not isinstance(answer, Exception):
        return answer
    command, arguments = call[0], call[2:]
    if "WRONGTYPE" not in str(answer) or command not in NOTHING:
        raise answer
    if command == "hmget":
        return [None] * len(arguments[0] if isinstance(arguments[0], list) else arguments)
    return NOTHING[command]()


class Connection:
    """Runs commands and scripts, each with a deadline. Cheap to build: it connects when first used.

    `retries` is how often a command is sent again while Redis does not answer, with a pause of up to 2 s: every script
    may safely run twice. `client` is another Redis than that of the URL, for records in memory.
    """

    def __init__(self, url: str, prefix: str, *, retries: int = 3, client: redis.Redis | None = None) -> None:
        self.url = url
        self.keys = Keyspace(prefix)
        self._client = client or _client(url, retries)
        self.has_answered = False
        """It has carried out a call."""

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
            try:
                return getattr(self._client, command)(*arguments, **options)
            except Exception as error:  # noqa: BLE001 - raised again unless it is about a key of another type
                return _answer((command, *arguments), error)

    def pipeline(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run methods of the Redis client, each given as its name and arguments, in one round trip."""
        with self._answered(), self._client.pipeline(transaction=False) as pipe:
            answers = self._queued(pipe, calls).execute(raise_on_error=False)
            return [_answer(call, answer) for call, answer in zip(calls, answers, strict=True)]

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
            self.has_answered = True
        except (redis.DataError, UnicodeEncodeError) as error:
            raise InvalidInput([FieldProblem("argument", f"cannot be sent to Redis: {error}")]) from error
        except redis.RedisError as error:
            if "WRONGTYPE" in str(error):
                raise UnreadableRecord("a record was replaced by a key of another type") from error
            from windtunnel.records.failures import explained

            raise explained(self.url, error) from error
