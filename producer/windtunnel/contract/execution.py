"""What an attempt did in its sandbox, and how a job can end."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from windtunnel.contract.base import Contract
from windtunnel.contract.catalogue import DataNote
from windtunnel.contract.job import Isolation


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


ARTIFACT_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,7}$"
"""A relative path: at most eight names, none of which is hidden, leads upwards or needs quoting."""


class Artifact(Contract):
    """A file that the program left in its working folder. Its bytes are in the store, under their digest."""

    name: Annotated[str, Field(pattern=ARTIFACT_PATTERN)]
    """Its path in the folder, e.g. `plots/equity.png`. It is safe to be written below any folder."""
    original: str = ""
    """What the program called it, where that was changed to be safe."""
    bytes: int
    sha256: str
    media_type: str = "application/octet-stream"
    """Guessed from its name; the content is the program's and may be anything."""


class DroppedFile(Contract):
    """A file that the program left and that is not among the artifacts."""

    name: str
    """The program's word, cut."""
    bytes: int
    reason: str
    """Completes the sentence that begins with the name."""


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
    """Reads and writes that reached a disk; the working folder is in memory."""
    read_calls: int | None = None
    write_calls: int | None = None
    """How often the kernel was asked to read and write files and pipes, less than ten times by the sandbox itself. None
    where the host hides it."""
    processes_peak: int = 0
    samples: int = 0

    @property
    def io(self) -> str:
        """What it read and wrote, in words."""
        calls = "" if self.write_calls is None else f"; {self.read_calls:,} reads, {self.write_calls:,} writes in all"
        return f"{self.io_operations:,} disk operations{calls}"


class ProbeRun(Contract):
    """What a program's `signals` returned on changed data, on its way to be compared."""

    number: int = Field(ge=0, lt=64)
    """Which of the job's probes."""
    packed: Annotated[str, Field(max_length=768 * 1024)] = Field("", repr=False)
    failed: Annotated[str, Field(max_length=256)] = ""
    """Why it returned nothing."""


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
    """Its first and last part, as text to read: redrawn lines in their last state, repeated messages counted."""
    stderr: str = ""
    """Likewise."""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    stdout_bytes: int = 0
    """What the program wrote; at least what is kept."""
    stderr_bytes: int = 0
    stdout_dropped_bytes: int = 0
    """What of that is neither in `stdout` nor folded there; the rest was kept."""
    stderr_dropped_bytes: int = 0
    stdout_raw: str = Field("", repr=False)
    """Base64 of the bytes that were kept, first and last part together; empty where `stdout` has each of them."""
    stderr_raw: str = Field("", repr=False)
    values: dict[str, JsonValue] = Field(default_factory=dict)
    """What the program gave to `emit`. Integers are exact, of any size; numbers that are not finite are None."""
    not_finite: dict[str, str] = Field(default_factory=dict)
    """Where None stands in `values` for NaN or an infinity: place, as `sharpe` or `curve[3]` → `NaN`, `Infinity` or
    `-Infinity`. At most 8 places of a value and 256 in all; `curve[…]` → how many more."""
    positions: str = Field("", repr=False)
    """What `signals` returned, packed, on its way to be scored; a report has its digest and the score instead."""
    probe_runs: tuple[ProbeRun, ...] = Field((), repr=False)
    """Those of a look-ahead check; a report has its answer instead."""
    artifacts: tuple[Artifact, ...] = ()
    dropped: tuple[DroppedFile, ...] = ()
    """Files that are not among the artifacts, the first of them if there are many."""
    dropped_count: int = 0
    """All of them."""
    resources: Resources = Resources.model_construct()
    isolation: Isolation = Isolation.CONTAINER
    host: str = ""
    container_id: str = ""
    image: str = ""
    image_digest: str = ""
    dataset_digests: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the file of each dataset that the program found."""
    data_notes: tuple[DataNote, ...] = ()
    """What was found in those datasets when they were added."""
    host_at_fault: bool = True
    """Of an infrastructure error: False where another host would fail likewise, as the store does not give the data."""
    started_at: datetime | None = None
    """When the program's first line ran (UTC)."""
    prepare_s: float = 0.0
    """Seconds from the claim to the program's first line: create, start, preload."""
    versions: dict[str, str] = Field(default_factory=dict)
