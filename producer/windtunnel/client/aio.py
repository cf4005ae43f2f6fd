"""`AsyncClient`: the operations of `Client` for asyncio, each in a thread. May import the sync client only.

asyncio is loaded when it is used, so an app that does not use it does not wait for it.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from windtunnel.client.datasets import Datasets
from windtunnel.client.sync import Client
from windtunnel.errors import ClientClosed

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
THREADS = 32
"""Calls that may be under way at a time; each open stream takes one while it waits."""
_END: Any = object()


class _Face(Generic[S_co]):
    """Runs the blocking operations of an object in threads."""

    def __init__(self, sync: S_co, threads: ThreadPoolExecutor) -> None:
        self.sync, self._threads = sync, threads

    async def _run(self, call: Callable[[], R]) -> R:
        import asyncio

        try:
            under_way = asyncio.get_running_loop().run_in_executor(self._threads, call)
        except RuntimeError as error:  # the threads have been shut down
            raise ClientClosed("This client is closed.", remedy="Use it before `close`, or make another.") from error
        return await under_way


def _call(
    operation: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[_Face[S], P], Coroutine[Any, Any, R]]:
    """The coroutine that runs an operation in a thread."""

    async def call(self: _Face[S], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._run(functools.partial(operation, self.sync, *args, **kwargs))

    functools.update_wrapper(call, operation)
    return call


def _iterate(
    operation: Callable[Concatenate[Client, P], Iterator[R]],
) -> Callable[Concatenate[AsyncClient, P], AsyncIterator[R]]:
    """The async iterator over what an operation of `Client` yields."""

    async def iterate(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
        found = operation(self.sync, *args, **kwargs)
        while (one := await self._run(functools.partial(next, found, _END))) is not _END:
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
        from concurrent.futures import ThreadPoolExecutor

        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="windtunnel-client")
        super().__init__(sync or Client(redis_url), threads)
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections. A call in progress ends first; a waiting stream ends within seconds."""
        if self._closed:
            return
        self._closed = True
        await self._run(self.sync.close)
        self._threads.shutdown(wait=False)

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
