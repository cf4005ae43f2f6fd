"""Prepares sandboxes before a job needs them, and removes used ones in the background.

Each slot has one pool. While a job runs, the pool prepares the next sandbox of the same kind. A cell serves one batch
and one kind. The pool keeps the cells it used last, since batches and kinds often alternate, until they have served
their number of jobs, are too old, or were not clean. A slot without work prepares a cell for the next batch, which is
often of the same kind.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from windtunnel.errors import SandboxError, SandboxFailure
from windtunnel_worker.locks import Turns
from windtunnel_worker.sandbox.background import result_of
from windtunnel_worker.sandbox.container import READY_TIMEOUT_S, Sandbox
from windtunnel_worker.sandbox.kind import Kind
from windtunnel_worker.sandbox.users import lease_users

log = logging.getLogger(__name__)

MAX_AGE_S = 600.0
"""An older sandbox gets no more jobs. Together with the longest run, this limits how long a lost one can live."""
CREATION_TIMEOUT_S = 120.0
SHORT_JOB_S = 0.1
"""Calls to the Docker daemon that can wait are delayed by this time, as they would slow a short job down."""
CELLS_KEPT = 3
"""Cells of a slot, at most: each takes memory while it waits."""


@dataclass(frozen=True)
class Request:
    """The sandbox that a job needs."""

    kind: Kind
    batch_id: str
    name: str
    """The container's name, if it serves only this job."""
    needs_s: float
    """How long the job may use the sandbox, at most."""
    on_wait: Callable[[], None] = lambda: None
    """Called about every tick while the caller waits; an exception ends the wait."""
    alone: bool = False
    """Do not prepare a sandbox of this kind for the next job."""


@dataclass(frozen=True)
class Next:
    """The sandbox that is being prepared."""

    kind: Kind
    wanted: threading.Event
    """Set when somebody waits for it."""
    sandbox: Future[Sandbox]


