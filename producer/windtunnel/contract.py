"""The words that every part speaks: jobs, limits, outcomes, verdicts, reports. May import errors only.

All models are frozen, refuse unknown fields and carry plain JSON types, so that what one process writes
another can read. Building one from bad input raises `InvalidInput`, which names the field.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
)

from windtunnel.errors import FieldProblem, InvalidInput

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)  # pydantic keeps its name private

SCHEMA_VERSION = 1

MAX_CODE_BYTES = 1024 * 1024
MAX_PARAMS_BYTES = 256 * 1024
MAX_BATCH_JOBS = 100_000
SUFFIXES = {
    ".py": "python",
    ".js": "javascript",
    ".ts": "typescript",
    ".java": "java",
    ".cpp": "cpp",
    ".go": "go",
}
"""What a program's file is called in each language."""
LANGUAGES = tuple(SUFFIXES.values())


def problems_of(error: ValidationError, whole: str) -> list[FieldProblem]:
    """What pydantic found, by field; `whole` names what is wrong as a whole. No input is in it: it may be code."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = [problem["loc"] for problem in found]
    return [
        FieldProblem(".".join(map(str, place)) or whole, problem["msg"].removeprefix("Value error, "))
        for place, problem in zip(places, found, strict=True)
        # A container that lost its one wrong item would be called too short besides.
        if not any(len(other) > len(place) and other[: len(place)] == place for other in places)
    ]


class _Checked(ModelMetaclass):
    """Turns pydantic's error into ours where a caller builds a model, with the whole path of each field."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            raise InvalidInput(problems_of(error, cls.__name__.lower()), remedy="Nothing was stored.") from None


class Contract(BaseModel, metaclass=_Checked):
    """Base of every model that crosses a boundary."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", hide_input_in_errors=True)


NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Letters, digits, dot, underscore and hyphen, at most 128: safe in a file name, a key and a shell."""


class Limits(Contract):
    """What one attempt may use. A submitter may go up to the deployment's ceiling, never above it."""

    timeout_s: float = Field(30.0, ge=0.1, le=86_400)
    """Wall-clock seconds from the program's first line; preparing the sandbox does not count."""
    cpus: float = Field(1.0, ge=0.05, le=256)
    """Cores, as a quota."""
    cpu_time_s: float | None = Field(None, ge=1)
    """Seconds of processor time of one process (RLIMIT_CPU, whole seconds); None: only `timeout_s` binds."""
    memory_mb: int = Field(512, ge=64, le=1024 * 1024)
    """Megabytes (2**20 bytes) of the whole sandbox: interpreter, libraries, `/tmp`. There is no swap."""
    processes: int = Field(100, ge=4, le=10_000)
    """Processes and threads together."""
    disk_mb: int = Field(100, ge=1, le=100_000)
    """Size of `/tmp`, the only writable place; it counts as memory too."""
    output_kb: int = Field(256, ge=1, le=16_384)
    """Kilobytes kept of stdout and of stderr each; the rest is drained and dropped."""
    io_operations: int | None = Field(10_000, ge=1)
    """Block-device reads and writes; None: unlimited."""

    def above(self, ceiling: Limits) -> list[FieldProblem]:
        """Name each limit that is higher than the ceiling's."""
        problems = []
        for name in type(self).model_fields:
            wanted, most = getattr(self, name), getattr(ceiling, name)
            if most is not None and (wanted is None or wanted > most):
                problems.append(
                    FieldProblem(f"limits.{name}", f"{wanted} is above this deployment's ceiling of {most}")
                )
        return problems


DEFAULT_CEILING = Limits(
    timeout_s=600,
    cpus=4,
    memory_mb=4096,
    processes=100,
    disk_mb=1024,
    output_kb=4096,
    io_operations=None,
)


