"""What has to hold while a round runs and after it. Each check returns what is wrong, in words."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psutil
import redis
from tests.faults.system import PREFIX, System
from tests.faults.workload import MARKER, PlannedBatch

from windtunnel import keyspace
from windtunnel.client import Client
from windtunnel.contract import EventKind, JobState, Outcome
from windtunnel.errors import WindtunnelError
from windtunnel.keyspace import job_id
from windtunnel_worker.sandbox import list_sandboxes

CELERY_KEYS = re.compile(r"(validate|execute|finalize|monitor\.[^:]+|unacked.*|_kombu\..*|.*celery.*pidbox.*)")
TEMPORARY = (
    "batches", "classes", "ended", "held", "lane", "lanes", "later", "leases", "open", "opening", "owners", "running",
    "unservable", "uses",
)  # fmt: skip
"""Keys that exist only while jobs are unfinished."""
EXPIRING = ("batch", "code", "idempotency", "job", "verdict")
MESSAGES = ("validate", "execute", "finalize", "unacked")
SETTLE_S = 60.0
POLL_S = 0.05

COUNT = """
local found = {}
for _, batch in ipairs(redis.call('ZRANGE', KEYS[1] .. ':batch-list', 0, -1)) do
  local header = redis.call('HGETALL', KEYS[1] .. ':batch:' .. batch)
  local counted, finished, total = {}, 0, 0
  for i = 1, #header, 2 do
    if header[i] == 'total' then total = tonumber(header[i + 1]) end
  end
  for index = 0, total - 1 do
    local job = redis.call('HMGET', KEYS[1] .. ':job:' .. batch .. '-' .. index, 'state', 'outcome')
    if job[1] == 'finished' then
      finished = finished + 1
      counted[job[2]] = (counted[job[2]] or 0) + 1
    end
  end
  table.insert(found, { batch = batch, header = header, finished = finished, counted = next(counted) and counted })
end
return cjson.encode({ batches = found, unfinished = redis.call('HGET', KEYS[1] .. ':counters', 'unfinished') })
"""


class Reader:
    """Reads the counters all the time, and looks for programs in the messages."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._over = threading.Event()
        self.problems: set[str] = set()
        self.reads = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._system.connect() as keys:
            while not self._over.wait(POLL_S):
                try:
                    self.problems |= set(_wrong_counters(json.loads(keys.eval(COUNT, 1, PREFIX))))
                    self.problems |= {f"code in the messages of {name}" for name in MESSAGES if _shows_code(keys, name)}
                    self.reads += 1
                except redis.RedisError:
                    continue  # it is being killed
                except Exception as error:  # noqa: BLE001 - a reader that fails must not pass for one that found nothing
                    self.problems.add(f"the counters could not be read: {error!r}")

    def stop(self) -> list[str]:
        self._over.set()
        self._thread.join()
        if not self.reads:
            self.problems.add("the counters could never be read")
        return sorted(self.problems)


def _wrong_counters(found: dict[str, Any]) -> Iterator[str]:
    unfinished = 0
    for batch in found["batches"] or []:
        pairs = iter(batch["header"])
        header = dict(zip(pairs, pairs, strict=True))
        outcomes = {
            name[8:]: int(count) for name, count in header.items() if name.startswith("outcome:") and count != "0"
        }
        finished = int(header["finished"])
        unfinished += int(header["total"]) - finished
        if sum(outcomes.values()) != finished:
            yield f"batch {batch['batch']}: {finished} finished, but the outcomes are {outcomes}"
        if (batch.get("counted") or {}) != outcomes or batch["finished"] != finished:
            yield f"batch {batch['batch']}: counted {outcomes}, {finished}; there are {batch.get('counted')}"
    if unfinished != int(found["unfinished"] or 0):
        yield f"{found['unfinished']} unfinished are counted; there are {unfinished}"


def _shows_code(keys: Any, name: str) -> bool:
    texts = keys.hvals(name) if name == "unacked" else keys.lrange(name, 0, -1)
    return any(MARKER.encode() in text for text in texts)


# -- afterwards ----------------------------------------------------------------------------------------


def wrong_reports(client: Client, batches: dict[str, PlannedBatch]) -> dict[str, list[str]]:
    """Job → what is wrong with it: each has exactly one report, with its own result."""
    wrong: dict[str, list[str]] = {}
    for batch, planned in batches.items():
        finished, retried = _told(client, batch)
        for index, expected in enumerate(planned.jobs):
            job = job_id(batch, index)
            found = [_wrong_report(client, job, expected.wrong)]
            if finished[job] != 1 + retried[job]:
                found.append(f"was finished {finished[job]} times and retried {retried[job]} times")
            if any(found):
                wrong[job] = [one for one in found if one]
    return wrong