class Pool:
    """The sandboxes of one slot.

    `labels` gives the labels of a sandbox, by its deadline in seconds since the epoch; `turns` limits how many are
    created on this host at a time; `longest_s` is how long a usual job may use a sandbox. With `ahead` false nothing is
    prepared and removal is waited for: for a single run.
    """

    def __init__(
        self,
        host: str,
        labels: Callable[[float], Mapping[str, str]],
        turns: Turns,
        *,
        longest_s: float,
        ahead: bool,
    ) -> None:
        self._host, self._labels, self._turns = host, labels, turns
        self._longest_s, self._ahead = longest_s, ahead
        self._threads = _threads()
        self._next: dict[bool, Next] = {}
        """At most a cell (True) and a sandbox that serves one job (False)."""
        self._cells: dict[Sandbox, str] = {}
        """Cells and their batches, the one used last at the end."""

    def take(self, request: Request) -> Sandbox:
        """A ready sandbox for one job: a cell of its batch, or a prepared or new sandbox, which gets the job's name."""
        kind = request.kind
        if kind.is_cell:
            return self._take_cell(request)
        sandbox = self._take_prepared(request) or self._create_now(request)
        if self._ahead and not request.alone:
            self.prepare(kind, lambda: sandbox.rename(request.name))
        else:
            sandbox.rename(request.name)
        return sandbox

    def give_back(self, sandbox: Sandbox, *, clean: bool) -> None:
        """Take a sandbox back after its job: a clean cell is kept, everything else is removed."""
        if sandbox in self._cells:
            if clean and sandbox.served < sandbox.kind.jobs:
                return
            del self._cells[sandbox]
        self._discard(sandbox)

    def prepare(self, kind: Kind, first: Callable[[], None] = lambda: None) -> None:
        """Prepare a sandbox of this kind in the background, after calling `first`."""
        if kind.is_cell not in self._next:
            wanted = threading.Event()
            creation = self._threads.submit(self._create_soon, kind, wanted, first)
            self._next[kind.is_cell] = Next(kind, wanted, creation)

    def rest(self) -> None:
        """Prepare for the next batch, as there is nothing to do: keep one used cell, and make another like it."""
        if self._ahead and self._cells:
            self._drop_cells(keep=1)
            self.prepare(next(reversed(self._cells)).kind)

    def _create_soon(self, kind: Kind, wanted: threading.Event, first: Callable[[], None]) -> Sandbox:
        if not wanted.wait(SHORT_JOB_S):
            first()
        return self._create(kind, self._longest_s)

    def close(self) -> None:
        """Remove all prepared sandboxes and cells, and wait until they are gone."""
        for cell in tuple(self._next):
            self._drop_next(cell)
        self._drop_cells()
        self._threads.shutdown(wait=True)
        self._threads = _threads()

    def _take_cell(self, request: Request) -> Sandbox:
        ours = (cell for cell, batch_id in self._cells.items() if batch_id == request.batch_id)
        cell = next((cell for cell in ours if cell.kind.serves(request.kind)), None)
        if cell is not None:
            del self._cells[cell]
            lacking = cell.kind.lacks(request.kind)
            if _lasts(cell, request.needs_s) and not lacking:
                self._cells[cell] = request.batch_id
                return cell
            self._discard(cell)
            # Imported by the job, it would be lost with the job; a new cell has it for all further jobs.
            request = replace(request, kind=replace(request.kind, preload=(*cell.kind.preload, *lacking)))
        self._drop_cells(keep=CELLS_KEPT - 1)
        cell = self._take_prepared(request) or self._create_now(request)
        self._cells[cell] = request.batch_id
        return cell

    def _take_prepared(self, request: Request) -> Sandbox | None:
        cell = request.kind.is_cell
        prepared = self._next.get(cell)
        if prepared is None:
            return None
        if not prepared.kind.serves(request.kind) or (cell and prepared.kind.lacks(request.kind)):
            self._drop_next(cell)
            return None
        del self._next[cell]
        prepared.wanted.set()
        try:
            sandbox = self._await(prepared.sandbox, request.on_wait)
        except SandboxError as error:
            log.warning("action=prepare-failed reason=%s", error)
            return None
        if _lasts(sandbox, request.needs_s):
            return sandbox
        self._discard(sandbox)
        return None

    def _create_now(self, request: Request) -> Sandbox:
        needs_s = max(request.needs_s, self._longest_s)
        return self._await(self._threads.submit(self._create, request.kind, needs_s), request.on_wait)

    def _await(self, future: Future[Sandbox], on_wait: Callable[[], None]) -> Sandbox:
        """Wait for a sandbox that is being created. If it is no longer wanted, it is removed when it is ready."""
        deadline = time.monotonic() + CREATION_TIMEOUT_S

        def ask() -> None:
            on_wait()
            if time.monotonic() >= deadline:
                raise SandboxFailure(
                    f"No sandbox was ready within {CREATION_TIMEOUT_S:g} s.",
                    remedy="The Docker daemon may be overloaded.",
                )

        try:
            return result_of(future, ask)
        except BaseException:
            future.add_done_callback(self._discard_result)
            raise

    def _create(self, kind: Kind, needs_s: float) -> Sandbox:
        name = f"windtunnel-{self._host}-{secrets.token_hex(6)}"
        with self._turns.take(CREATION_TIMEOUT_S):
            lives_s = READY_TIMEOUT_S + MAX_AGE_S + needs_s
            labels = self._labels(time.time() + lives_s)
            sandbox = Sandbox(kind, name, labels, lives_s, lease_users(self._turns.directory))
        try:
            sandbox.wait_ready()
        except BaseException:
            sandbox.close()
            raise
        return sandbox

    def _drop_next(self, cell: bool) -> None:
        dropped = self._next.pop(cell)
        if not dropped.sandbox.cancel():
            dropped.wanted.set()
            dropped.sandbox.add_done_callback(self._discard_result)

    def _drop_cells(self, keep: int = 0) -> None:
        while len(self._cells) > keep:
            oldest = next(iter(self._cells))
            del self._cells[oldest]
            self._discard(oldest)

    def _discard_result(self, future: Future[Sandbox]) -> None:
        if not future.cancelled() and future.exception() is None:
            _close(future.result())

    def _discard(self, sandbox: Sandbox) -> None:
        sandbox.let_go()  # ends its programs at once, even if the daemon is slow to remove it
        self._soon(_close_soon if self._ahead else _close, sandbox)

    def _soon(self, act: Callable[..., None], *arguments: object) -> None:
        """Act in the background if there may be a next job, otherwise at once."""
        if self._ahead:
            self._threads.submit(act, *arguments)
        else:
            act(*arguments)


def _lasts(sandbox: Sandbox, needs_s: float) -> bool:
    """True if the sandbox waits for a job and lives long enough for this one."""
    now = time.monotonic()
    return now - sandbox.created < MAX_AGE_S and now + needs_s < sandbox.dies and sandbox.healthy()


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="sandbox-pool")


def _close_soon(sandbox: Sandbox) -> None:
    time.sleep(SHORT_JOB_S)
    _close(sandbox)


def _close(sandbox: Sandbox) -> None:
    try:
        sandbox.close()
    except Exception as error:  # noqa: BLE001 - nobody else learns of it here; the reaper removes the container later
        log.warning("action=remove-failed container=%s reason=%s", sandbox.id[:12], error)