def _json_object(params: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        size = len(json.dumps(params, allow_nan=False).encode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"must be JSON: {error}") from error
    if size > MAX_PARAMS_BYTES:
        raise ValueError(f"is {size:,} bytes of JSON; at most {MAX_PARAMS_BYTES:,} are taken")
    return params


class Job(Contract):
    """One strategy program and all that decides its result."""

    code: str = Field(repr=False)
    """The program, UTF-8, at most 1 MiB. It runs as `__main__`."""
    language: str = "python"
    name: Name = "job"
    """For people: shown in reports and tables, need not be unique."""
    params: Annotated[dict[str, JsonValue], AfterValidator(_json_object)] = Field(default_factory=dict)
    """What the program finds as `params`; at most 256 KiB of JSON."""
    datasets: tuple[Name, ...] = Field((), max_length=64)
    """Names of the datasets it finds in `data`."""
    seed: int = Field(0, ge=0, le=2**32 - 1)
    """Seeds `random` and NumPy's global generator."""
    limits: Limits = Limits()
    image: str | None = Field(None, max_length=256)
    """A sandbox image out of those the hosts allow; None: the host's default."""
    priority: int = Field(5, ge=0, le=9)
    """0 is served first, 9 last."""
    labels: dict[Name, Annotated[str, Field(max_length=256)]] = Field(default_factory=dict, max_length=32)
    """The submitter's own marks; they come back in the report."""
    idempotency_key: str | None = Field(None, min_length=1, max_length=256)
    """The same key with the same job is stored and run once, however often it is submitted."""

    @field_validator("code")
    @classmethod
    def _code_fits(cls, code: str) -> str:
        try:
            size = len(code.encode())
        except UnicodeEncodeError as error:
            raise ValueError(f"cannot be written as UTF-8: {error.reason}") from error
        if not code.strip():
            raise ValueError("is empty")
        if size > MAX_CODE_BYTES:
            raise ValueError(f"is {size:,} bytes; at most {MAX_CODE_BYTES:,} are taken")
        return code

    @field_validator("language")
    @classmethod
    def _language_known(cls, language: str) -> str:
        if language not in LANGUAGES:
            raise ValueError(f"{language!r} is not supported; known are: {', '.join(LANGUAGES)}")
        return language

    @property
    def code_sha256(self) -> str:
        """Hex digest of the exact bytes that are analysed and run."""
        return hashlib.sha256(self.code.encode()).hexdigest()

    @property
    def digest(self) -> str:
        """Hex digest of everything that decides what this job is, whatever the order of its keys.

        Defaults are left out, so that a field added later changes no digest.
        """
        what = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


class Isolation(StrEnum):
    """What keeps the jobs of a batch apart."""

    CONTAINER = "container"
    """A fresh container for each job."""
    CELL = "cell"
    """One container for several jobs of this batch, one after the other, each in its own process under its own user.
    They share the container's kernel namespaces; no process, file or memory passes from one to the next."""


class Batch(Contract):
    """Jobs submitted together: one progress, one event stream, one summary."""

    jobs: tuple[Job, ...] = Field(min_length=1, max_length=MAX_BATCH_JOBS, repr=False)
    name: Name = "batch"
    isolation: Isolation = Isolation.CONTAINER
    idempotency_key: str | None = Field(None, min_length=1, max_length=256)

    @property
    def digest(self) -> str:
        """Hex digest of the jobs in their order and of how they are isolated."""
        parts = (self.isolation, *(job.digest for job in self.jobs))
        return hashlib.sha256("".join(parts).encode()).hexdigest()


class JobState(StrEnum):
    """Where a job stands. It moves forward only, until a retry sets it back to queued."""

    QUEUED = "queued"
    """Stored; its validation message is published or about to be."""
    VALIDATED = "validated"
    """The verdict is recorded; it waits for a slot, or for finalize if it was rejected."""
    RUNNING = "running"
    """A slot holds the lease of the current attempt."""
    FINISHED = "finished"
    """The report is final."""


class Outcome(StrEnum):
    """How a job ended: the program's own end, a limit it hit, or a fault of ours."""

    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    """Validation found it unsafe; it never reached a Docker host."""
    FAILED = "failed"
    """An exception or a non-zero exit."""
    TIMED_OUT = "timed_out"
    MEMORY_EXCEEDED = "memory_exceeded"
    CPU_EXCEEDED = "cpu_exceeded"
    IO_EXCEEDED = "io_exceeded"
    OUTPUT_EXCEEDED = "output_exceeded"
    DISK_EXCEEDED = "disk_exceeded"
    PROCESSES_EXCEEDED = "processes_exceeded"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Every attempt's worker died."""
    INFRASTRUCTURE_ERROR = "infrastructure_error"
    """The machinery failed, attempts exhausted; the program was not at fault."""


class SecurityLevel(IntEnum):
    """How dangerous a finding is. Strict mode rejects HIGH and above; CRITICAL is always rejected."""

    SAFE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Issue(Contract):
    """One finding of validation, with what to write instead."""

    severity: SecurityLevel
    rule: str
    """Stable identifier, `family.rule`."""
    category: str
    message: str
    line: int
    """From 1; 0 where the finding is about the whole text."""
    column: int
    """From 1, in characters; 0 where there is none."""
    text: str
    """The line's text, cut at 200 characters."""
    fix: str


class Verdict(Contract):
    """What validation says of one program."""

    safe: bool
    score: int = Field(ge=0, le=100)
    """100 is spotless; it follows the worst finding."""
    security_level: SecurityLevel
    issues: tuple[Issue, ...] = ()
    language: str
    duration_ms: float
    policy: str
    """Name and digest of the policy that judged."""
    code_sha256: str = ""
    """Digest of the text that was judged: nothing else may run on this verdict."""
    imports: tuple[str, ...] = ()
    """Top-level modules the program imports, sorted; the sandbox preloads from them."""


class ProgramError(Contract):
    """Why a program ended badly, in words its author can act on. The texts come from the sandbox."""

    type: str
    message: str
    line: int | None = None
    """Line of the program, from 1."""
    source: str = ""
    """That line's text."""
    advice: str = ""
    traceback: str = ""


class Artifact(Contract):
    """A file that the program left in `/tmp/artifacts`."""

    name: Name
    bytes: int
    sha256: str
    content: str = Field(repr=False)
    """Base64."""


class Sample(Contract):
    """One reading of a running sandbox."""

    elapsed_s: float
    """Seconds since the program started."""
    cpu_time_s: float
    """Processor seconds used so far."""
    cpu_percent: float
    """Of one core, since the sample before."""
    memory_mb: float
    io_operations: int
    """Block-device reads and writes so far."""
    processes: int


class Resources(Contract):
    """What one attempt used, from its samples and the final reading of its cgroup."""

    duration_s: float = 0.0
    cpu_time_s: float = 0.0
    cpu_percent_average: float = 0.0
    """Of one core, over the whole run."""
    cpu_percent_peak: float = 0.0
    """The highest of the samples, at least the average."""
    memory_mb_average: float = 0.0
    memory_mb_peak: float = 0.0
    """The kernel's own high-water mark where it gives one, interpreter and libraries included."""
    io_operations: int = 0
    processes_peak: int = 0
    samples: int = 0


class Execution(Contract):
    """One attempt in a sandbox. Everything in stdout, stderr, values and error is the program's word."""

    attempt: int
    outcome: Outcome
    message: str = ""
    """What happened and what to do, for every outcome but success."""
    exit_code: int | None = None
    signal: int | None = None
    error: ProgramError | None = None
    stdout: str = ""
    stderr: str = ""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    values: dict[str, JsonValue] = Field(default_factory=dict)
    """What the program gave to `emit`."""
    artifacts: tuple[Artifact, ...] = ()
    resources: Resources = Resources()
    isolation: Isolation = Isolation.CONTAINER
    host: str = ""
    container_id: str = ""
    image: str = ""
    image_digest: str = ""
    dataset_digests: dict[str, str] = Field(default_factory=dict)
    started_at: datetime | None = None
    """When the program's first line ran (UTC)."""
    prepare_s: float = 0.0
    """Seconds from the claim to the program's first line: create, start, preload."""
    versions: dict[str, str] = Field(default_factory=dict)


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
    """Verdict recorded → a slot claimed it."""
    prepare_s: float | None = None
    execute_s: float | None = None
    finalize_s: float | None = None
    """Execution recorded → this report."""
    total_s: float


class Record(Contract):
    """A whole job record, decoded."""

    job_id: str
    job: Job
    state: JobState
    attempt: int
    times: dict[str, datetime]
    """When each step happened: `submitted_at`, `validated_at`, `claimed_at`, `executed_at` …"""
    now: datetime
    """When the record was read, by the same clock."""
    verdict: Verdict | None = None
    execution: Execution | None = None
    attempts: tuple[Attempt, ...] = ()
    """Earlier attempts, oldest first."""


class Report(Contract):
    """The one final word on a job."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    batch_id: str
    name: str
    language: str
    outcome: Outcome
    message: str = ""
    validation: Verdict | None = None
    execution: Execution | None = None
    resources: Resources = Resources()
    attempts: tuple[Attempt, ...] = ()
    timings: Timings
    params: dict[str, JsonValue] = Field(default_factory=dict)
    seed: int = 0
    labels: dict[str, str] = Field(default_factory=dict)
    limits: Limits
    code_sha256: str
    image_digest: str = ""
    dataset_digests: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    submitted_at: datetime
    finished_at: datetime


class JobStatus(Contract):
    """Where one job stands."""

    job_id: str
    batch_id: str
    name: str
    state: JobState
    attempt: int
    """Attempts begun so far."""
    outcome: Outcome | None = None


class BatchStatus(Contract):
    """Where a batch stands."""

    batch_id: str
    name: str
    total: int
    finished: int
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    submitted_at: datetime
    finished_at: datetime | None = None

    @property
    def done(self) -> bool:
        """True when every job has its report."""
        return self.finished == self.total


class EventKind(StrEnum):
    """What a batch's event stream tells."""

    FINISHED = "finished"
    RETRIED = "retried"
    BATCH_FINISHED = "batch_finished"


class Event(Contract):
    """One entry of a batch's event stream; give `id` back to resume after it."""

    id: str
    kind: EventKind
    job_id: str | None = None
    outcome: Outcome | None = None
    finished: int
    """Jobs of the batch with a report when the event was written."""
    total: int
