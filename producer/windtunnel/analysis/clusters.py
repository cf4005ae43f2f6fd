"""Groups a batch's failures by what went wrong, so that one repair can be made for all of a kind."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from windtunnel.contract import Outcome, Report, Verdict
from windtunnel.contract.dataset import Facts

PROMPT_BYTES = 4096
MESSAGE_CHARS = 200
EXAMPLES = 5
FRAME = re.compile(r'^  File "[^"]*strategy[^"]*", line \d+, in (\S+)$', re.MULTILINE)
VARYING = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x…"),
    (re.compile(r"'[^']{41,}'|\"[^\"]{41,}\""), "'…'"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?"), "<time>"),
    (re.compile(r"(?<![\w.])[-+]?\d+(\.\d+)?([eE][-+]?\d+)?(?!\w)"), "<n>"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Failure:
    """What went wrong, without what varies from job to job. Its texts come from a program."""

    outcome: Outcome
    type: str
    """The exception's type, or the rule that rejected the program."""
    message: str
    """With numbers, times, addresses and long texts left out."""
    frame: str = ""
    """The function of the program in which it happened."""


@dataclass(frozen=True)
class Cluster:
    """Jobs that failed in the same way."""

    failure: Failure
    count: int
    example: str
    """A job's id."""
    message: str
    """As that job has it."""
    line: int | None
    source: str
    remedy: str
    jobs: tuple[str, ...]
    """The first ids."""


def failure_of(report: Report) -> Failure | None:
    """The typed failure of a report; None if the job succeeded."""
    if report.outcome is Outcome.SUCCEEDED:
        return None
    error = report.execution.error if report.execution else None
    if report.outcome is Outcome.REJECTED and report.validation and report.validation.issues:
        rule, message, *_ = _finding(report.validation)
        return Failure(report.outcome, rule, normal(message))
    if error is None:
        return Failure(report.outcome, report.outcome.value, normal(report.message))
    frames = FRAME.findall(error.traceback)
    return Failure(report.outcome, error.type[:128], normal(error.message), frames[-1][:128] if frames else "")


def normal(message: str) -> str:
    """A message without what varies from job to job."""
    text = message[: 20 * MESSAGE_CHARS]
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return text.strip()[:MESSAGE_CHARS]


def _finding(verdict: Verdict) -> tuple[str, str, int, str, str]:
    worst = max(verdict.issues, key=lambda issue: (issue.severity, -issue.line))
    return worst.rule, worst.message, worst.line, worst.text, worst.fix


def clusters(reports: Iterable[Report]) -> list[Cluster]:
    """All failures by kind, the most frequent first."""
    kinds: dict[Failure, list[Report]] = defaultdict(list)
    for report in reports:
        failure = failure_of(report)
        if failure is not None:
            kinds[failure].append(report)
    found = [_cluster(failure, members) for failure, members in kinds.items()]
    return sorted(found, key=lambda one: (-one.count, one.failure.type, one.failure.message))


def _cluster(failure: Failure, members: list[Report]) -> Cluster:
    first = members[0]
    error = first.execution.error if first.execution else None
    message, line, source, remedy = first.message, None, "", ""
    if error is not None:
        message, line, source, remedy = error.message, error.line, error.source, error.advice
    elif failure.outcome is Outcome.REJECTED and first.validation and first.validation.issues:
        _, message, line, source, remedy = _finding(first.validation)
    jobs = tuple(report.job_id for report in members[:EXAMPLES])
    return Cluster(failure, len(members), first.job_id, message, line, source.strip(), remedy, jobs)


def prompt(
    reports: Iterable[Report], datasets: Mapping[str, Facts] | None = None, most_bytes: int = PROMPT_BYTES
) -> str:
    """The failures of a batch as text for the model that writes the programs, within `most_bytes` of UTF-8."""
    found = list(reports)
    kinds = clusters(found)
    failed = sum(kind.count for kind in kinds)
    head = f"{failed} of {len(found)} programs failed, in {len(kinds)} ways. Most frequent first.\n"
    parts = [_data(name, facts) for name, facts in (datasets or {}).items()] + [_paragraph(kind) for kind in kinds]
    text, left = head, most_bytes - len(head.encode()) - 40
    for place, part in enumerate(parts):
        size = len(part.encode())
        if size > left:
            return text + f"\n({len(parts) - place} more left out.)\n"
        text, left = text + part, left - size
    return text


def _data(name: str, facts: Facts) -> str:
    columns = ", ".join(_line(column.name, 40) for column in facts.columns[:20])
    dates = f", from {facts.first:%Y-%m-%d} to {facts.last:%Y-%m-%d}" if facts.first and facts.last else ""
    return f'\nDataset data["{_line(name, 128)}"]: {facts.rows:,} rows{dates}; columns: {columns}.\n'


def _paragraph(kind: Cluster) -> str:
    where = f" (line {kind.line}: `{_line(kind.source, 100)}`)" if kind.line and kind.source else ""
    remedy = f"\n  Fix: {_line(kind.remedy, 200)}" if kind.remedy else ""
    return f"\n{kind.count}x {_line(kind.failure.type, 80)}: {_line(kind.message, 240)}{where}{remedy}\n"


def _line(text: str, most: int) -> str:
    """One line of printable characters."""
    plain = "".join(char if char.isprintable() else " " for char in text[: 4 * most])
    plain = " ".join(plain.split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
