"""The host's end of the warden's protocol. Everything that arrives is hostile: bounded, checked, never trusted.

The frames are described in `sandbox_image/warden.py`. Docker wraps the container's stdout and stderr in a stream
format of its own (eight bytes: stream, three zeros, length), which is taken apart here too. Imports nothing of Docker.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from windtunnel.contract import ProbeRun
from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox.limits import FolderLimits
from windtunnel_worker.sandbox.output import Output
from windtunnel_worker.sandbox.values import Values, storable_text
from windtunnel_worker.sandbox.working_folder import Announced, Arriving, Dropped

HEADER = struct.Struct(">cI")
DOCKER_HEADER = struct.Struct(">BxxxI")
STDOUT, STDERR = 1, 2
KINDS = b"RSOEVPLABDFWX"
MAX_DROPPED_NAMES = 8
MAX_PLACE_BYTES = 32 * 1024
MAX_FRAME_BYTES = 1024 * 1024
MAX_DOCKER_CHUNK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Frame:
    """One message of the warden."""

    kind: bytes
    payload: bytes

    def json(self) -> dict[str, Any]:
        """The payload as a JSON object; `SandboxFailure` if it is none. Numbers in it may be NaN or infinite."""
        try:
            value = json.loads(self.payload.decode(errors="surrogatepass"))
        except (ValueError, RecursionError) as error:
            raise SandboxFailure(f"The sandbox sent a broken {self.kind!r} frame.") from error
        if not isinstance(value, dict):
            raise SandboxFailure(f"The sandbox sent a {self.kind!r} frame that is not an object.")
        return {storable_text(name): item for name, item in value.items()}


class End(BaseModel):
    """What the warden says of a program's end. Only the types are certain."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False, hide_input_in_errors=True)

    exit_code: Annotated[int, Field(ge=0, le=255)] | None = None
    signal: Annotated[int, Field(ge=1, le=64)] | None = None
    timed_out: bool = False
    flooded: bool = False
    duration_s: float = Field(0.0, ge=0)
    cpu_time_s: float = Field(0.0, ge=0)
    stdout_bytes: int = Field(0, ge=0)
    stderr_bytes: int = Field(0, ge=0)
    records_dropped: int = Field(0, ge=0)
    files_dropped: int = Field(0, ge=0)
    stage: str = "run"
    """`compile` when the program did not get further."""
    compile_timed_out: bool = False
    clean: bool = False
    """A cell says that nothing of the job is left."""


def _cut(limit: int) -> BeforeValidator:
    """Text of at most so many characters out of whatever came."""
    return BeforeValidator(lambda value: storable_text(str(value))[:limit])


class Fault(BaseModel):
    """What a program's process says of its exception: all of it the program's word."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    type: Annotated[str, _cut(128)]
    message: Annotated[str, _cut(4096)]
    line: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    source: Annotated[str, _cut(200)] = ""
    traceback: Annotated[str, _cut(16_384)] = ""
    errno: int | None = None
    memory: bool = False
    """It is a `MemoryError`."""
    processes: bool = False
    """It says that a process or thread was refused, which a kernel inside the sandbox does unseen by the host's."""


def job_frame(job: Mapping[str, Any]) -> bytes:
    """The one frame that the host sends."""
    payload = json.dumps(job).encode()
    return HEADER.pack(b"J", len(payload)) + payload


