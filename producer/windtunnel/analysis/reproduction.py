"""Compares two runs of a job, and finds where they first differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from windtunnel.contract import Outcome, Report

LONGEST_LINE = 200
CUT_OFF = (Outcome.TIMED_OUT, Outcome.CANCELLED, Outcome.LOST, Outcome.INFRASTRUCTURE_ERROR)
"""Outcomes that depend on more than the program and its data."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs. The texts come from programs."""

    what: str
    """`image`, `data`, `outcome`, `positions`, `values <name>`, `stdout line <number>` or `artifact <name>`."""
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
    reasons = tuple(f"line {one.line}: {one.message}" for one in issues if one.category == "repeat")
    cut_off = [f"{one.job_id} was cut off ({one.outcome.value})" for one in (first, again) if one.outcome in CUT_OFF]
    if cut_off:
        reasons = (f"{' and '.join(cut_off)}: how far a run comes depends on how busy its host is.", *reasons)
    return Reproduction(first.job_id, again.job_id, differences, reasons if differences else ())


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
    for name in sorted({*old.values, *new.values}):
        if (old.values.get(name), name in old.values) != (new.values.get(name), name in new.values):
            yield Difference(f"values {name}", _short(old.values.get(name)), _short(new.values.get(name)))
            break
    for number, (one, other) in enumerate(zip_longest(old.stdout.splitlines(), new.stdout.splitlines()), start=1):
        if one != other:
            yield Difference(f"stdout line {number}", _short(one), _short(other))
            break
    files = [{one.name: one.sha256 for one in run.artifacts} for run in (old, new)]
    for name in sorted({*files[0], *files[1]}):
        if files[0].get(name) != files[1].get(name):
            yield Difference(f"artifact {name}", files[0].get(name, "missing"), files[1].get(name, "missing"))
            break


def _short(value: object) -> str:
    return "missing" if value is None else str(value)[:LONGEST_LINE]
