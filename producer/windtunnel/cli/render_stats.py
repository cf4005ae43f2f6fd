"""Turns the queue's statistics into tables for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.cli.render import counts, names_and_values
from windtunnel.contract import QueueStats
from windtunnel.texts import span


def stats(found: QueueStats) -> RenderableType:
    """All of it: the sums first, then who waits, and who used how much."""
    table = names_and_values()
    table.add_row("ready", f"{found.ready:,}")
    table.add_row("running", f"{found.running:,}")
    table.add_row("unfinished", f"{found.unfinished:,}")
    if found.ending:
        table.add_row("wait for a report", f"{found.ending:,}")
    if found.following:
        table.add_row("wait for an equal job", f"{found.following:,}")
    if found.oldest_s is not None:
        table.add_row("oldest batch", span(found.oldest_s))
    table.add_row("outcomes so far", counts(found.outcomes) or "none yet")
    shown: list[RenderableType] = [table]
    if found.waiting:
        shown += [Text(), _waiting(found)]
    if found.owners:
        shown += [Text(), _owners(found)]
    return Group(*shown)


def _waiting(found: QueueStats) -> RenderableType:
    waiting = Fitted(figure_column("priority"), Shown("owner", wraps=True), figure_column("waiting"))
    for one in found.waiting:
        waiting.add_row(str(one.priority), one.owner, f"{one.jobs:,}")
    return waiting


def _owners(found: QueueStats) -> RenderableType:
    owners = Fitted(Shown("owner", wraps=True), figure_column("running"), figure_column("slot-seconds so far"))
    for one in found.owners:
        owners.add_row(one.owner, f"{one.running:,}", f"{one.slot_seconds:,.0f}")
    return owners
