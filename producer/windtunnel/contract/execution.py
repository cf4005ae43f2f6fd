"""What an attempt did in its sandbox, and how a job can end. May import base, catalogue and job."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from windtunnel.contract.base import Contract
from windtunnel.contract.catalogue import DataNote
from windtunnel.contract.job import Isolation


class Outcome(StrEnum):
    """How a job ended: by the program itself, at a limit, or through a fault of the machinery."""

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
    """The worker of every attempt died."""
    INFRASTRUCTURE_ERROR = "infrastructure_error"
    """The machinery failed in every attempt; the program was not at fault."""


class ProgramError(Contract):
    """Why a program failed, in words its author can act on. The texts come from the sandbox."""

    type: str
    message: str
    line: int | None = None
    """Line of the program, from 1."""
    source: str = ""
    """That line's text."""
    advice: str = ""
    traceback: str = ""


ARTIFACT_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,7}$"
"""A relative path of at most eight names; none is hidden, leads upwards or needs quoting."""


class Artifact(Contract):
    """A file that the program left in its working folder. Its bytes are in the store, under their digest."""

    name: Annotated[str, Field(pattern=ARTIFACT_PATTERN)]
    """Its path in the folder, for example `plots/equity.png`. The file can safely be written into any folder."""
    original: str = ""
    """The program's name for it, if that was changed to be safe."""
    bytes: int
    sha256: str
    media_type: str = "application/octet-stream"
    """Guessed from its name; the content may be anything."""


class DroppedFile(Contract):
    """A file that the program left but that is not among the artifacts."""

    name: str
    """The program's name for it, shortened."""
    bytes: int
    reason: str
    """Completes a sentence that begins with the name."""


class Sample(Contract):
    """One measurement of a running sandbox."""

    elapsed_s: float
    """Seconds since the program started."""
    cpu_time_s: float
    """Processor seconds used so far."""
    cpu_percent: float
    """Of one core, since the previous sample."""
    memory_mb: float
    io_operations: int
    """Block-device reads and writes so far."""
    processes: int


SHARE_FROM_S = 0.1
"""Of shorter runs a share of a core says more about the moments of measuring than about the program."""


class Resources(Contract):
    """What one attempt used, from its samples and the final reading of its control group."""

    duration_s: float = 0.0
    cpu_time_s: float = 0.0
    cpu_percent_average: float = 0.0
    """Of one core, over the whole run."""
    cpu_percent_peak: float = 0.0
    """The highest sample, but at least the average."""
    memory_mb_average: float = 0.0
    memory_mb_peak: float = 0.0
    """The kernel's high-water mark if it keeps one, interpreter and libraries included."""
    io_operations: int = 0
    """Reads and writes that reached a disk; the working folder is in memory."""
    read_calls: int | None = None
    write_calls: int | None = None
    """Read and write calls on files and pipes; fewer than ten are the sandbox's own. None if the host hides them."""
    processes_peak: int = 0
    samples: int = 0

    @property
    def processor(self) -> str:
        """Processor time, in words, with its share of a core if the run was long enough for one to mean anything."""
        if self.duration_s < SHARE_FROM_S:
            return f"{self.cpu_time_s:.3f} s"
        shares = f"{self.cpu_percent_average:.0f}% of a core on average, {self.cpu_percent_peak:.0f}% at most"
        return f"{self.cpu_time_s:.3f} s; {shares}"

    @property
    def io(self) -> str:
        """Disk operations and calls, in words."""
        calls = "" if self.write_calls is None else f"; {self.read_calls:,} reads, {self.write_calls:,} writes in all"
        return f"{self.io_operations:,} disk operations{calls}"


class ProbeRun(Contract):
    """What a program's `signals` returned on changed data. The report has only the result of the comparison."""

    number: int = Field(ge=0, lt=64)
    """Index of the job's probe."""
    packed: Annotated[str, Field(max_length=768 * 1024)] = Field("", repr=False)
    failed: Annotated[str, Field(max_length=256)] = ""
    """Why it returned nothing."""


class Execution(Contract):
    """One attempt in a sandbox. The program decides what is in stdout, stderr, values and error, so do not trust it."""

    attempt: int
    outcome: Outcome
    message: str = ""
    """What happened and what to do; empty after success."""
    exit_code: int | None = None
    signal: int | None = None
    error: ProgramError | None = None
    stdout: str = ""
    """Its first and last part, made readable: redrawn lines in their last state, repeated messages counted."""
    stderr: str = ""
    """The same for stderr."""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    stdout_bytes: int = 0
    """All that the program wrote."""
    stderr_bytes: int = 0
    stdout_dropped_bytes: int = 0
    """How much of that is left out of `stdout`, not counting folded repetitions."""
    stderr_dropped_bytes: int = 0
    stdout_raw: str = Field("", repr=False)
    """Base64 of the bytes that were kept, first and last part together; empty if `stdout` has all of them."""
    stderr_raw: str = Field("", repr=False)
    values: dict[str, JsonValue] = Field(default_factory=dict)
    """What the program passed to `emit`. Integers are exact, of any size; numbers that are not finite are None."""
    not_finite: dict[str, str] = Field(default_factory=dict)
    """Which None in `values` means NaN or an infinity: its place, such as `sharpe` or `curve[3]` → `NaN`, `Infinity` or
    `-Infinity`. At most 8 places of a value and 256 in all; `curve[…]` → how many more."""
    positions: str = Field("", repr=False)
    """What `signals` returned, packed. Empty in a report, which has its digest and the score instead."""
    probe_runs: tuple[ProbeRun, ...] = Field((), repr=False)
    """The runs of a look-ahead check. Empty in a report, which has the result instead."""
    artifacts: tuple[Artifact, ...] = ()
    dropped: tuple[DroppedFile, ...] = ()
    """The first files that are not among the artifacts."""
    dropped_count: int = 0
    """How many there are in all."""
    resources: Resources = Resources.model_construct()
    isolation: Isolation = Isolation.CONTAINER
    host: str = ""
    container_id: str = ""
    image: str = ""
    image_digest: str = ""
    dataset_digests: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the file of each dataset that the program had."""
    data_notes: tuple[DataNote, ...] = ()
    """What was found in those datasets when they were added."""
    host_at_fault: bool = True
    """For an infrastructure error: False if other hosts may fail in the same way, for example because the store lacks
    the data. Then it counts as this host's failure only when another host has run the job."""
    started_at: datetime | None = None
    """When the program's first line ran (UTC)."""
    prepare_s: float = 0.0
    """Seconds from the claim to the program's first line: creating and starting the sandbox, preloading."""
    versions: dict[str, str] = Field(default_factory=dict)

    @property
    def still_running(self) -> bool:
        """Whether a time limit stopped the program: `error` then says where it was, which is not in stderr."""
        return self.outcome is Outcome.TIMED_OUT

    @property
    def stderr_beside_error(self) -> str:
        """`stderr` without the traceback that `error` has; empty if it is cut so that the two cannot be told apart."""
        trace = self.error.traceback.rstrip() if self.error else ""
        if self.still_running or not trace:
            return self.stderr
        before, _, _ = self.stderr.rpartition(trace)
        return before
