"""Turns statuses of jobs, batches and hosts into tables for a terminal, and opens the console to print on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NoReturn

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.contract import (
    BatchStatus,
    DeadLetter,
    HostStatus,
    JobStatus,
    Outcome,
    Transition,
)
from windtunnel.texts import ago, harmless

COLOURS = {Outcome.SUCCEEDED: "green", Outcome.REJECTED: "yellow", Outcome.FAILED: "red"}


def outcome_text(outcome: Outcome | None) -> Text:
    """An outcome in its colour; a dash where there is none yet."""
    if outcome is None:
        return Text("-")
    return Text(outcome.value, style=COLOURS.get(outcome, "magenta"))


def foreign(text: str, **style: Any) -> Text:
    """Text from a program, as text and never as markup."""
    return Text(harmless(text), **style)


def names_and_values() -> Table:
    """An empty table of two columns without a header. Names are never broken, values where they have to be."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def counts(outcomes: Mapping[Outcome, int]) -> str:
    """`succeeded 3, failed 1`, in the order of the taxonomy."""
    return ", ".join(f"{outcome.value} {outcomes[outcome]}" for outcome in Outcome if outcomes.get(outcome))


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
    """Messages that no worker could read, and webhooks that were given up, one a line."""
    body = Shown("how it begins", wraps=True, rank=1)
    table = Fitted(Shown("when (UTC)"), Shown("queue"), Shown("why it is here", wraps=True), body)
    for one in found:
        table.add_row(f"{one.at.astimezone(UTC):%m-%d %H:%M:%S}", one.queue, one.reason, one.body[:120])
    return table


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """End the command when the reader of its output has gone, with the exit code for that."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output."""
    return _Console(highlight=False)


def error_console() -> Console:
    """Standard error: what is shown only while a person waits."""
    return _Console(highlight=False, stderr=True)
