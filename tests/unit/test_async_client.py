"""`AsyncClient`: the operations of `Client`, awaited."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from windtunnel import AsyncClient, Client
from windtunnel.client import aio, following
from windtunnel.errors import ClientClosed, NotFound
from windtunnel.testing import Tunnel, succeeded

R = TypeVar("R")
TECHNICAL = {"close", "who"}


def run(wanted: Coroutine[Any, Any, R]) -> R:
    return asyncio.run(wanted)


def test_every_operation_of_the_client_is_there() -> None:
    operations = {name for name, _ in inspect.getmembers(Client) if not name.startswith("_")} - TECHNICAL
    assert {name for name in operations if not hasattr(AsyncClient, name)} == set()


def test_a_batch_is_submitted_followed_and_read() -> None:
    async def main() -> tuple[list[str], list[Any]]:
        tunnel = Tunnel(lambda assignment: succeeded(fast=assignment.job.params["fast"]))
        async with AsyncClient(sync=tunnel.client) as client:
            batch = await client.submit_batch([{"code": "print(1)", "params": {"fast": fast}} for fast in range(3)])
            assert (await client.wait(batch)).done
            events = [event.kind.value async for event in client.stream(batch)]
            return events, [report.execution.values async for report in client.reports(batch) if report.execution]

    events, values = run(main())
    assert events == ["finished"] * 3 + ["batch_finished"]
    assert values == [{"fast": 0}, {"fast": 1}, {"fast": 2}]


def test_errors_are_those_of_the_client() -> None:
    async def main() -> None:
        async with AsyncClient(sync=Tunnel().client) as client:
            await client.report("nothing-0")

    with pytest.raises(NotFound):
        run(main())


def test_a_closed_client_says_so() -> None:
    async def main() -> None:
        client = AsyncClient(sync=Tunnel().client)
        datasets = client.datasets
        await client.close()
        for call in (client.stats, datasets.list, anext(client.stream("abcd"))):
            with pytest.raises(ClientClosed, match="make another"):
                await (call() if callable(call) else call)

    run(main())


def test_the_event_loop_goes_on_while_a_stream_waits() -> None:
    async def main() -> int:
        tunnel = Tunnel(paused=True)
        async with AsyncClient(sync=tunnel.client) as client:
            batch = await client.submit_batch([{"code": "print(1)"}])
            stream = client.stream(batch)
            first = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0.05)
            assert not first.done()
            await asyncio.get_running_loop().run_in_executor(None, tunnel.run)
            return (await first).finished

    assert run(main()) == 1


def test_streams_that_wait_do_not_delay_other_calls() -> None:
    async def main() -> list[int]:
        tunnel = Tunnel(paused=True)
        async with AsyncClient(sync=tunnel.client) as client:
            batch = await client.submit_batch([{"code": "print(1)"}])

            async def follow() -> int:
                return len([event async for event in client.stream(batch)])

            followers = [asyncio.create_task(follow()) for _ in range(aio.CALLS + 1)]
            await asyncio.sleep(0)
            await asyncio.wait_for(client.stats(), 10)
            await asyncio.to_thread(tunnel.run)
            return await asyncio.gather(*followers)

    assert set(run(main())) == {2}


def test_a_cancelled_wait_makes_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aio, "WAITS", 1)
    monkeypatch.setattr(following, "BLOCK_S", 0.05)

    async def main() -> bool:
        async with AsyncClient(sync=Tunnel(paused=True).client) as client:
            waiting, other = [await client.submit_batch([{"code": "print(1)"}]) for _ in range(2)]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.wait(waiting), 0.1)
            await client.cancel(other)
            return (await asyncio.wait_for(client.wait(other), 10)).done

    assert run(main())


def test_closing_ends_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "BLOCK_S", 0.05)

    async def main() -> None:
        client = AsyncClient(sync=Tunnel(paused=True).client)
        waiting = asyncio.create_task(client.wait(await client.submit_batch([{"code": "print(1)"}])))
        await asyncio.sleep(0.05)
        await client.close()
        with pytest.raises(ClientClosed):
            await asyncio.wait_for(waiting, 10)

    run(main())
