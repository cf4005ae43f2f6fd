"""`windtunnel watch`, and the progress that other commands show while they wait.

Progress goes to standard error, results to standard output.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from windtunnel.cli import render, render_report
from windtunnel.cli.exits import DONE, NOT_SUCCEEDED
from windtunnel.cli.options import AsJson, JobOrBatch, as_json
from windtunnel.cli.render_facts import sparkline
from windtunnel.cli.waiting import HINT_EVERY_S, Hint, goes_on, wait_for_batch, wait_for_job
from windtunnel.client import BatchId, Client, JobId, is_job
from windtunnel.contract import BatchStatus, Contract, Event, JobState, JobStatus, Outcome, Report, Sample
from windtunnel.errors import StoreUnavailable, WaitTimeout
from windtunnel.texts import span

C = TypeVar("C", bound=Contract)

LOOK_EVERY_S = 0.5
"""Between two updates of the line; the end of a job is noticed at once."""
REDRAW_EVERY_S = 0.1
CHART_WIDTH = 40
"""Readings in a chart of a running job, so that its line fits 80 columns."""
WAITS_FOR = {
    JobState.QUEUED: "queued, waits for validation",
    JobState.READY: "ready, waits for a slot",
    JobState.RUNNING: "running",
    JobState.ENDED: "ended, waits for its report",
    JobState.FINISHED: "finished",
}


def watch(name: JobOrBatch, json: AsJson = False) -> None:
    """Follow a job or a batch until it ends. Exit code 0 only if all jobs succeeded."""
    with Client() as client, goes_on(name := client.find(name)):
        if is_job(name):
            report = wait_for_job(client, JobId(name)) if json else follow_job(client, JobId(name))
            _print(report, render_report.report, json=json)
            succeeded = report.outcome is Outcome.SUCCEEDED
        else:
            status = wait_for_batch(client, BatchId(name)) if json else follow(client, name)
            _print(status, lambda one: render.batches([one]), json=json)
            succeeded = status.outcomes.get(Outcome.SUCCEEDED, 0) == status.total
    raise typer.Exit(DONE if succeeded else NOT_SUCCEEDED)


def _print(found: C, shown: Callable[[C], RenderableType], *, json: bool) -> None:
    if json:
        typer.echo(as_json(found))
    else:
        render.console().print(shown(found))


def follow(client: Client, batch: str) -> BatchStatus:
    """Show a live progress bar until every job of the batch has its report."""
    status = client.status(BatchId(batch))
    progress = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Pace())
    task = progress.add_task(status.name, total=status.total, completed=status.finished)
    redraw_at = 0.0
    with Live(progress, console=render.error_console(), transient=True) as live:
        for event in _events(client, batch, Hint(client, batch, live.console.print)):
            if time.monotonic() < redraw_at:
                continue  # thousands of jobs may end within a second
            progress.update(task, completed=event.finished)
            with suppress(StoreUnavailable):  # the stream waits an outage out
                status = client.status(BatchId(batch))
            live.update(Group(progress, Text(render.counts(status.outcomes))))
            redraw_at = time.monotonic() + REDRAW_EVERY_S
    return client.wait(BatchId(batch))


def _events(client: Client, batch: str, hint: Hint) -> Iterator[Event]:
    """All events of a batch. Every second it looks whether jobs wait for a host that is missing."""
    last = "0"
    while True:
        hint.look()
        with suppress(WaitTimeout):
            for event in client.stream(batch, after=last, timeout=HINT_EVERY_S):
                last = event.id
                yield event
            return


class _Pace(ProgressColumn):
    """Jobs a second, and the time left at that pace."""

    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text(f"{task.elapsed or 0:.0f} s", style="progress.elapsed")
        left = "" if task.time_remaining is None else f", {span(task.time_remaining)} left"
        return Text(f"{task.speed:,.1f} jobs/s{left}", style="progress.remaining")


def follow_job(client: Client, job: JobId) -> Report:
    """Show a live line with the job's state, and charts of what it uses, until it has its report."""
    status = client.status(job)
    line = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Live(line, console=render.error_console(), transient=True) as live:
        hint = Hint(client, job, live.console.print)
        task = line.add_task(_where(status))
        while True:
            try:
                return client.wait(job, timeout=LOOK_EVERY_S)
            except WaitTimeout:
                with suppress(StoreUnavailable):  # the wait itself waits an outage out
                    status = client.status(job)
                    line.update(task, description=_where(status))
                    running = status.state is JobState.RUNNING
                    if not running:
                        hint.look()
                    live.update(Group(line, *used_so_far(client.samples(job) if running else ())))


def used_so_far(samples: Sequence[Sample]) -> list[Text]:
    """A line with a chart for each of processor and memory, the newest readings last."""
    shown = samples[-CHART_WIDTH:]
    courses = (
        ("CPU", "%", [one.cpu_percent for one in shown]),
        ("memory", "MB", [one.memory_mb for one in shown]),
    )
    return [
        Text(f"  {name:<6} {course[-1]:>5,.0f} {unit:<2} {sparkline([0.0, *course])[1:]}  highest {max(course):,.0f}")
        for name, unit, course in courses
        if course
    ]


def _where(status: JobStatus) -> str:
    attempt = f", attempt {status.attempt}" if status.attempt > 1 else ""
    return f"{status.name}: {WAITS_FOR[status.state]}{attempt}"
