"""How documents are stored: one writer and one reader, tolerant of what newer versions add.

A document is its version, `j` or `z` (compressed), and JSON: `1j{"name":…}`. JSON alone, as the scripts write it, is
version 1. May import the contract and errors.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from windtunnel.contract import SCHEMA_VERSION, Attempt, Contract, JobSpec, Report, Transition, Verdict
from windtunnel.contract.base import problems_of
from windtunnel.errors import NewerRecord, UnreadableRecord

COMPRESSED_FROM = 512
"""Bytes: below, compression saves next to nothing."""
MESSAGE_CHARACTERS = 300
"""Of a report's message in a list of jobs."""
HISTORY_BYTES = 64 * 1024
"""Of a history that are read, its last ones; the scripts keep a sixteenth of it."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a document once decompressed."""

M = TypeVar("M", bound=Contract)

# What a stored report leaves out: it is in the job's own fields, or is derived from the rest.
_ELSEWHERE = {
    "schema_version", "job_id", "batch_id", "name", "language", "params", "seed", "labels", "limits", "code_sha256",
    "scoring", "image", "pool", "validation", "attempts", "image_digest", "dataset_digests", "submitted_at",
}  # fmt: skip
_TRANSITION = re.compile(r"^([0-9]{1,15}) (\S+) (\S+)(?: (.*))?$", re.MULTILINE)
_FROM_SPEC = ("name", "params", "seed", "labels", "limits", "scoring", "image", "pool")


def encode(document: Contract, exclude: Any = None) -> bytes:
    """A document as it is stored: defaults left out, compressed where that pays."""
    text = document.model_dump_json(exclude_defaults=True, exclude=exclude).encode()
    return pack(text)


def pack(text: bytes) -> bytes:
    """A text as it is stored."""
    if len(text) < COMPRESSED_FROM:
        return b"%dj%b" % (SCHEMA_VERSION, text)
    return b"%dz%b" % (SCHEMA_VERSION, zlib.compress(text, 1))


def unpack(stored: bytes) -> bytes:
    """The text of a stored document; `UnreadableRecord` says what is wrong with it."""
    if stored[:1] in (b"{", b"["):
        return stored
    head = re.match(rb"(\d{1,6})([jz])", stored)
    if head is None:
        raise UnreadableRecord("it has no version")
    body = stored[head.end() :]
    if head[2] == b"j":
        return body
    try:
        reader = zlib.decompressobj()
        text = reader.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise UnreadableRecord(f"its compression is broken ({error})") from error
    if not reader.eof:
        raise UnreadableRecord("it is cut off or too large")
    return text


def decode(kind: type[M], stored: bytes | None) -> M:
    """Read a stored document; fields that this version does not know are passed over.

    `UnreadableRecord` says what is wrong with it; `NewerRecord` if a newer version wrote it.
    """
    if stored is None:
        raise UnreadableRecord(f"the {kind.__name__} is missing")
    try:
        return kind.model_validate_json(unpack(stored), extra="ignore")
    except ValidationError as error:
        raise _unreadable(kind, stored, str(problems_of(error, kind.__name__)[0])) from None
    except UnreadableRecord as error:
        raise _unreadable(kind, stored, str(error)) from error


def _unreadable(kind: type[Contract], stored: bytes, problem: str) -> UnreadableRecord:
    version = re.match(rb"(\d{1,6})[a-z]", stored)
    if version is not None and int(version[1]) > SCHEMA_VERSION:
        return NewerRecord(f"a newer version of Windtunnel stored the {kind.__name__}: {problem}")
    return UnreadableRecord(f"the stored {kind.__name__} cannot be read: {problem}")


def encode_report(report: Report) -> bytes:
    """A report as it is stored: what the job's other fields say is left out, each fact is kept once."""
    exclude: dict[str, Any] = dict.fromkeys(_ELSEWHERE, True)
    execution = report.execution
    if execution is not None:
        exclude["execution"] = {"resources": True, "attempt": True}
        if execution.message == report.message:
            exclude["execution"]["message"] = True
    return encode(report, exclude)


def encode_figures(report: Report) -> bytes:
    """What a list of jobs shows of a report: a few figures, and nothing that its program printed."""
    metrics = report.score.metrics if report.score else None
    figures: dict[str, Any] = {
        "message": report.message[:MESSAGE_CHARACTERS],
        "duration_s": report.resources.duration_s if report.execution else None,
        "memory_mb_peak": report.resources.memory_mb_peak if report.execution else None,
        "sharpe": metrics and metrics.sharpe,
        "total_return": metrics and metrics.total_return,
        "max_drawdown": metrics and metrics.max_drawdown,
        "cached_from": report.cached_from,
    }
    return json.dumps({name: value for name, value in figures.items() if value not in (None, "")}).encode()


