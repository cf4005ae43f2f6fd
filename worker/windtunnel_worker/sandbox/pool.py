"""Keeps sandboxes ready, so that a job does not wait for one, and removes used ones, so that none waits for that.

A slot has one pool. While a job runs, the pool prepares the next sandbox of the same kind; cells of one batch stay
in use until they have served their jobs or something was wrong with them.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from windtunnel.errors import SandboxError, SandboxFailure
from windtunnel_worker.sandbox.container import Kind, Sandbox
from windtunnel_worker.sandbox.locks import hold_first_free

log = logging.getLogger(__name__)

MAX_AGE_S = 600.0
"""A prepared sandbox older than this is replaced; its warden would give up soon after."""
CREATION_TIMEOUT_S = 120.0

Labels = Callable[[Kind], Mapping[str, str]]


class Pool:
    """The sandboxes of one slot.

    `labels` gives the labels of a sandbox of a kind; `creations` is how many may be created on this host at a time.
    With `ahead` false nothing is prepared and removal is waited for: for a single run.
    """

    def __init__(self, host: str, labels: Labels, *, creations: int, ahead: bool) -> None:
        self._host, self._labels = host, labels
        self._creations, self._ahead = creations, ahead
        self._threads = _threads()
        self._next: tuple[Kind, Future[Sandbox]] | None = None
        self._cell: tuple[str, Sandbox] | None = None

    def take(self, kind: Kind, batch: str, name: str) -> Sandbox:
        """A ready sandbox for one job: the batch's cell, or a prepared or fresh one, which then bears this name."""
        if kind.jobs > 1:
            return self._take_cell(kind, batch)
        sandbox = self._take_prepared(kind) or self._create(kind)
        self._soon(sandbox.rename, name)
        if self._ahead:
            self.prepare(kind)
        return sandbox

    def give_back(self, sandbox: Sandbox, *, clean: bool) -> None:
        """After the job: a clean cell stays, everything else is removed."""
        spent = sandbox.served >= sandbox.kind.jobs
        if clean and not spent and self._cell is not None and self._cell[1] is sandbox:
            return
        if self._cell is not None and self._cell[1] is sandbox:
            self._cell = None
        self._discard(sandbox)

    def prepare(self, kind: Kind) -> None:
        """Have a sandbox of this kind ready soon."""
        if self._next is None:
            self._next = kind, self._threads.submit(self._create, kind)

    def close(self) -> None:
        """Remove everything that is prepared or waits, and wait until it is gone."""
        self._drop_next()
        self._drop_cell()
        self._threads.shutdown(wait=True)
        self._threads = _threads()

    def _take_cell(self, kind: Kind, batch: str) -> Sandbox:
        if self._cell is not None:
            owner, sandbox = self._cell
            if owner == batch and sandbox.kind.serves(kind) and sandbox.healthy():
                return sandbox
        self._drop_cell()
        sandbox = self._create(kind)
        self._cell = batch, sandbox
        return sandbox

    def _take_prepared(self, kind: Kind) -> Sandbox | None:
        if self._next is None or not self._next[0].serves(kind):
            self._drop_next()
            return None
        _, future = self._next
        self._next = None
        try:
            sandbox = future.result(CREATION_TIMEOUT_S)
        except (SandboxError, TimeoutError) as error:
            log.warning("action=prepare-failed reason=%s", error)
            return None
        if sandbox.healthy() and time.monotonic() - sandbox.created < MAX_AGE_S:
            return sandbox
        self._discard(sandbox)
        return None

    def _create(self, kind: Kind) -> Sandbox:
        name = f"windtunnel-{self._host}-{secrets.token_hex(6)}"
        with _turn(self._host, self._creations):
            sandbox = Sandbox(kind, name, self._labels(kind))
        try:
            sandbox.wait_ready()
        except BaseException:
            sandbox.close()
            raise
        return sandbox

    def _drop_next(self) -> None:
        if self._next is not None:
            _, future = self._next
            self._next = None
            future.add_done_callback(self._discard_result)

    def _drop_cell(self) -> None:
        if self._cell is not None:
            self._discard(self._cell[1])
            self._cell = None

    def _discard_result(self, future: Future[Sandbox]) -> None:
        if future.exception() is None:
            future.result().close()

    def _discard(self, sandbox: Sandbox) -> None:
        self._soon(_close, sandbox)

    def _soon(self, act: Callable[..., None], *arguments: object) -> None:
        """Off the job's path where there is a next job to serve, at once where there is none."""
        if self._ahead:
            self._threads.submit(act, *arguments)
        else:
            act(*arguments)


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="sandbox-pool")


def _close(sandbox: Sandbox) -> None:
    try:
        sandbox.close()
    except SandboxError as error:
        log.warning("action=remove-failed container=%s reason=%s", sandbox.id[:12], error)  # the reaper's now


@contextmanager
def _turn(host: str, width: int) -> Iterator[None]:
    """Wait for one of the host's turns to create: a burst would make each start slower than all in a row."""
    deadline = time.monotonic() + CREATION_TIMEOUT_S
    turns = [f"{host} create {number}" for number in range(width)]
    while (turn := hold_first_free(turns)) is None:
        if time.monotonic() > deadline:
            raise SandboxFailure("No turn to create a sandbox came up.", remedy="The Docker daemon may be overloaded.")
        time.sleep(0.01)
    with turn:
        yield
