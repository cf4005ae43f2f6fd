"""From a job's end to its report: what waits for one, samples, the final step, and reading it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from windtunnel.analysis.failures import failure_of
from windtunnel.analysis.ledger import measured, trial_of
from windtunnel.contract import Attempt, Execution, JobSpec, JobState, Outcome, Record, Report, Sample, Verdict
from windtunnel.errors import NotFound, UnreadableRecord
from windtunnel.keyspace import MAX_ATTEMPTS_KEPT, MAX_SAMPLES, batch_of
from windtunnel.records.codec import (
    ProgramKey,
    Stored,
    as_text,
    decode,
    decode_history,
    decode_report,
    encode,
    encode_figures,
    encode_report,
    readable,
    round_began,
    whole,
)
from windtunnel.records.connection import Connection
from windtunnel.records.metrics import as_words, counts_of
from windtunnel.records.reading import unknown
from windtunnel.records.spool import MOST_SPOOLED

LEASE_S = 10.0
"""How long a finalizer has for the jobs it took before another one looks at them."""
READ_AT_ONCE = 200


@dataclass(frozen=True)
class Unfinished:
    """A job that has its end and waits for its report, as it is stored. The fields are those of `take_ended.lua`."""

    job_id: str
    now_ms: int
    attempts: tuple[bytes, ...]
    state: bytes
    stored_spec: bytes
    stored_program: bytes
    stored_policy: bytes
    stored_attempt: bytes
    outcome: bytes
    message: bytes
    execution: bytes
    history: bytes
    token: bytes
    source: bytes
    """The job whose report it gets."""

    @property
    def attempt(self) -> int:
        """Number of the attempt that ended; 0 where that cannot be read."""
        return whole(self.stored_attempt)

    @property
    def program(self) -> str:
        """`<sha256>:<language>`; empty where the job was never written."""
        return as_text(self.stored_program)

    @property
    def policy(self) -> str:
        """Whose verdict counts."""
        return as_text(self.stored_policy)

    @property
    def cached_from(self) -> str:
        """Whose report it gets; empty where it ended itself."""
        return as_text(self.source)


class Reports:
    """The finalizers' side of the records, and the readers of reports."""

    def __init__(self, connection: Connection, retention_s: int, *, archiving: bool = False) -> None:
        self._redis = connection
        self._retention_s = retention_s
        self.most_spooled = MOST_SPOOLED if archiving else 0
        """Reports that may wait for the archive; 0: there is none."""

    def take(self, most: int) -> list[Unfinished]:
        """Jobs that wait for their report; they are this caller's for ten seconds."""
        arguments = (most, round(LEASE_S * 1000), MAX_ATTEMPTS_KEPT)
        now, entries, none = self._redis.run("take_ended", *arguments)
        while none and not entries:
            now, entries, none = self._redis.run("take_ended", *arguments)
        return [Unfinished(job_id.decode(), int(now), tuple(attempts), *fields) for job_id, fields, attempts in entries]

    def run_itself(self, job_id: str) -> None:
        """Have a job run that was to get another's report, as that cannot be read any more."""
        self._redis.run("run_itself", job_id)

    def any_unfinished(self) -> bool:
        """True while any job has no report."""
        return whole(self._redis.call("hget", self._redis.keys("counters"), "unfinished")) > 0

    def add_samples(self, job_id: str, attempt: int, samples: Iterable[Sample]) -> str:
        """Append readings of an attempt. Returns the token of the one that runs now, which is empty if none does."""
        key = self._redis.keys.samples(job_id, attempt)
        appended = [("xadd", key, cast("dict[Any, Any]", one.model_dump()), "*", MAX_SAMPLES) for one in samples]
        asked = ("hmget", self._redis.keys.job(job_id), ["state", "token"])
        *_, (state, token) = self._redis.pipeline([*appended, ("expire", key, self._retention_s), asked])
        return token.decode() if state == JobState.RUNNING.encode() and token else ""

    def samples(self, job_id: str, attempt: int) -> list[Sample]:
        """The readings of an attempt, oldest first."""
        return self.samples_of([(job_id, attempt)])[0]

    def samples_of(self, attempts: Sequence[tuple[str, int]]) -> list[list[Sample]]:
        """The readings of several attempts, in one round trip."""
        streams = self._redis.pipeline(
            [("xrange", self._redis.keys.samples(*one), "-", "+", MAX_SAMPLES) for one in attempts]
        )
        return [[_sample(fields) for _, fields in stream] for stream in streams]

    def finish(self, final: Sequence[tuple[Unfinished, Report]], who: str) -> list[bool]:
        """Write final reports and count them, each once. False: it was finished before, or the attempt is over."""
        words = [
            word
            for job, report in final
            for word in (
                job.job_id,
                job.stored_attempt,
                job.token,
                report.outcome.value,
                encode_report(report),
                encode_figures(report),
                _failure(report),
                report.image_digest,
                _trial(report),
                as_words(counts_of(report)),
                job.outcome,
            )
        ]
        return [bool(one) for one in self._redis.run("finish", self._retention_s, who, self.most_spooled, *words)]

    def advance(self, job: Unfinished, spec: JobSpec, report: Report, who: str) -> bool:
        """Have a job that passed a stage wait for a slot again, with this spec, and count the stage as a trial.

        False: it must not go on, as it was cancelled or another attempt is the current one.
        """
        arguments = (encode(spec), encode(report.summary), MAX_ATTEMPTS_KEPT, who, len(spec.passed), _trial(report))
        return bool(self._redis.run("advance", job.job_id, job.stored_attempt, job.token, *arguments) == 1)

    def report(self, job_id: str) -> Report:
        """The final report; `NotFound` if there is none (yet), `UnreadableRecord` if it is broken."""
        found = self.reports([job_id])[0]
        if isinstance(found, Report):
            return found
        raise found

    def reports(self, job_ids: Sequence[str]) -> list[Report | NotFound | UnreadableRecord]:
        """The final reports of these jobs, and for the others why there is none."""
        found: list[Report | NotFound | UnreadableRecord] = []
        for start in range(0, len(job_ids), READ_AT_ONCE):
            found += self._read(job_ids[start : start + READ_AT_ONCE])
        return found

    def _read(self, job_ids: Sequence[str]) -> list[Report | NotFound | UnreadableRecord]:
        keys = self._redis.keys
        names = ["state", "report", "spec", "program", "policy", "attempt", "history"]
        answers = self._redis.pipeline(
            [
                call
                for one in job_ids
                for call in (("hmget", keys.job(one), names), ("lrange", keys.attempts(one), -MAX_ATTEMPTS_KEPT, -1))
            ]
        )
        records = list(zip(answers[::2], answers[1::2], strict=True))
        judged = sorted({_judged(fields) for fields, _ in records if fields[3] and fields[4]})
        stored = self._redis.call("mget", [keys.verdict(a, b) for a, b in judged]) if judged else []
        verdicts = {where: _verdict(text) for where, text in zip(judged, stored, strict=True)}
        return [
            self._one(job_id, fields, attempts, verdicts.get(_judged(fields)))
            for job_id, (fields, attempts) in zip(job_ids, records, strict=True)
        ]

    def _one(
        self, job_id: str, fields: list[bytes | None], attempts: list[bytes], verdict: Verdict | None
    ) -> Report | NotFound | UnreadableRecord:
        state, stored, spec, program, _, attempt, history = fields
        if state is None:
            return unknown("job", job_id)
        if stored is None:
            return NotFound(
                f"Job {job_id} is {state.decode(errors='replace')}; it has no report yet.", remedy="Wait for it."
            )
        try:
            return decode_report(
                stored,
                Stored(
                    job_id=job_id,
                    batch_id=batch_of(job_id),
                    spec=readable(JobSpec, spec),
                    program=as_text(program),
                    attempt=whole(attempt),
                    verdict=verdict,
                    earlier=earlier_attempts(attempts),
                    began=round_began(history),
                ),
            )
        except UnreadableRecord as error:
            return error