class ProgramKey(NamedTuple):
    """What a verdict is about: a text in a language, and the image whose libraries it may import.

    Stored as `<sha256>:<language>`, and `:<image>` where the job names one.
    """

    sha256: str
    language: str
    image: str

    def __str__(self) -> str:
        """Give it as it is stored."""
        return ":".join(self if self.image else self[:2])

    @staticmethod
    def read(stored: str) -> ProgramKey:
        """Take it apart; what is damaged gives empty parts."""
        sha256, language, image = [*stored.split(":", 2), "", ""][:3]
        return ProgramKey(sha256, language, image)


@dataclass(frozen=True)
class Stored:
    """What is stored of a finished job, but for its report."""

    job_id: str
    batch_id: str
    spec: JobSpec | None
    program: str
    attempt: int
    verdict: Verdict | None
    earlier: tuple[Attempt, ...]
    began: datetime | None
    """When its current round did."""


def decode_report(stored: bytes, job: Stored) -> Report:
    """Put a stored report together again; `UnreadableRecord` if that cannot be done."""
    try:
        data: dict[str, Any] = json.loads(unpack(stored))
        code_sha256, language, _ = ProgramKey.read(job.program)
        execution = data.get("execution")
        if execution is not None:
            execution.setdefault("message", data.get("message", ""))
            execution["resources"] = data.get("resources", {})
            execution["attempt"] = job.attempt
            data["image_digest"] = execution.get("image_digest", "")
        spec = job.spec or JobSpec(name="unreadable")
        data["dataset_digests"] = (execution or {}).get("dataset_digests") or spec.current().dataset_digests
        data |= {name: getattr(spec, name) for name in _FROM_SPEC}
        data |= {"job_id": job.job_id, "batch_id": job.batch_id, "language": language, "code_sha256": code_sha256}
        began = job.began or data.get("finished_at")
        data |= {"validation": job.verdict, "submitted_at": began, "attempts": ()}
        report = Report.model_validate(data, extra="ignore")
    except (ValueError, TypeError, AttributeError, RecursionError, UnreadableRecord) as error:
        raise UnreadableRecord(f"the report of {job.job_id} cannot be read: {error}") from error
    return report.model_copy(update={"attempts": (*job.earlier, summary_of(report, job.attempt))})


def summary_of(report: Report, attempt: int) -> Attempt:
    """The attempt that a report is about, in a few words."""
    execution = report.execution
    return Attempt(
        number=attempt,
        outcome=report.outcome,
        message=report.message,
        host=execution.host if execution else "",
        started_at=execution.started_at if execution else None,
        duration_s=report.resources.duration_s,
    )


def round_began(history: bytes | None) -> datetime | None:
    """When the current round of a job began. The other lines of its history are not looked at."""
    for ms, what, _, _ in reversed(_lines(history)):
        if what in ("retried", "submitted", "abandoned") and (at := moment(ms)) is not None:
            return at
    return None


def one_word(who: str) -> str:
    """A name as it is written into a history, whose lines are separated by spaces."""
    return "_".join(who.split())[:128] or "-"


def decode_history(text: bytes | None) -> tuple[Transition, ...]:
    """A job's history, oldest first; a line that cannot be read is passed over."""
    found = []
    for ms, what, who, detail in _lines(text):
        at = moment(ms)
        if at is not None:
            # The pattern has checked it; to validate it again takes a fifth of all that a short report takes.
            found.append(Transition.model_construct(at=at, what=what, who=who, detail=detail))
    return tuple(found)


def _lines(history: bytes | None) -> list[tuple[str, str, str, str]]:
    return _TRANSITION.findall(as_text((history or b"")[-HISTORY_BYTES:]))


def moment(ms: str) -> datetime | None:
    """A stored time; None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(int(ms) / 1000, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def readable(kind: Any, stored: bytes | None) -> Any:
    """A stored document, or None if it cannot be read."""
    try:
        return decode(kind, stored) if stored else None
    except UnreadableRecord:
        return None


def as_text(stored: bytes | None) -> str:
    """A stored text, with marks for bytes that are damaged; empty where it is missing."""
    return (stored or b"").decode(errors="replace")


def whole(stored: bytes | None) -> int:
    """A stored count; 0 where it is missing or damaged."""
    return int(stored) if stored and stored[:18].isdigit() and len(stored) <= 18 else 0


def figure(stored: bytes | None) -> float | None:
    """A stored figure; None where it is missing, undefined or damaged."""
    try:
        found = float(stored or b"")
    except ValueError:
        return None
    return found if math.isfinite(found) else None
