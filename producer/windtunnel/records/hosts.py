"""The execution hosts: what each has, who drains it, why it paused itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from windtunnel.contract import HostStatus
from windtunnel.errors import FieldProblem, InvalidInput, NotFound
from windtunnel.records.codec import as_text, one_word, whole
from windtunnel.records.connection import Connection

LIVE_S = 15.0
"""A host that was silent for longer gets no work; `scripts/shared/hosts.lua` has the same figure."""
EVERYTHING = "*"
"""A host that has this has all that a job may need: the executor itself says what is missing."""
DEFAULT_IMAGE = "-"
"""Stands for the image of Python jobs that name none."""
PAUSE_S = 30.0


class Hosts:
    """The table of hosts."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def seen(
        self,
        host: str,
        slots: int,
        versions: str,
        pools: Sequence[str],
        has: Collection[str],
        worker: str = "execute",
    ) -> None:
        """A worker of a host says that it is there. `has`: `language:<name>`, `image:<name>`.

        A host may run several workers, each with `slots` of its own.
        """
        self._redis.run("host_seen", host, worker, slots, versions, " ".join(pools), *sorted(has))

    def announce(self, libraries: Mapping[str, str]) -> None:
        """Tell validators what images hold beyond the shipped libraries: image → its top-level modules.

        `DEFAULT_IMAGE` stands for the image of jobs that name none. Whichever host announced an image last is believed.
        """
        if libraries:
            self._redis.call("hset", self._redis.keys("libraries"), None, None, dict(libraries))

    def holds_images(self, host: str, digests: Mapping[str, str]) -> None:
        """Say which image a host would run jobs in: `language:<name>` or `image:<name>` → digest."""
        key = self._redis.keys("host", host, "images")
        renewed = [("hset", key, None, None, dict(digests))] if digests else []
        self._redis.pipeline([("delete", key), *renewed])

    def libraries(self, image: str) -> frozenset[str]:
        """Top-level modules that an image holds beyond those of the shipped one."""
        stored = self._redis.call("hget", self._redis.keys("libraries"), image or DEFAULT_IMAGE)
        return frozenset(as_text(stored).split())

    def alive(self, host: str, worker: str) -> bool:
        """A worker of a host says that nothing has changed. False: the host is not known, `seen` must say it all."""
        return bool(self._redis.run("host_alive", host, worker))

    def failed(self, host: str, reason: str, most: int) -> bool:
        """A host failed for reasons of its own. True: it is paused now, as that was so `most` times in a row."""
        return bool(self._redis.run("host_failed", host, reason[:500], most, round(PAUSE_S * 1000)))

    def drain(self, host: str, who: str) -> None:
        """Have a host finish what it runs and claim nothing more; `NotFound` if nobody knows it."""
        self._known(host)
        self._redis.call("hset", self._redis.keys.host(host), "draining", one_word(who))

    def undrain(self, host: str) -> None:
        """Have a host take work again, also one that paused itself."""
        self._known(host)
        self._redis.call("hdel", self._redis.keys.host(host), "draining", "paused_until", "failures", "reason")

    def all(self) -> list[HostStatus]:
        """Every host that was seen within the last day, by name."""
        keys = self._redis.keys
        clock, listed, leases = self._redis.pipeline(
            [("time",), ("zrange", keys("hosts"), 0, -1, False, True), ("zrange", keys("leases"), 0, -1)]
        )
        held = self._redis.pipeline([("hvals", keys("held", as_text(session))) for session in leases])
        busy = Counter(
            as_text(session).partition(":")[0]
            for session, jobs in zip(leases, held, strict=True)
            if any(b" " in job for job in jobs)  # a validator holds its jobs by their token alone
        )
        now = clock[0] * 1000 + clock[1] // 1000
        names = [(as_text(host), int(min(max(seen, 0), now))) for host, seen in listed]
        found = self._redis.pipeline(
            [
                call
                for host, _ in names
                for call in (("hgetall", keys.host(host)), ("smembers", keys("host", host, "has")))
            ]
        )
        return sorted(
            (
                _status(host, seen, now, busy[host], fields, has)
                for (host, seen), fields, has in zip(names, found[::2], found[1::2], strict=True)
            ),
            key=lambda one: one.host,
        )

    def unserved_pools(self, name: str) -> list[str]:
        """The pools where this job, or jobs of this batch, are ready and no host takes work, by name."""
        keys = self._redis.keys
        served = {pool for one in self.all() if one.takes_work for pool in one.pools}
        queues = [as_text(queue) for queue in self._redis.call("smembers", keys("queues"))]
        unserved = sorted({queue.removeprefix("execute.") for queue in queues if queue.startswith("execute.")} - served)
        if "-" in name:
            state, place = self._redis.call("hmget", keys.job(name), ["state", "place"])
            waits_in = as_text(place).partition(" ")[2].partition(" ")[0] if state == b"ready" and place else None
            return [pool for pool in unserved if pool == waits_in]
        owner = as_text(self._redis.call("hget", keys.batch(name), "owner"))
        waiting = [(pool, f"execute.{pool}", priority) for pool in unserved for priority in range(10)]
        found = self._redis.pipeline(
            [("zscore", keys("batches", queue, priority, owner), name) for _, queue, priority in waiting]
        )
        return sorted({pool for (pool, _, _), time in zip(waiting, found, strict=True) if time is not None})

    def _known(self, host: str) -> None:
        if not isinstance(host, str) or not host:
            raise InvalidInput([FieldProblem("host", f"{host!r} is not the name of a host")])
        if self._redis.call("zscore", self._redis.keys("hosts"), host) is None:
            known = ", ".join(one.host for one in self.all()) or "none"
            raise NotFound(f"There is no host {host}.", remedy=f"Known hosts: {known}.")


def _status(host: str, seen: int, now: int, busy: int, stored: dict[bytes, bytes], has: set[bytes]) -> HostStatus:
    fields = {as_text(name): as_text(value) for name, value in stored.items()}
    things = sorted(as_text(one) for one in has)

    def named(kind: str) -> tuple[str, ...]:
        return tuple(one.partition(":")[2] for one in things if one.startswith(f"{kind}:"))

    return HostStatus(
        host=host,
        last_seen=datetime.fromtimestamp(seen / 1000, UTC),
        live=now - seen <= LIVE_S * 1000,
        slots=whole(stored.get(b"slots")),
        busy=busy,
        pools=tuple(fields.get("pools", "").split()),
        languages=named("language"),
        images=named("image"),
        draining=fields.get("draining", ""),
        paused=fields.get("reason", "") if whole(stored.get(b"paused_until")) > now else "",
        versions=fields.get("versions", ""),
    )
