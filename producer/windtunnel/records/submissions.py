"""What producers do: open a batch, write its jobs, cancel, retry. Each change of state is one script."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from windtunnel.contract import Batch, Job, Report
from windtunnel.errors import FieldProblem, IdempotencyConflict, InvalidInput, NotFound, QueueFull
from windtunnel.keyspace import MAX_ATTEMPTS_KEPT, MAX_BATCHES_LISTED, job_id
from windtunnel.records.codec import ProgramKey, encode, one_word, pack, unpack
from windtunnel.records.connection import Connection
from windtunnel.records.promotions import UNSPENT
from windtunnel.records.reading import unknown

MOST_COMPARED = 1000
"""Jobs of a batch, to say in what it differs from another."""
JOBS_A_WRITE, BYTES_A_WRITE = 500, 8 * 1024 * 1024
SECONDS_A_WAITING_JOB = 0.05
"""For the hint in `QueueFull`: what a full queue needs to drain by one job, at twenty jobs a second."""
PRODUCER_GONE_S = 60.0
"""A producer that has written nothing for so long is given up; the jobs it did not write end as lost."""

NEUTRAL = {"code", "dataset_digests", "idempotency_key", "labels", "name", "pool", "priority"}
"""What of a job does not decide its result, or is in its cache key otherwise."""
DECIDE = set(Job.model_fields) - NEUTRAL

Cancelled = tuple[int, int, bool]
"""Jobs that ended, jobs asked to stop, whether somebody must be woken to write reports."""


@dataclass(frozen=True)
class Opened:
    """A batch that takes jobs. `written` is how many it has: more than none where its producer came back."""

    batch_id: str
    written: int


@dataclass(frozen=True)
class Prepared:
    """A job as it is written: nothing of it can fail to be stored any more."""

    spec: bytes
    place: bytes
    program: bytes
    code: str
    cache: str = ""
    """Digest of all that decides its result; empty where it must run itself."""


def prepare(jobs: Sequence[Job], digests: Sequence[Mapping[str, str]] = (), *, cache: bool = False) -> list[Prepared]:
    """Serialize jobs, each distinct program hashed once. `digests` are those of each job's datasets, as resolved.

    With `cache`, a job that equals another one gets its result.
    """
    hashes: dict[str, str] = {}
    places: dict[tuple[object, ...], bytes] = {}
    prepared = []
    texts: dict[tuple[tuple[str, str], ...], str] = {}
    for job, resolved in zip(jobs, digests or repeat({}), strict=False):
        sha256 = hashes.get(job.code)
        if sha256 is None:
            sha256 = hashes[job.code] = job.code_sha256
        where = (job.priority, job.pool, job.language, job.image)
        place = places.get(where)
        if place is None:
            place = places[where] = f"{job.priority} {job.pool} {job.needs}".encode()
        spec = pack(_spec(job, resolved, texts).encode())
        program = ProgramKey(sha256, job.language, job.image or "")
        key = _cache_key(job, program, resolved) if cache else ""
        prepared.append(Prepared(spec, place, str(program).encode(), job.code, key))
    return prepared


def _differing(job: Job, program: ProgramKey, spec: Mapping[str, object]) -> str:
    """The first field of a job that is not as it was stored."""
    if program.sha256 != job.code_sha256:
        return "code"
    given = json.loads(_spec(job, {}, {}))
    fields = (name for name in Job.model_fields if name != "dataset_digests")
    return next((name for name in fields if given.get(name) != spec.get(name)), "")


def _cache_key(job: Job, program: ProgramKey, digests: Mapping[str, str]) -> str:
    """Digest of all that decides a job's result; what only names or orders it is left out."""
    decides = job.model_dump(mode="json", include=DECIDE, exclude_defaults=True)
    text = json.dumps([str(program), dict(digests), decides], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _spec(job: Job, digests: Mapping[str, str], texts: dict[tuple[tuple[str, str], ...], str]) -> str:
    """The JSON of a job's spec with these digests, put in as text: to copy the model would take as long again."""
    left_out = {"code", "idempotency_key"}
    if not digests:
        return job.model_dump_json(exclude_defaults=True, exclude=left_out)
    spec = job.model_dump_json(exclude_defaults=True, exclude={*left_out, "dataset_digests"})
    key = tuple(digests.items())
    if key not in texts:
        texts[key] = json.dumps(digests)
    return f'{spec[:-1]},"dataset_digests":{texts[key]}}}'  # it names its datasets, so it is not empty


class Submissions:
    """The producers' side of the records."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def open(self, batch_id: str, batch: Batch, kind: str, limit: int) -> Opened:
        """Write the header and reserve the key. Gives the earlier batch for a key that is known.

        `kind` is `job` or `batch`, whose keys are apart, as are those of different owners. Raises
        `IdempotencyConflict`, `QueueFull`, and `InvalidInput` where an empty queue would be too small as well.
        """
        key = batch.idempotency_key
        answer, detail, *written = self._redis.run(
            "open_batch",
            batch_id,
            batch.name,
            batch.owner,
            batch.isolation.value,
            len(batch.jobs),
            batch.digest if key is not None else "-",
            limit,
            MAX_BATCHES_LISTED,
            round(PRODUCER_GONE_S * 1000),
            batch.max_running or "",
            f"{kind}:{batch.owner}:{key}" if key is not None else "",
            batch.budget.model_dump_json(exclude_none=True) if batch.budget else "",
            batch.webhook.model_dump_json() if batch.webhook else "",
        )
        if answer == b"conflict":
            existing = detail.decode()
            named = job_id(existing, 0) if kind == "job" else existing
            raise IdempotencyConflict("idempotency_key", str(key), named, self._difference(existing, batch))
        if answer == b"full" and len(batch.jobs) > limit:
            message = f"are {len(batch.jobs):,}, and WINDTUNNEL_MAX_UNFINISHED allows {limit:,} unfinished jobs"
            raise InvalidInput([FieldProblem("jobs", message)], remedy="Nothing was stored; submit smaller batches.")
        if answer == b"full":
            raise QueueFull(int(detail), limit, max(1.0, len(batch.jobs) * SECONDS_A_WAITING_JOB))
        return Opened(detail.decode(), int(written[0]))

    def _difference(self, existing: str, batch: Batch) -> str:
        """The first thing in which a batch is not the existing one; empty where it is not among the first jobs."""
        read, keys = self._redis.call, self._redis.keys
        total, isolation = read("hmget", keys.batch(existing), "total", "isolation")
        if total is None or isolation is None:  # gone meanwhile
            return ""
        if int(total) != len(batch.jobs):
            return f"which has {int(total)} jobs, not {len(batch.jobs)}"
        if isolation != batch.isolation.value.encode():
            return f"whose isolation is {isolation.decode()}, not {batch.isolation.value}"
        for number, job in enumerate(batch.jobs[:MOST_COMPARED]):
            program, spec = read("hmget", keys.job(f"{existing}-{number}"), "program", "spec")
            if program is None or spec is None:
                return ""
            if other := _differing(job, ProgramKey.read(program.decode()), json.loads(unpack(spec))):
                return f"whose job {number} has another value of {other}"
        return ""

    def note_trace(self, opened: Opened, traceparent: str) -> None:
        """Keep which span of the app submitted a batch."""
        self._redis.call("hset", self._redis.keys.batch(opened.batch_id), "trace", traceparent)

    def write(
        self,
        opened: Opened,
        jobs: Sequence[Prepared],
        who: str,
        progress: Callable[[int, int], None] = lambda _written, _total: None,
    ) -> None:
        """Write the records that are not there yet. `progress` is called after each part (written, total)."""
        start = opened.written
        while start < len(jobs):
            progress(start, len(jobs))
            part = _part(jobs, start)
            codes = {job.program.partition(b":")[0]: job.code for job in part}
            programs = [word for sha256, code in codes.items() for word in (sha256, pack(code.encode()))]
            words = [word for job in part for word in (job.spec, job.place, job.program, job.cache)]
            gone = round(PRODUCER_GONE_S * 1000)
            arguments = (opened.batch_id, start, one_word(who), gone, len(codes), *programs, *words)
            start += len(part)
            if self._redis.run("write_jobs", *arguments) < 0:
                raise NotFound(
                    f"Batch {opened.batch_id} is closed to new jobs.",
                    remedy="Its producer was silent for too long, or its lifetime is over. Submit the rest anew.",
                )
        progress(len(jobs), len(jobs))

    def cancel(self, job_ids: Sequence[str], who: str) -> Cancelled:
        """Cancel jobs: those that wait end at once, those that run are asked to stop."""
        ended, stopping, wake = 0, 0, False
        for start in range(0, len(job_ids), JOBS_A_WRITE):
            answer = self._redis.run("cancel", one_word(who), *job_ids[start : start + JOBS_A_WRITE])
            ended, stopping, wake = ended + answer[0], stopping + answer[1], wake or bool(answer[2])
        return ended, stopping, wake

    def close_batch(self, batch_id: str, who: str) -> int:
        """Have nothing of a batch claimed any more; `cancel` ends its jobs. Returns how many were written."""
        written = int(self._redis.run("cancel_batch", batch_id, one_word(who)))
        if written < 0:
            raise unknown("batch", batch_id)
        return written

    def retry(self, report: Report, who: str, *, first: bool = True) -> bool:
        """Queue a finished job again. False: it is not finished any more, or its program's lifetime is over.

        With the first of several jobs that are retried together, the budget of their batch begins anew.
        `InvalidInput` for a promoted run that came to an end of its program's.
        """
        if report.promotion is not None and report.outcome not in UNSPENT:
            problem = FieldProblem(report.job_id, "is a promoted run, and a program is run on a hold-out once")
            raise InvalidInput([problem], remedy="`windtunnel report` shows what came of it.")
        summary = encode(report.summary)
        of_attempt = (report.job_id, report.summary.number, summary, MAX_ATTEMPTS_KEPT)
        answer = self._redis.run("retry", *of_attempt, one_word(who), int(first))
        if answer < 0:
            raise NotFound(
                f"The program of {report.job_id} is no longer stored.", remedy="Submit it again with its code."
            )
        return bool(answer)


def _part(jobs: Sequence[Prepared], start: int) -> Sequence[Prepared]:
    """The jobs that one call writes: a bounded number, and a bounded size."""
    size = 0
    for place in range(start, min(start + JOBS_A_WRITE, len(jobs))):
        size += len(jobs[place].spec) + len(jobs[place].code)
        if size > BYTES_A_WRITE:
            return jobs[start : max(place, start + 1)]
    return jobs[start : start + JOBS_A_WRITE]