def build_record(job: Unfinished, verdict: Verdict | None) -> Record:
    """Decode what is stored of a job that has its end; `UnreadableRecord` names what cannot be read."""
    if not job.state:
        raise UnreadableRecord("the record was removed")
    if job.stored_attempt and not job.stored_attempt.isdigit():
        raise UnreadableRecord("the number of its attempt is damaged")
    if as_text(job.outcome) not in tuple(Outcome):
        raise UnreadableRecord("its outcome is damaged or of a newer version")
    sha256, language, _ = ProgramKey.read(job.program)
    return Record(
        job_id=job.job_id,
        spec=decode(JobSpec, job.stored_spec) if job.stored_spec else None,
        code_sha256=sha256,
        language=language,
        attempt=job.attempt,
        outcome=job.outcome.decode(),
        message=as_text(job.message),
        history=decode_history(job.history),
        now=job.now_ms / 1000,
        verdict=verdict,
        execution=decode(Execution, job.execution) if job.execution else None,
        attempts=earlier_attempts(job.attempts),
    )


def _failure(report: Report) -> str:
    """What went wrong, the same text for the same reason; empty where nothing did."""
    failure = report.failure or failure_of(report)
    return "" if failure is None else " ".join((report.outcome, failure.type, failure.message, failure.frame))


def _judged(fields: Sequence[bytes | None]) -> tuple[str, str]:
    """Program and policy, whose verdict is a report's."""
    return as_text(fields[3]), as_text(fields[4])


def earlier_attempts(stored: Iterable[bytes]) -> tuple[Attempt, ...]:
    """Those of the stored attempts that can be read, oldest first."""
    return tuple(one for one in (readable(Attempt, text) for text in stored) if one is not None)


def _verdict(stored: bytes | None) -> Verdict | None:
    return cast("Verdict | None", readable(Verdict, stored))


def _trial(report: Report) -> str:
    """What the ledger takes down of a report: the trial, its Sharpe ratio and bars, and the datasets it was made on."""
    if report.score is None or report.outcome is not Outcome.SUCCEEDED:
        return ""
    found = measured(report)
    ratio = "-" if found is None else f"{found.per_bar!r}/{found.bars}"
    return " ".join((trial_of(report), ratio, *report.score.datasets))


def _sample(fields: dict[bytes, bytes]) -> Sample:
    return Sample.model_validate({name.decode(): value for name, value in fields.items()})
