"""`AsyncClient`: the operations of `Client` for asyncio, each in a thread. May import the sync client only.

asyncio is loaded when it is used, so an app that does not use it does not wait for it.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from windtunnel.client.datasets import Datasets
from windtunnel.client.following import GIVEN_UP, closed
from windtunnel.client.sync import Client

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
CALLS, WAITS = 32, 256
"""Calls, and waits or streams, that may be under way at a time. Each has a thread; further ones wait for their turn."""
WAIT = ("wait", "reproduce", "stream")
"""The operations that may take as long as a job."""
_END: Any = object()


class _Threads:
    """Runs blocking calls. Waits have threads of their own, so that they never delay other calls.

    A wait whose caller was cancelled, or whose client was closed, ends within `following.BLOCK_S`.
    """

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._calls = ThreadPoolExecutor(CALLS, thread_name_prefix="windtunnel-client")
        self._waits = ThreadPoolExecutor(WAITS, thread_name_prefix="windtunnel-client-wait")
        self._under_way: set[threading.Event] = set()

    async def run(self, call: Callable[[], R], *, waits: bool = False) -> R:
        import asyncio

        given_up = threading.Event()
        context = contextvars.copy_context()
        context.run(GIVEN_UP.set, given_up)
        threads = self._waits if waits else self._calls
        try:
            answer = asyncio.get_running_loop().run_in_executor(threads, context.run, call)
        except RuntimeError as error:  # the threads have been shut down
            raise closed() from error
        self._under_way.add(given_up)
        try:
            return await answer
        except asyncio.CancelledError:
            given_up.set()
            raise
        finally:
            self._under_way.discard(given_up)

    def close(self) -> None:
        for given_up in self._under_way:
            given_up.set()
        self._calls.shutdown(wait=False)
        self._waits.shutdown(wait=False)


class _Face(Generic[S_co]):
    """Runs the blocking operations of an object in threads."""

    def __init__(self, sync: S_co, threads: _Threads) -> None:
        self.sync, self._threads = sync, threads


def _call(
    operation: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[_Face[S], P], Coroutine[Any, Any, R]]:
    """The coroutine that runs an operation in a thread."""
    waits = operation.__name__ in WAIT

    async def call(self: _Face[S], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._threads.run(functools.partial(operation, self.sync, *args, **kwargs), waits=waits)

    functools.update_wrapper(call, operation)
    return call


def _iterate(
    operation: Callable[Concatenate[Client, P], Iterator[R]],
) -> Callable[Concatenate[AsyncClient, P], AsyncIterator[R]]:
    """The async iterator over what an operation of `Client` yields."""
    waits = operation.__name__ in WAIT

    async def iterate(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
        found = operation(self.sync, *args, **kwargs)
        while (one := await self._threads.run(functools.partial(next, found, _END), waits=waits)) is not _END:
            yield one

    functools.update_wrapper(iterate, operation)
    return iterate


class AsyncDatasets(_Face[Datasets]):
    """`Client.datasets` for asyncio."""

    add = _call(Datasets.add)
    list = _call(Datasets.list)
    show = _call(Datasets.show)
    versions = _call(Datasets.versions)
    remove = _call(Datasets.remove)
    verify = _call(Datasets.verify)
    restore = _call(Datasets.restore)


class AsyncClient(_Face[Client]):
    """`Client` for asyncio: the methods have the same parameters, results and errors, and are awaited.

    It talks to Redis in threads of its own, so the event loop is never blocked. Use it with `async with`.

    >>> async def backtest(code: str) -> str:
    ...     async with AsyncClient() as client:
    ...         report = await client.wait(await client.submit({"code": code}))
    ...         return report.outcome.value
    """

    def __init__(self, redis_url: str | None = None, *, sync: Client | None = None) -> None:
        super().__init__(sync or Client(redis_url), _Threads())
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections. Waits and streams in progress end within seconds, with `ClientClosed`."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._threads.run(self.sync.close)
        finally:
            self._threads.close()

    @property
    def datasets(self) -> AsyncDatasets:
        """The datasets of this deployment."""
        return AsyncDatasets(self.sync.datasets, self._threads)

    submit = _call(Client.submit)
    submit_batch = _call(Client.submit_batch)
    submit_sweep = _call(Client.submit_sweep)
    find = _call(Client.find)
    status = _call(Client.status)
    jobs = _call(Client.jobs)
    stats = _call(Client.stats)
    batches = _call(Client.batches)
    history = _call(Client.history)
    samples = _call(Client.samples)
    wait = _call(Client.wait)
    report = _call(Client.report)
    check = _call(Client.check)
    promote = _call(Client.promote)
    reproduce = _call(Client.reproduce)
    leaderboard = _call(Client.leaderboard)
    superior = _call(Client.superior)
    ledger = _call(Client.ledger)
    errors = _call(Client.errors)
    errors_prompt = _call(Client.errors_prompt)
    frame = _call(Client.frame)
    export = _call(Client.export)
    page = _call(Client.page)
    artifact = _call(Client.artifact)
    save_artifacts = _call(Client.save_artifacts)
    prune_store = _call(Client.prune_store)
    retry = _call(Client.retry)
    cancel = _call(Client.cancel)
    hosts = _call(Client.hosts)
    unserved_pools = _call(Client.unserved_pools)
    drain = _call(Client.drain)
    undrain = _call(Client.undrain)
    dead_letters = _call(Client.dead_letters)
    resend_webhooks = _call(Client.resend_webhooks)
    stream = _iterate(Client.stream)
    reports = _iterate(Client.reports)
