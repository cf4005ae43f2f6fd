"""Waits for a job or a batch, and says on standard error if no host takes its jobs. May import the client.

Progress that is drawn is in `following`, which takes longer to load.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

import typer

from windtunnel.client import BatchId, Client, JobId
from windtunnel.contract import BatchStatus, JobState, Report
from windtunnel.errors import StoreUnavailable, WaitTimeout

R = TypeVar("R", Report, BatchStatus)

HINT_EVERY_S = 1.0
HINT_AFTER_S = 10.0
"""If nothing moves for this long, perhaps no worker is running."""
IDLE = "Nothing has moved for a while: `windtunnel doctor` says whether workers are there."


class Hint:
    """Says why a job or batch waits, once: nobody serves its pools, or perhaps no worker is running."""

    def __init__(self, client: Client, name: str, say: Callable[[str], object] | None = None) -> None:
        self._client, self._name, self._said = client, name, False
        self._say = say or partial(typer.echo, err=True)
        self._seen: object = None
        self._since = time.monotonic()

    def look(self) -> None:
        """Look whether it waits for a host that is missing; during an outage of Redis nobody can tell."""
        with suppress(StoreUnavailable):
            pools = [] if self._said else self._client.unserved_pools(self._name)
            if pools or (not self._said and self._idle()):
                self._said = True
                self._say(unserved(pools) if pools else IDLE)

    def _idle(self) -> bool:
        """Whether nothing of it is running and nothing has changed for some time."""
        found = self._client.status(self._name)
        busy = found.running > 0 if isinstance(found, BatchStatus) else found.state is JobState.RUNNING
        if busy or found != self._seen:
            self._seen, self._since = found, time.monotonic()
        return time.monotonic() - self._since > HINT_AFTER_S


def unserved(pools: list[str]) -> str:
    """Why jobs of these pools wait, and what to do."""
    named = f"pool{'' if len(pools) == 1 else 's'} {', '.join(pools)}"
    return (
        f"Jobs wait because no host takes work of {named}: `windtunnel hosts` shows the hosts and their pools. "
        "A host serves the pools in its WINDTUNNEL_POOLS."
    )


@contextmanager
def goes_on(name: str) -> Iterator[None]:
    """On Ctrl-C, say that the job or batch continues, and how to follow or cancel it."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"{name} continues. Follow it with `windtunnel watch {name}`, stop it with `windtunnel cancel {name}`."
        ) from None


def wait_for_job(client: Client, job: JobId) -> Report:
    """The report of a job, when there is one."""
    return _waited(lambda: client.wait(job, timeout=HINT_EVERY_S), Hint(client, job))


def wait_for_batch(client: Client, batch: BatchId) -> BatchStatus:
    """The status of a batch when every job has its report."""
    return _waited(lambda: client.wait(batch, timeout=HINT_EVERY_S), Hint(client, batch))


def _waited(wait: Callable[[], R], hint: Hint) -> R:
    while True:
        try:
            return wait()
        except WaitTimeout:
            hint.look()
