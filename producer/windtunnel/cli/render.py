"""Turns reports and statuses into tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Column, Table
from rich.text import Text

from windtunnel.contract import BatchStatus, JobStatus, Outcome, Report, SecurityLevel

COLOURS = {Outcome.SUCCEEDED: "green", Outcome.REJECTED: "yellow", Outcome.FAILED: "red"}


def outcome_text(outcome: Outcome | None) -> Text:
    """An outcome in its colour; a dash where there is none yet."""
    if outcome is None:
        return Text("-")
    return Text(outcome.value, style=COLOURS.get(outcome, "magenta"))


def harmless(text: str) -> str:
    """Text from a program without control characters: none of its escape sequences reaches the terminal."""
    return "".join(char if char in "\n\t" or char.isprintable() else repr(char)[1:-1] for char in text)


def foreign(text: str, **style: Any) -> Text:
    """Text from a program, as text and never as markup."""
    return Text(harmless(text), **style)


def counts(outcomes: Mapping[Outcome, int]) -> str:
    """`succeeded 3, failed 1`, in the order of the taxonomy."""
    return ", ".join(f"{outcome.value} {outcomes[outcome]}" for outcome in Outcome if outcomes.get(outcome))


def report(found: Report) -> RenderableType:
    """One report on one screen. All of the program's text is printed as text, never as markup."""
    parts: list[RenderableType] = [_facts(found)]
    if found.message:
        parts.append(foreign(found.message, style="bold"))
    if found.validation and found.validation.issues:
        parts.append(_issues(found))
    execution = found.execution
    if execution:
        if execution.error and execution.error.traceback:
            parts.append(Panel(Syntax(harmless(execution.error.traceback.rstrip()), "pytb"), title="exception"))
        for title, text, cut in (
            ("stdout", execution.stdout, execution.stdout_truncated),
            ("stderr", execution.stderr, execution.stderr_truncated),
        ):
            shown = text.rstrip()
            if shown and not (title == "stderr" and execution.error):
                parts.append(Panel(foreign(shown), title=f"{title} (cut at its limit)" if cut else title))
        if execution.values:
            parts.append(_values(execution.values))
    return Group(*parts)


def _facts(found: Report) -> Table:
    used, table = found.resources, Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("job", f"{found.job_id}  {found.name}")
    table.add_row("outcome", outcome_text(found.outcome))
    if found.validation:
        level = SecurityLevel(found.validation.security_level).name
        table.add_row("security", f"{found.validation.score}/100, {level}")
    if found.execution:
        table.add_row("duration", f"{used.duration_s:.3f} s (prepared in {found.execution.prepare_s:.2f} s)")
        table.add_row("CPU", f"{used.cpu_percent_average:.0f}% average, {used.cpu_percent_peak:.0f}% peak")
        table.add_row("memory", f"{used.memory_mb_average:.0f} MB average, {used.memory_mb_peak:.0f} MB peak")
        table.add_row("I/O", f"{used.io_operations} operations")
        table.add_row("attempts", str(len(found.attempts)))
    return table


def _issues(found: Report) -> Table:
    table = Table("line", "level", "rule", "what", "how to fix it", title="validation")
    for issue in found.validation.issues[:20] if found.validation else ():
        table.add_row(
            str(issue.line), issue.severity.name, foreign(issue.rule), foreign(issue.message), foreign(issue.fix)
        )
    return table


def _values(values: Mapping[str, object]) -> Table:
    table = Table("value", "", title="emitted")
    for name, value in values.items():
        table.add_row(foreign(name), foreign(_short(value)))
    return table


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 120 else text[:117] + "…"


def _whole(name: str) -> Column:
    """A column that is never cut: what stands in it is typed again."""
    return Column(name, no_wrap=True)


def batch(status: BatchStatus, jobs: Iterable[JobStatus]) -> RenderableType:
    """A batch's counts and its jobs."""
    table = Table(_whole("job"), "name", "state", "attempt", "outcome")
    for job in jobs:
        table.add_row(job.job_id, job.name, job.state.value, str(job.attempt), outcome_text(job.outcome))
    return Group(batches([status]), table)


def batches(found: Iterable[BatchStatus]) -> Table:
    """Batches, one a line."""
    table = Table(_whole("batch"), "name", "finished", "outcomes", "submitted")
    for status in found:
        table.add_row(
            status.batch_id,
            status.name,
            f"{status.finished}/{status.total}",
            counts(status.outcomes) or "-",
            f"{status.submitted_at:%m-%d %H:%M:%S} UTC",
        )
    return table


def reports(found: Iterable[Report]) -> Table:
    """Reports of a batch, one a line."""
    table = Table(_whole("job"), "name", _whole("outcome"), "s", "MB", "emitted or why")
    for one in found:
        values = one.execution.values if one.execution else {}
        told = ", ".join(f"{name}={_short(value)}" for name, value in list(values.items())[:4])
        used = one.resources
        table.add_row(
            one.job_id,
            one.name,
            outcome_text(one.outcome),
            f"{used.duration_s:.2f}",
            f"{used.memory_mb_peak:.0f}",
            foreign(one.message or told, overflow="ellipsis", no_wrap=True),
        )
    return table


def console() -> Console:
    """Standard output."""
    return Console(highlight=False)
