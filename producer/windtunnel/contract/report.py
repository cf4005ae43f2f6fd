"""The final report of a job, and the record it is built from."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from windtunnel.contract.base import Contract
from windtunnel.contract.execution import Execution, Outcome, Resources
from windtunnel.contract.job import JobSpec, Limits
from windtunnel.contract.lookahead import LookAhead, Sight
from windtunnel.contract.promotion import Promotion
from windtunnel.contract.score import Score, Scoring
from windtunnel.contract.stage import StageRun
from windtunnel.contract.status import Transition
from windtunnel.contract.verdict import Verdict

SCHEMA_VERSION = 1


class Attempt(Contract):
    """A summary of one attempt."""

    number: int
    outcome: Outcome
    message: str = ""
    host: str = ""
    started_at: datetime | None = None
    duration_s: float = 0.0


class Timings(Contract):
    """Seconds that each step of the last round took; None if it was not reached."""

    queued_s: float | None = None
    """From submission (or retry) to the verdict."""
    validate_s: float | None = None
    waiting_s: float | None = None
    """From the verdict (or the previous stage) until a slot claimed the job."""
    prepare_s: float | None = None
    execute_s: float | None = None
    finalize_s: float | None = None
    """From the recorded execution to this report."""
    total_s: float


class Record(Contract):
    """Everything known about an ended job, from which its report is built."""

    job_id: str
    spec: JobSpec | None = None
    """None if it was never written or cannot be read."""
    code_sha256: str = ""
    language: str = ""
    attempt: int = 0
    outcome: Outcome
    message: str = ""
    """Why it ended, if there is no execution that says so."""
    history: tuple[Transition, ...] = ()
    now: datetime
    """When the record was read, by the clock of the history."""
    verdict: Verdict | None = None
    execution: Execution | None = None
    attempts: tuple[Attempt, ...] = ()
    """Earlier attempts, oldest first."""

    def when(self, what: str) -> datetime | None:
        """When a transition last happened in the current round."""
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
    """Why a job failed, without the details that vary from job to job: equal values mean the same reason.

    The texts come from the program or are about it.
    """

    type: str
    """The exception's type, the rule that rejected the program, or the outcome."""
    message: str
    """At most 200 characters, without numbers, times, addresses and long quotations."""
    frame: str = ""
    """The function of the program in which it happened; `<module>` for its top level."""


class Report(Contract):
    """The final report of a job."""

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
    """What Windtunnel computed from the returned positions. The program cannot influence it in any other way."""
    look_ahead: LookAhead | None = None
    """Whether its positions know the future, if that was checked."""
    stages: tuple[StageRun, ...] = ()
    """The stages of a cascade that the job has run; the rest of the report is about the last one."""
    stage_count: int = 1
    """Stages of its cascade, the run on all of its data included; 1 without a cascade."""
    promotion: Promotion | None = None
    """For a promoted run, which has neither score nor output: the figures on bars that were held out."""
    positions_sha256: str = ""
    """Digest of the positions that `signals` returned."""
    resources: Resources = Resources.model_construct()
    attempts: tuple[Attempt, ...] = ()
    timings: Timings
    params: dict[str, JsonValue] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    """Other file names for its datasets."""
    seed: int = 0
    labels: dict[str, str] = Field(default_factory=dict)
    limits: Limits
    scoring: Scoring | None = None
    """As the job asked for it; None: the default."""
    image: str | None = None
    """The image that the job named; None: the host's default."""
    pool: str = "default"
    """The hosts that may run it."""
    code_sha256: str
    image_digest: str = ""
    dataset_digests: dict[str, str] = Field(default_factory=dict)
    """The data that it ran on, or would have run on."""
    versions: dict[str, str] = Field(default_factory=dict)
    cached_from: str = ""
    """The job that ran, if this one got its result from the cache."""
    submitted_at: datetime
    finished_at: datetime

    @property
    def stage(self) -> int:
        """The stage that the report is about, from 1; equal to `stage_count` for the run on all of the job's data."""
        return 1 + sum(run.passed for run in self.stages)

    @property
    def stopped(self) -> bool:
        """Whether the job was stopped at a stage, because its score did not reach what the stage asks for."""
        return bool(self.stages) and not self.stages[-1].passed

    @property
    def refuted(self) -> bool:
        """Whether its figures mean nothing: by the check, its positions know the future or differ from run to run."""
        return self.look_ahead is not None and self.look_ahead.sight in (Sight.LEAKS, Sight.UNSTABLE)

    @property
    def why_unscored(self) -> str:
        """For a program that succeeded on data and has no score: why, and what to do; otherwise empty."""
        judged = self.outcome is not Outcome.SUCCEEDED or self.score is not None or self.promotion is not None
        if judged or not self.dataset_digests or self.language != "python":
            return ""
        return "Not scored, since it returned no positions: define `signals(data, params)` to be scored and ranked."

    @property
    def used(self) -> Resources | None:
        """What its program used; None if it did not run, or was promoted, which withholds it."""
        return self.resources if self.execution and not self.promotion else None

    @property
    def summary(self) -> Attempt:
        """A summary of the attempt that ended with this report."""
        return self.attempts[-1]
