"""Counters of what has happened, kept where it is recorded, and the figures of the schedule that a monitor wants.

Only plain reads: whoever measures may be a user of Redis that can neither write nor run scripts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from windtunnel.contract import HostStatus, Outcome, Report
from windtunnel.records.care import QueueState
from windtunnel.records.codec import as_text, figure, whole
from windtunnel.records.connection import Connection
from windtunnel.records.hosts import Hosts
from windtunnel.records.outbox import Outbox
from windtunnel.records.schedule import ready_queue
from windtunnel.wake import DEFAULT_POOL, ticket_queue

STAGES = ("queued", "validate", "waiting", "prepare", "execute", "finalize", "total")
"""Stages whose seconds `Timings` holds."""
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Upper bounds of the histograms of stage durations; above the last one there is no bound."""
LIMITS = {
    Outcome.TIMED_OUT: "time",
    Outcome.MEMORY_EXCEEDED: "memory",
    Outcome.CPU_EXCEEDED: "cpu",
    Outcome.IO_EXCEEDED: "io",
    Outcome.OUTPUT_EXCEEDED: "output",
    Outcome.DISK_EXCEEDED: "disk",
    Outcome.PROCESSES_EXCEEDED: "processes",
}
LANES_LOOKED_AT = 2000
"""Lanes that one measurement reads; the totals of the queues are exact all the same."""

Place = tuple[str, ...]
"""In the schedule, from the top: queue, priority class, owner, batch, lane."""


@dataclass(frozen=True)
class Waiting:
    """Jobs that wait in one queue for one owner, in one priority class."""

    queue: str
    priority: str
    owner: str
    jobs: int
    oldest_s: float
    """Age of the oldest batch among them."""


@dataclass(frozen=True)
class Figures:
    """One measurement."""

    counters: dict[str, float]
    """Name → sum, as `counts_of` and the scripts name them."""
    queues: tuple[QueueState, ...]
    waiting: tuple[Waiting, ...]
    running: dict[str, int]
    """Owner → running jobs."""
    slot_seconds: dict[str, float]
    """Owner → slot-seconds used so far."""
    hosts: tuple[HostStatus, ...]
    sandboxes: dict[str, int]
    """Host → sandboxes that exist there."""
    unfinished: int
    unfinished_oldest_s: float
    awaiting_report: int
    unservable: int
    """Lanes whose jobs need what no live host has."""
    dead_letters: int
    webhooks: int
    """Webhooks that wait to be delivered."""
    reconciled: bool
    """Some worker is the reconciler."""


def counts_of(report: Report) -> dict[str, float]:
    """What a final report adds to the counters."""
    counts: dict[str, float] = {f"jobs:{report.outcome.value}": 1}
    if report.cached_from:
        counts["reused"] = 1
    if report.outcome in LIMITS:
        counts[f"limit:{LIMITS[report.outcome]}"] = 1
    for stage in STAGES:
        seconds = getattr(report.timings, f"{stage}_s")
        if seconds is not None:
            counts[f"stage:{stage}:{bisect_left(BUCKETS_S, seconds)}"] = 1
            counts[f"stage:{stage}:sum"] = round(max(0.0, seconds), 6)
    if report.outcome is Outcome.REJECTED and report.validation is not None:
        for category in {issue.category for issue in report.validation.issues}:
            counts[f"finding:{'_'.join(category.split())}"] = 1
    return counts


def as_words(counts: Mapping[str, float]) -> str:
    """Counts as `finish.lua` takes them."""
    return " ".join(f"{name}={amount:g}" for name, amount in counts.items())


