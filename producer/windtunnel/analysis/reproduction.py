"""Compares two runs of a job, and finds where they first differ."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from windtunnel.contract import Execution, Outcome, Report

LONGEST_LINE = 200
BAR = re.compile(r"\d(it/s|s/it)\b")
ADDRESS = re.compile(r"\b(0x[0-9a-f]{6,}|(139|140|9[34])\d{12})\b")
"""Of an object, as `repr` or `id` gives it: where the systems of hosts put libraries and heaps."""
CUT_OFF = (Outcome.TIMED_OUT, Outcome.CANCELLED, Outcome.LOST, Outcome.INFRASTRUCTURE_ERROR)
"""Outcomes that depend on more than the program and its data."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs. The texts come from programs."""

    what: str
    """`image`, `data`, `outcome`, `positions`, `error`, `values <name>`, `stdout line <number>`, `stderr line <number>`
    (`raw …` where only the bytes differ, not the readable text) or `artifact <name>`."""
    first: str
    again: str


@dataclass(frozen=True)
class Reproduction:
    """A job and its second run, compared."""

    job_id: str
    again_id: str
    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]
    """What may have caused the differences: lines of the program that validation found, and runs that were cut off."""

    @property
    def identical(self) -> bool:
        """True if everything that was compared is the same, byte for byte."""
        return not self.differences


def reproduction(first: Report, again: Report) -> Reproduction:
    """Compare two runs of one job."""
    differences = tuple(_differences(first, again))
    issues = first.validation.issues if first.validation else ()
    reasons = tuple(dict.fromkeys(f"line {one.line}: {one.message}" for one in issues if one.category == "repeat"))
    cut_off = [f"{one.job_id} was cut off ({one.outcome.value})" for one in (first, again) if one.outcome in CUT_OFF]
    if cut_off:
        reasons = (f"{' and '.join(cut_off)}: how far a run comes depends on how busy its host is.", *reasons)
    reasons = (*reasons, *_shown(differences))
    return Reproduction(first.job_id, again.job_id, differences, reasons if differences else ())


def _shown(differences: Iterable[Difference]) -> Iterator[str]:
    """Reasons that the texts themselves show."""
    texts = [(one.first, one.again) for one in differences]
    if any(ADDRESS.search(one) and ADDRESS.sub("", one) == ADDRESS.sub("", other) for one, other in texts):
        yield "It shows where an object lies in memory (`repr`, `id`), which is another place in each run."
    if any(BAR.search(one) and BAR.search(other) for one, other in texts):
        yield "It shows a progress bar with its speed, which depends on how busy its host is."


def _differences(first: Report, again: Report) -> Iterator[Difference]:
    pairs = (
        ("image", first.image_digest, again.image_digest),
        ("data", str(first.dataset_digests), str(again.dataset_digests)),
        ("outcome", first.outcome.value, again.outcome.value),
        ("positions", first.positions_sha256, again.positions_sha256),
    )
    yield from (Difference(what, one, other) for what, one, other in pairs if one != other)
    if first.execution is None or again.execution is None:
        return
    old, new = first.execution, again.execution
    if first.outcome is again.outcome is Outcome.FAILED and _end(old) != _end(new):
        yield Difference("error", _short(_end(old)), _short(_end(new)))
    yield from _first_of("values", _values(old), _values(new))
    yield from _streams("stdout", (old.stdout, old.stdout_raw), (new.stdout, new.stdout_raw))
    yield from _streams("stderr", (old.stderr, old.stderr_raw), (new.stderr, new.stderr_raw))
    files = [{one.name: one.sha256 for one in run.artifacts} for run in (old, new)]
    yield from _first_of("artifact", *files)


def _end(run: Execution) -> str:
    """How a program failed, without its traceback."""
    error = run.error
    ended = f"exit code {run.exit_code}" if run.signal is None else f"signal {run.signal}"
    return f"{error.type}: {error.message} (line {error.line}, {ended})" if error else ended


def _values(run: Execution) -> dict[str, str]:
    """Emitted values as JSON, in which 1, 1.0 and true differ; numbers that are not finite follow by their place."""
    return {name: json.dumps(value) for name, value in run.values.items()} | run.not_finite


def _first_of(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    """The first name, in alphabetical order, that has another text."""
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Difference(f"{what} {name}", _short(old.get(name)), _short(new.get(name)))
            return


def _streams(what: str, old: tuple[str, str], new: tuple[str, str]) -> Iterator[Difference]:
    """The first line that differs, in the bytes that were kept where the readable text is the same."""
    if old == new:
        return
    lines = [text.splitlines() for text, _ in (old, new)]
    if lines[0] == lines[1]:
        what, lines = f"raw {what}", [b64decode(raw).decode(errors="replace").split("\n") for _, raw in (old, new)]
    for number, (one, other) in enumerate(zip_longest(*lines), start=1):
        if one != other:
            yield Difference(f"{what} line {number}", _short(one), _short(other))
            return


def _short(text: str | None) -> str:
    return "missing" if text is None else text[:LONGEST_LINE]