class FrameDecoder:
    """Bytes of the attach stream in, frames out. Keeps at most one frame and one chunk in memory."""

    def __init__(self, faults_limit: int = 8192) -> None:
        self._raw = bytearray()
        self._frames = bytearray()
        self._faults = bytearray()
        self._faults_limit = faults_limit

    @property
    def faults(self) -> str:
        """What the warden itself complained of on its stderr, cut."""
        return self._faults.decode(errors="replace").strip()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take what the socket gave; `SandboxFailure` on anything that is not the protocol."""
        self._raw += data
        while len(self._raw) >= DOCKER_HEADER.size:
            stream, length = DOCKER_HEADER.unpack_from(self._raw)
            if stream not in (STDOUT, STDERR) or length > MAX_DOCKER_CHUNK_BYTES:
                raise SandboxFailure("The attach stream is not what Docker sends.")
            if len(self._raw) < DOCKER_HEADER.size + length:
                return
            chunk = bytes(self._raw[DOCKER_HEADER.size : DOCKER_HEADER.size + length])
            del self._raw[: DOCKER_HEADER.size + length]
            if stream == STDERR:
                self._faults += chunk[: self._faults_limit - len(self._faults)]
            else:
                yield from self._take(chunk)

    def _take(self, chunk: bytes) -> Iterator[Frame]:
        self._frames += chunk
        while len(self._frames) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._frames)
            if kind not in KINDS or length > MAX_FRAME_BYTES:
                raise SandboxFailure(f"The sandbox broke the protocol: frame {kind!r} of {length} bytes.")
            if len(self._frames) < HEADER.size + length:
                return
            payload = bytes(self._frames[HEADER.size : HEADER.size + length])
            del self._frames[: HEADER.size + length]
            yield Frame(kind, payload)


@dataclass
class Transcript:
    """What the frames of one job add up to. Output is kept up to the limit, whatever the warden sends."""

    output_limit: int
    values_limit: int = 1024 * 1024
    names_limit: int = 1024
    positions_limit: int = 6 * 1024 * 1024
    folder: FolderLimits = field(default_factory=FolderLimits)

    def __post_init__(self) -> None:
        self.files = Arriving(self.folder)
        self.stdout = Output(self.output_limit)
        self.stderr = Output(self.output_limit)
        self._emitted = Values()
        self._values_bytes = 0
        self.values_dropped = 0
        self._positions = bytearray()
        self.probe_runs: dict[int, ProbeRun] = {}
        """What the runs on changed data gave, by number."""
        self._positions_bytes = 0
        self.dropped_names: list[str] = []
        """Of some of them, cut: the program's word."""
        self.fault: Fault | None = None
        self.place = ""
        """Where the program was when its time was over, as `faulthandler` writes it: the program's word."""
        self.end: End | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What was emitted, as it is stored."""
        return self._emitted.kept

    @property
    def not_finite(self) -> dict[str, str]:
        """Where None stands in `values` for a number that is not finite, and for which."""
        return self._emitted.places()

    @property
    def positions(self) -> str:
        """What `signals` returned, still packed. Scoring finds out whether it can be read."""
        return self._positions.decode("ascii", "replace")

    def take(self, frame: Frame) -> None:
        """Add one frame."""
        match frame.kind:
            case b"O":
                self.stdout.take(frame.payload)
            case b"E":
                self.stderr.take(frame.payload)
            case b"V":
                self._take_values(frame)
            case b"P":
                self._positions += frame.payload[: self.positions_limit - len(self._positions)]
            case b"L":
                self._take_probe(frame)
            case b"A" | b"B":
                self._take_file(frame)
            case b"D":
                with suppress(ValidationError, SandboxFailure):  # it may be the program's word
                    self.files.drop(Dropped.model_validate(frame.json()))
            case b"F" | b"W":
                self._take_reason(frame)
            case b"X":
                self.end = _end(frame)
            case _:
                raise SandboxFailure(f"The sandbox sent an unexpected {frame.kind!r} frame.")

    def _take_reason(self, frame: Frame) -> None:
        if frame.kind == b"W":
            self.place = storable_text(frame.payload[:MAX_PLACE_BYTES].decode(errors="replace"))
            return
        with suppress(ValidationError, SandboxFailure):  # forged: then there was none
            self.fault = Fault.model_validate(frame.json())

    @property
    def dropped_files(self) -> int:
        """How many files did not come; the warden counts those that it does not name."""
        return max(self.files.dropped_count, self.end.files_dropped if self.end else 0)

    def _take_probe(self, frame: Frame) -> None:
        self._positions_bytes += len(frame.payload)
        if self._positions_bytes > self.positions_limit:
            return
        with suppress(ValidationError, SandboxFailure):  # forged: then that run gave nothing
            found = ProbeRun.model_validate(frame.json())
            self.probe_runs.setdefault(found.number, found)

    def _take_values(self, frame: Frame) -> None:
        self._values_bytes += len(frame.payload)
        try:
            values = frame.json()
        except SandboxFailure:
            self._drop()
            return
        for name, value in values.items():
            fits = self._values_bytes <= self.values_limit and len(name) <= 256
            try:
                if not fits or (name not in self.values and len(self.values) >= self.names_limit):
                    raise ValueError("too large")
                self._emitted.keep(name, value)
            except ValueError:
                self._drop(name)

    def _drop(self, name: str = "") -> None:
        self.values_dropped += 1
        if name and len(self.dropped_names) < MAX_DROPPED_NAMES:
            self.dropped_names.append(name[:64])

    def _take_file(self, frame: Frame) -> None:
        try:
            if frame.kind == b"B":
                self.files.append(frame.payload)
            else:
                self.files.announce(Announced.model_validate(frame.json()))
        except ValueError as error:  # the warden's word, so no honest program is behind it
            raise SandboxFailure("The sandbox sent files in a way that was not agreed.") from error


def _end(frame: Frame) -> End:
    try:
        return End.model_validate(frame.json())
    except ValidationError as error:
        fields = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise SandboxFailure(f"The sandbox sent a broken end frame: {fields}.") from error