def _told(client: Client, batch: str) -> tuple[Counter[str], Counter[str]]:
    finished: Counter[str] = Counter()
    retried: Counter[str] = Counter()
    for event in client.stream(batch, timeout=60):
        if event.job_id is not None:
            (finished if event.kind is EventKind.FINISHED else retried)[event.job_id] += 1
    return finished, retried


def _wrong_report(client: Client, job: str, wrong: Any) -> str:
    try:
        return str(wrong(client.report(job)))
    except WindtunnelError as error:
        return f"has no report that can be read: {error}"


def unfinished(client: Client, batches: dict[str, PlannedBatch]) -> dict[str, list[str]]:
    """The jobs that never ended."""
    return {
        status.job_id: [f"is {status.state} for good"]
        for batch in batches
        for status in client.jobs(batch)
        if status.state is not JobState.FINISHED
    }


def what_is_left(system: System) -> list[str]:
    """What should not be there once every job has ended. Waits for what goes away by itself."""
    deadline = time.monotonic() + SETTLE_S
    while left := _left(system):
        if time.monotonic() > deadline:
            return left
        time.sleep(0.2)
    return []


def _left(system: System) -> list[str]:
    try:
        with system.connect() as keys:
            left = [*_left_keys(keys), *_left_counts(keys)]
    except redis.RedisError as error:
        return [f"Redis does not answer: {error}"]
    sandboxes = list_sandboxes(system.host)
    alone = [one.id[:12] for one in sandboxes if not psutil.pid_exists(int(one.owner.rpartition(":")[2]))]
    if alone or len(sandboxes) > 3 * system.slots:  # a used cell, one for the next batch, and a container
        left.append(f"{len(sandboxes)} containers; without an owner: {alone}")
    return left


def _left_keys(keys: Any) -> Iterator[str]:
    documented = documented_keys()
    for key in sorted(key.decode() for key in keys.scan_iter(count=1000)):
        if CELERY_KEYS.fullmatch(key):
            continue
        kind = key.split(":")[1] if ":" in key else ""
        if not any(one.fullmatch(key) for one in documented):
            yield f"the key {key} is not documented"
        elif kind in TEMPORARY:
            yield f"the key {key} is left"
        elif kind in EXPIRING and keys.ttl(key) == -1:
            yield f"the key {key} never expires"


def _left_counts(keys: Any) -> Iterator[str]:
    waiting = {key.decode(): keys.hget(key, "waiting") for key in keys.scan_iter(f"{PREFIX}:queue:*")}
    yield from (f"{key} counts {count.decode()} waiting" for key, count in waiting.items() if count not in (None, b"0"))
    yield from (
        f"{length} messages in {name}" for name in ("validate", "execute", "finalize") if (length := keys.llen(name))
    )
    for key in keys.scan_iter(f"{PREFIX}:times:*"):
        left = [name.decode() for name in keys.hkeys(key) if name.startswith(b"batch ")]
        if left:
            yield f"{key.decode()} remembers {left}"
    for batch in keys.zrange(f"{PREFIX}:batch-list", 0, -1):
        running = keys.hget(f"{PREFIX}:batch:{batch.decode()}", "running")
        if running not in (None, b"0"):
            yield f"batch {batch.decode()} counts {running.decode()} running"


def documented_keys() -> list[re.Pattern[str]]:
    """The keys of `keyspace.py`'s tables, as patterns."""
    rows = [line.split("|")[1] for line in (keyspace.__doc__ or "").splitlines() if line.startswith("| `<p>")]
    names = [name for row in rows for name in re.findall(r"`<p>:([^`]+)`", row)]
    return [re.compile(f"{PREFIX}:" + re.sub(r"<(\w+)>", _part, re.escape(name))) for name in names]


def _part(name: re.Match[str]) -> str:
    return ".+" if name[1] in ("key", "lane", "owner", "policy", "session") else "[^:]+"


def code_in_logs(system: System) -> list[str]:
    """Logs and stored values that show a program, other than where programs are stored."""
    found = [path.name for path in system.logs.iterdir() if MARKER in path.read_text(errors="replace")]
    with system.connect() as keys:
        found += [
            key.decode()
            for key in keys.scan_iter(count=1000)
            if not key.startswith(f"{PREFIX}:code:".encode()) and MARKER.encode() in _content(keys, key)
        ]
    return [f"code in {name}" for name in found]


def _content(keys: Any, key: bytes) -> bytes:
    match keys.type(key):
        case b"string":
            return bytes(keys.get(key) or b"")
        case b"hash":
            return b" ".join(keys.hvals(key))
        case b"list":
            return b" ".join(keys.lrange(key, 0, -1))
        case b"stream":
            return repr(keys.xrange(key)).encode()
        case b"set":
            return b" ".join(keys.smembers(key))
    return b" ".join(keys.zrange(key, 0, -1))


def outcomes(client: Client, batches: dict[str, PlannedBatch]) -> Counter[Outcome]:
    """How the jobs of a round ended."""
    return Counter(status.outcome for batch in batches for status in client.jobs(batch) if status.outcome is not None)
