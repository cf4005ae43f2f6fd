"""Groups the failures of a batch by what went wrong, so that one repair fixes all of a kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from windtunnel.analysis.failures import failure_of, worst
from windtunnel.contract import Failure, Outcome, Report
from windtunnel.contract.dataset import Facts
from windtunnel.texts import shows

PROMPT_BYTES = 4096
COLUMNS_BYTES = 500
"""Of the names of a dataset's columns."""
EXAMPLES, DATASETS = 5, 20


@dataclass(frozen=True)
class Cluster:
    """Jobs that failed in the same way."""

    outcome: Outcome
    failure: Failure
    count: int
    example: str
    """A job's id."""
    message: str
    """The message of that job."""
    line: int | None
    source: str
    remedy: str
    jobs: tuple[str, ...]
    """The first ids."""
    datasets: tuple[str, ...] = ()
    """The names of the data that these jobs had, some of them if there are many."""


def clusters(reports: Iterable[Report]) -> list[Cluster]:
    """All failures by kind, the most frequent first."""
    kinds: dict[tuple[Outcome, Failure], list[Report]] = defaultdict(list)
    for report in reports:
        failure = report.failure or failure_of(report)
        if failure is not None:
            kinds[report.outcome, failure].append(report)
    found = [_cluster(*kind, members) for kind, members in kinds.items()]
    return sorted(found, key=lambda one: (-one.count, one.failure.type, one.failure.message))


def _cluster(outcome: Outcome, failure: Failure, members: list[Report]) -> Cluster:
    first = members[0]
    error = first.execution.error if first.execution else None
    line, source = None, ""
    message, _, remedy = first.message.partition(". ")  # what happened, then what to do
    if error is not None:
        message, line, source, remedy = error.message, error.line, error.source, error.advice
    elif outcome is Outcome.REJECTED and first.validation and first.validation.issues:
        issue = worst(first.validation)
        message, line, source, remedy = issue.message, issue.line, issue.text, issue.fix
    jobs = tuple(report.job_id for report in members[:EXAMPLES])
    data = tuple(sorted({name for report in members for name in report.dataset_digests})[:DATASETS])
    return Cluster(outcome, failure, len(members), first.job_id, message, line, source.strip(), remedy, jobs, data)


def prompt(
    reports: Iterable[Report], datasets: Mapping[str, Facts] | None = None, most_bytes: int = PROMPT_BYTES
) -> str:
    """The failures of a batch as text for the model that writes the programs, within `most_bytes` of UTF-8."""
    found = list(reports)
    kinds = clusters(found)
    failed = sum(kind.count for kind in kinds)
    if not kinds:
        return "No program failed.\n"
    ways = "in one way" if len(kinds) == 1 else f"in {len(kinds)} ways, the most frequent first"
    head = f"{failed} of {len(found)} {'program' if len(found) == 1 else 'programs'} failed, {ways}.\n"
    about = [f"\n{described(name, facts)}\n" for name, facts in (datasets or {}).items()]
    head += _fitting(about, most_bytes // 3, "datasets")
    return head + _fitting([_paragraph(kind) for kind in kinds], most_bytes - len(head.encode()), "kinds of failure")


def _fitting(parts: Sequence[str], most_bytes: int, what: str) -> str:
    """The first parts that fit, and how many are left out."""
    text, left = "", most_bytes - len(f"\n({len(parts)} more {what} left out.)\n")
    for place, part in enumerate(parts):
        left -= len(part.encode())
        if left < 0:
            return text + f"\n({len(parts) - place} more {what} left out.)\n"
        text += part
    return text


def described(name: str, facts: Facts) -> str:
    """What a dataset holds, in a line: rows, dates and columns."""
    names = [_line(column.name, 40) for column in facts.columns]
    if facts.first and facts.columns and facts.columns[0].type == "time":
        names[0] += " (the index)"
    shown = max(1, sum(len(", ".join(names[:place]).encode()) <= COLUMNS_BYTES for place in range(1, 21)))
    left_out = f" and {len(names) - shown} more" if len(names) > shown else ""
    columns = ", ".join(names[:shown]) + left_out
    dates = f", from {facts.first:%Y-%m-%d} to {facts.last:%Y-%m-%d}" if facts.first and facts.last else ""
    return f'Dataset data["{_line(name, 128)}"]: {facts.rows:,} rows{dates}; columns: {columns}.'


def _paragraph(kind: Cluster) -> str:
    where = f" (line {kind.line}: `{_line(kind.source, 100)}`)" if kind.line and kind.source else ""
    remedy = f"\n  Fix: {_line(kind.remedy, 200)}" if kind.remedy else ""
    return f"\n{kind.count}x {_line(kind.failure.type, 80)}: {_line(kind.message, 400)}{where}{remedy}\n"


def _line(text: str, most: int) -> str:
    """One line of characters that can be seen."""
    plain = "".join(char if shows(char) else " " for char in text[: 4 * most])
    plain = " ".join(plain.split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
