"""The one final word on a job, and the record it is built from."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from windtunnel.contract.base import Contract
from windtunnel.contract.execution import Execution, Outcome, Resources
from windtunnel.contract.job import JobSpec, Limits
from windtunnel.contract.lookahead import LookAhead
from windtunnel.contract.promotion import Promotion
from windtunnel.contract.score import Score, Scoring
from windtunnel.contract.stage import StageRun
from windtunnel.contract.status import Transition
from windtunnel.contract.verdict import Verdict

SCHEMA_VERSION = 1


class Attempt(Contract):
    """An earlier or the current attempt in a few words."""

    number: int
    outcome: Outcome
    message: str = ""
    host: str = ""
    started_at: datetime | None = None
    duration_s: float = 0.0


class Timings(Contract):
    """Seconds that each stage of the last round took; None where a stage was not reached."""

    queued_s: float | None = None
    """Submitted (or retried) → validation began."""
    validate_s: float | None = None
    waiting_s: float | None = None
    """Verdict recorded (or the stage before passed) → a slot claimed it."""
    prepare_s: float | None = None
    execute_s: float | None = None
    finalize_s: float | None = None
    """Execution recorded → this report."""
    total_s: float


class Record(Contract):
    """All that is known of a job that has its end, from which its report is built."""

    job_id: str
    spec: JobSpec | None = None
    """None where it was never written or cannot be read."""
    code_sha256: str = ""
    language: str = ""
    attempt: int = 0
    outcome: Outcome
    message: str = ""
    """Why it ended, where no execution says so."""
    history: tuple[Transition, ...] = ()
    now: datetime
    """When the record was read, by the same clock."""
    verdict: Verdict | None = None
    execution: Execution | None = None
    attempts: tuple[Attempt, ...] = ()
    """Earlier attempts, oldest first."""

    def when(self, what: str) -> datetime | None:
        """When this last happened in the current round."""
        for transition in reversed(self.history):
            if transition.what == what:
                return transition.at
            if transition.what in ("submitted", "retried"):
                return None
        return None

    @property
    def submitted_at(self) -> datetime:
        """When the current round began."""
        return self.when("retried") or self.when("submitted") or self.now


class Failure(Contract):
    """What went wrong, without what varies from job to job, so that the same reason is the same value.

    Its texts come from the program or are about it.
    """

    type: str
    """The exception's type, the rule that rejected the program, or else the outcome."""
    message: str
    """At most 200 characters, without numbers, times, addresses and long quotations."""
    frame: str = ""
    """The function of the program in which it happened; `<module>` for its top level."""


class Report(Contract):
    """The one final word on a job."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    batch_id: str
    name: str
    language: str
    outcome: Outcome
    message: str = ""
    failure: Failure | None = None
    """Why the job did not succeed; None if it did."""
    validation: Verdict | None = None
    execution: Execution | None = None
    score: Score | None = None
    """What Windtunnel computed from returned positions; nothing in it is the program's word."""
    look_ahead: LookAhead | None = None
    """Whether its positions know the future, where that was asked for."""
    stages: tuple[StageRun, ...] = ()
    """What came of the stages that a job of a cascade has gone through; the rest is about the last one that it ran."""
    stage_count: int = 1
    """Stages of its cascade, the run on all of its data included; 1 without a cascade."""
    promotion: Promotion | None = None
    """Of a promoted run, which has neither score nor output: what the program is worth on bars that were held out."""
    positions_sha256: str = ""
    """Of the positions that `signals` returned: the same where a run returns the same."""
    resources: Resources = Resources.model_construct()
    attempts: tuple[Attempt, ...] = ()
    timings: Timings
    params: dict[str, JsonValue] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    """Further file names of its datasets."""
    seed: int = 0
    labels: dict[str, str] = Field(default_factory=dict)
    limits: Limits
    scoring: Scoring | None = None
    """As it was asked for; None: the usual way."""
    image: str | None = None
    """The one that the job named; None: the host's default."""
    code_sha256: str
    image_digest: str = ""
    dataset_digests: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    cached_from: str = ""
    """The job that really ran, where this one got its result from the cache."""
    submitted_at: datetime
    finished_at: datetime

    @property
    def stage(self) -> int:
        """The stage that the report is about, from 1; on all of the job's data if that is `stage_count`."""
        return 1 + sum(run.passed for run in self.stages)

    @property
    def stopped(self) -> bool:
        """Whether it ended before it ran on all of its data, because a stage asked for more than it reached."""
        return bool(self.stages) and not self.stages[-1].passed

    @property
    def summary(self) -> Attempt:
        """The attempt that ended with this report, in a few words."""
        return self.attempts[-1]
