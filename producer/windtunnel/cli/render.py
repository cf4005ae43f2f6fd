"""Turns reports and statuses into tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NoReturn

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.cli.texts import ago, first_sentence, harmless, short
from windtunnel.contract import (
    BatchStatus,
    DeadLetter,
    Execution,
    HostStatus,
    JobStatus,
    Outcome,
    Report,
    SecurityLevel,
    Transition,
)

COLOURS = {Outcome.SUCCEEDED: "green", Outcome.REJECTED: "yellow", Outcome.FAILED: "red"}


def outcome_text(outcome: Outcome | None) -> Text:
    """An outcome in its colour; a dash where there is none yet."""
    if outcome is None:
        return Text("-")
    return Text(outcome.value, style=COLOURS.get(outcome, "magenta"))


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
    parts += _judged(found)
    if found.validation and found.validation.issues:
        parts.append(_issues(found))
    execution = found.execution
    if execution:
        if execution.error and execution.error.traceback:
            from rich.syntax import Syntax  # it brings Pygments, and most reports have no traceback

            parts.append(Panel(Syntax(harmless(execution.error.traceback.rstrip()), "pytb"), title="exception"))
        traced = bool(execution.error and execution.error.traceback)  # stderr has it too
        for title, text, dropped in (
            ("stdout", execution.stdout, execution.stdout_dropped_bytes),
            ("stderr", "" if traced else execution.stderr, execution.stderr_dropped_bytes),
        ):
            shown = text.rstrip()
            if shown:
                parts.append(Panel(foreign(shown), title=f"{title} ({dropped:,} bytes left out)" if dropped else title))
        if execution.values:
            parts.append(_values(execution))
        parts += [foreign(f"{note.dataset}: {note.message}", style="yellow") for note in execution.data_notes]
        if execution.artifacts:
            left = ", ".join(f"{one.name} ({one.bytes:,} bytes)" for one in execution.artifacts)
            parts.append(foreign(f"artifacts: {left}"))
    return Group(*parts)


def _judged(found: Report) -> list[RenderableType]:
    """What Windtunnel says of returned positions."""
    from windtunnel.cli.render_results import held_out, score, stage_line

    parts = [score(found.score)] if found.score else []
    parts += [foreign(f"stage {stage_line(run)}") for run in found.stages]
    if found.promotion and found.promotion.bars:
        parts.append(held_out(found.promotion))
    if found.look_ahead:
        parts.append(foreign(f"look-ahead: {found.look_ahead.sight.value}. {found.look_ahead.message}"))
    return parts


def _facts(found: Report) -> Table:
    used, table = found.resources, Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("job", f"{found.job_id}  {found.name}")
    table.add_row("outcome", outcome_text(found.outcome))
    if found.validation:
        level = SecurityLevel(found.validation.security_level).name
        table.add_row("security", f"{found.validation.score}/100, {level}")
    if found.promotion:
        table.add_row("run", "on all bars, those included that are held out; what it used is withheld")
    elif found.execution:
        table.add_row("duration", f"{used.duration_s:.3f} s (prepared in {found.execution.prepare_s:.2f} s)")
        table.add_row("CPU", f"{used.cpu_percent_average:.0f}% average, {used.cpu_percent_peak:.0f}% peak")
        table.add_row("memory", f"{used.memory_mb_average:.0f} MB average, {used.memory_mb_peak:.0f} MB peak")
        table.add_row("I/O", used.io)
        table.add_row("attempts", str(len(found.attempts)))
    return table


def _issues(found: Report) -> Fitted:
    columns = Shown("line", rank=3), Shown("level", rank=2), Shown("rule", rank=1)
    table = Fitted(*columns, Shown("what", wraps=True), Shown("how to fix it", wraps=True), title="validation")
    for issue in found.validation.issues[:20] if found.validation else ():
        table.add_row(str(issue.line), issue.severity.name, issue.rule, issue.message, issue.fix)
    return table


def _values(execution: Execution) -> Fitted:
    table = Fitted(Shown("value", wraps=True), Shown("", wraps=True), title="emitted")
    for name, value in execution.values.items():
        table.add_row(short(name), execution.not_finite.get(name) or _short(value))
    for place, word in execution.not_finite.items():
        if place not in execution.values:
            table.add_row(foreign(short(place), style="yellow"), f"{word}, not a finite number")
    return table


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else short(str(value))


def batch(status: BatchStatus, jobs: Iterable[JobStatus]) -> RenderableType:
    """A batch's counts and its jobs, or the first of them."""
    jobs = list(jobs)
    staged = any(job.stages > 1 for job in jobs)
    table = Fitted(
        Shown("job"),
        Shown("name", wraps=True),
        Shown("state"),
        figure_column("attempt", rank=1),
        Shown("outcome"),
        *([Shown("stage")] if staged else []),
    )
    for job in jobs:
        stage = [f"{job.stage} of {job.stages}"] if staged else []
        table.add_row(job.job_id, job.name, job.state.value, str(job.attempt), outcome_text(job.outcome), *stage)
    parts: list[RenderableType] = [batches([status]), Text(), table]
    if 1 < table.row_count < status.total:
        parts.append(foreign(f"… and {status.total - table.row_count:,} more; `windtunnel report` lists all."))
    if status.cancelled_by:
        parts.append(foreign(f"cancelled by {status.cancelled_by}", style="yellow"))
    return Group(*parts)