class Metrics:
    """The counters, and a measurement of the schedule."""

    def __init__(self, connection: Connection, hosts: Hosts, outbox: Outbox) -> None:
        self._redis, self._hosts, self._outbox = connection, hosts, outbox

    def add(self, counts: Mapping[str, float]) -> None:
        """Add to the counters."""
        key = self._redis.keys("metrics")
        self._redis.pipeline([("hincrbyfloat", key, name, amount) for name, amount in counts.items()])

    def note_sandboxes(self, host: str, count: int) -> None:
        """Say how many sandboxes exist on a host."""
        self._redis.call("hset", self._redis.keys.host(host), "sandboxes", count)

    def read(self) -> Figures:
        """Measure, in a few round trips; no single command of it takes long."""
        keys = self._redis.keys
        clock, counters, running, seconds, unfinished, oldest, ended, unservable, dead, reconciler, queues = (
            self._redis.pipeline(
                [
                    ("time",),
                    ("hgetall", keys("metrics")),
                    ("hgetall", keys("running")),
                    ("hgetall", keys("seconds")),
                    ("hget", keys("counters"), "unfinished"),
                    ("zrange", keys("open"), 0, 0, False, True),
                    ("zcard", keys("ended")),
                    ("hlen", keys("unservable")),
                    ("llen", keys("dead")),
                    ("exists", keys("reconciler")),
                    ("smembers", keys("queues")),
                ]
            )
        )
        now_ms = clock[0] * 1000 + clock[1] // 1000
        names = sorted(map(as_text, queues))
        hosts = tuple(self._hosts.all())
        return Figures(
            counters=_figures(counters),
            queues=tuple(self._queues(names)),
            waiting=tuple(self._waiting(names, now_ms)),
            running={owner: int(jobs) for owner, jobs in _figures(running).items()},
            slot_seconds=_figures(seconds),
            hosts=hosts,
            sandboxes=self._sandboxes([one.host for one in hosts]),
            unfinished=whole(unfinished),
            unfinished_oldest_s=max(0.0, (now_ms - oldest[0][1]) / 1000) if oldest else 0.0,
            awaiting_report=ended,
            unservable=unservable,
            dead_letters=dead,
            webhooks=self._outbox.waiting(),
            reconciled=bool(reconciler),
        )

    def memory(self) -> tuple[int, int]:
        """Bytes that Redis uses, and its limit; a limit of 0 is none."""
        found = self._redis.call("info", "memory")
        return int(found["used_memory"]), int(found.get("maxmemory", 0))

    def _queues(self, names: Sequence[str]) -> Iterable[QueueState]:
        default = ready_queue(DEFAULT_POOL)
        counts = self._redis.pipeline(
            [("hmget", self._redis.keys("queue", name), ["waiting", "slots"]) for name in names]
        )
        lengths = self._redis.pipeline(
            [("llen", ticket_queue(DEFAULT_POOL) if name == default else name) for name in names]
        )
        for name, (waiting, slots), messages in zip(names, counts, lengths, strict=True):
            yield QueueState(name, whole(waiting), whole(slots), int(messages))

    def _sandboxes(self, hosts: Sequence[str]) -> dict[str, int]:
        found = self._redis.pipeline([("hget", self._redis.keys.host(host), "sandboxes") for host in hosts])
        return {host: whole(count) for host, count in zip(hosts, found, strict=True) if count is not None}

    def _waiting(self, queues: Sequence[str], now_ms: int) -> list[Waiting]:
        """Down the levels of the schedule, one round trip each."""
        places = self._below([(queue,) for queue in queues], "classes")
        batches = self._below(self._below(places, "owners"), "batches")
        lanes = self._below(batches, "lanes", lambda place: (place[0], place[1], place[3]))  # without the owner
        keys = self._redis.keys
        lengths = self._redis.pipeline([("llen", keys("lane", q, c, batch, lane)) for q, c, _, batch, lane in lanes])
        shown = sorted({lane[3] for lane in lanes})
        times = self._redis.pipeline([("hget", keys.batch(batch), "submitted_at") for batch in shown])
        submitted = dict(zip(shown, times, strict=True))
        found: dict[tuple[str, str, str], tuple[int, float]] = {}
        for (queue, priority, owner, batch, _), length in zip(lanes, lengths, strict=True):
            jobs, oldest = found.get((queue, priority, owner), (0, 0.0))
            age = (now_ms - (whole(submitted[batch]) or now_ms)) / 1000
            found[queue, priority, owner] = (jobs + int(length), max(oldest, age))
        return [Waiting(*place, jobs, oldest) for place, (jobs, oldest) in found.items() if jobs]

    def _below(
        self, places: list[Place], level: str, key: Callable[[Place], Place] = lambda place: place
    ) -> list[Place]:
        """The places one level down. `key` gives the part of a place by which that level's keys are named."""
        most = LANES_LOOKED_AT
        calls = [("zrange", self._redis.keys(level, *key(place)), 0, most - 1) for place in places]
        answers = self._redis.pipeline(calls)
        found = [(*place, as_text(one)) for place, members in zip(places, answers, strict=True) for one in members]
        return found[:most]


def counter_names() -> list[str]:
    """Every counter with a bounded set of names, so that an exporter shows a zero before the first event."""
    return [
        *(f"jobs:{outcome.value}" for outcome in Outcome),
        *(f"limit:{limit}" for limit in LIMITS.values()),
        *(f"stage:{stage}:{bucket}" for stage, bucket in product(STAGES, range(len(BUCKETS_S) + 1))),
        *("retries", "recoveries", "lost", "faults", "host_failures", "host_pauses", "orphans", "reused"),
        *("unreadable", "webhooks:delivered", "webhooks:failed", "webhooks:dead"),
        *("verdicts:cached", "verdicts:new"),
    ]


def _figures(stored: Mapping[bytes, bytes]) -> dict[str, float]:
    """The figures of a hash, without those that are damaged."""
    found = ((as_text(name), figure(value)) for name, value in stored.items())
    return {name: value for name, value in found if value is not None}