def batches(found: Iterable[BatchStatus]) -> Fitted:
    """Batches, one a line."""
    table = Fitted(
        Shown("batch"),
        Shown("name", wraps=True),
        Shown("owner", wraps=True, rank=3),
        figure_column("running", rank=2),
        figure_column("finished"),
        Shown("outcomes", wraps=True, least=20),
        Shown("submitted", rank=1),
    )
    for status in found:
        table.add_row(
            status.batch_id,
            status.name,
            status.owner,
            str(status.running),
            f"{status.finished}/{status.total}",
            counts(status.outcomes) or "-",
            f"{status.submitted_at:%m-%d %H:%M:%S} UTC",
        )
    return table


def reports(found: Iterable[Report]) -> Fitted:
    """Reports of a batch, one a line. What a program says of itself is in the last column only."""
    from windtunnel.cli.render_results import figure, stage_of

    table = Fitted(
        Shown("job"),
        Shown("name", wraps=True),
        Shown("outcome"),
        Shown("stage", filled=True),
        figure_column("Sharpe", rank=1),
        figure_column("return", rank=2),
        figure_column("s", rank=3),
        figure_column("MB", rank=4),
        Shown("emitted or why", wraps=True, least=24),
    )
    for one in found:
        values, odd = (one.execution.values, one.execution.not_finite) if one.execution else ({}, {})
        told = ", ".join(f"{name}={odd.get(name) or _short(value)}" for name, value in list(values.items())[:4])
        used, metrics = one.resources, one.score.metrics if one.score else None
        table.add_row(
            one.job_id,
            one.name,
            outcome_text(one.outcome),
            stage_of(one),
            figure("sharpe", metrics.sharpe) if metrics else "",
            figure("total_return", metrics.total_return) if metrics else "",
            f"{used.duration_s:.2f}",
            f"{used.memory_mb_peak:.0f}",
            first_sentence(one.message or told),
        )
    return table


def history(transitions: Sequence[Transition]) -> Fitted:
    """A job's transitions, one a line, with the seconds since the one before."""
    who, detail = Shown("who", wraps=True), Shown("detail", wraps=True)
    table = Fitted(Shown("when (UTC)"), figure_column("after", rank=1), Shown("what"), who, detail)
    gaps = [0.0, *((later.at - earlier.at).total_seconds() for earlier, later in pairwise(transitions))]
    for one, gap in zip(transitions, gaps, strict=False):
        when = f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        table.add_row(when, f"+{gap:.3f} s", one.what, one.who, one.detail)
    return table


def hosts(found: Iterable[HostStatus]) -> Fitted:
    """Execution hosts, one a line."""
    now = datetime.now(UTC)
    table = Fitted(
        Shown("host"),
        Shown("takes work", wraps=True),
        figure_column("busy"),
        Shown("pools", wraps=True, rank=3),
        Shown("languages", wraps=True, rank=1),
        Shown("images", wraps=True, rank=4, least=26),
        Shown("last seen", rank=2),
    )
    for one in found:
        table.add_row(
            one.host,
            _takes_work(one),
            f"{one.busy}/{one.slots}",
            *(", ".join(things) or "-" for things in (one.pools, one.languages, one.images)),
            f"{ago(one.last_seen, now)} ago",
        )
    return table


def _takes_work(one: HostStatus) -> Text:
    if one.draining:
        return foreign(f"no, drained by {one.draining}", style="yellow")
    if one.paused:
        return foreign(f"no, paused itself: {one.paused}", style="red")
    return Text("yes", style="green") if one.live else Text("no, silent", style="red")


def dead_letters(found: Iterable[DeadLetter]) -> Fitted:
    """Messages that no worker could read, one a line."""
    body = Shown("how it begins", wraps=True, rank=1)
    table = Fitted(Shown("when (UTC)"), Shown("queue"), Shown("why it cannot be read", wraps=True), body)
    for one in found:
        table.add_row(f"{one.at.astimezone(UTC):%m-%d %H:%M:%S}", one.queue, one.reason, one.body[:120])
    return table


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Whoever read our output has closed it: the command line ends, with its own exit code."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output."""
    return _Console(highlight=False)


def error_console() -> Console:
    """Standard error: what is shown only while a person waits."""
    return _Console(highlight=False, stderr=True)
