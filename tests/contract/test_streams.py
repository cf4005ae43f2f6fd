"""A batch's stream of events on a real Redis: resumed at random places, and across a restart of Redis."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.contract.driver import Driver
from tests.support import RedisServer, until

from windtunnel import AsyncClient
from windtunnel.cli.following import follow
from windtunnel.client import BatchId, Client, following
from windtunnel.contract import Event
from windtunnel.errors import StoreUnavailable, WaitTimeout
from windtunnel.records import Records
from windtunnel.records.connection import Connection


def ids(events: list[Event], batch: str) -> list[str]:
    return [event.id for event in events if event.batch_id == batch]


def run_in_parts(driver: Driver, parts: int) -> threading.Thread:
    """End so many jobs, one after the other, beside the test."""

    def run() -> None:
        for _ in range(parts):
            (job,) = driver.claim()
            driver.executed(job)
            driver.finalize()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_stream_resumed_at_random_places_while_jobs_end_has_each_event_once(real: Driver, client: Client) -> None:
    batches = [real.ready(count) for count in (120, 30)]
    worker, chance = run_in_parts(real, 150), random.Random(7)
    seen: list[Event] = []
    after: dict[str, str] = {}
    while len(seen) < 152:
        for event in itertools.islice(client.stream(batches, after=after), chance.randint(1, 3)):
            seen.append(event)
            after[event.batch_id] = event.id
    worker.join()
    for batch, total in zip(batches, (120, 30), strict=True):
        events = [event for event in seen if event.batch_id == batch]
        assert [event.finished for event in events] == [*range(1, total + 1), total]
        assert ids(seen, batch) == ids(list(client.stream(batch)), batch)


def test_many_threads_wait_with_one_client(real: Driver, client: Client) -> None:
    batch = BatchId(real.ready(1))
    with ThreadPoolExecutor(110) as threads:  # redis-py by itself would allow 100 connections
        waits = [threads.submit(client.wait, batch) for _ in range(110)]
        until(lambda: real.keys.info("clients")["blocked_clients"] >= 110, "all of them wait")
        assert not client.status(batch).done
        real.run_all()
        assert all(wait.result(60).done for wait in waits)


@pytest.fixture
def server(redis_program: str, tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that keeps everything across a restart."""
    with RedisServer(redis_program, tmp_path, "--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
def driver(server: RedisServer) -> Iterator[Driver]:
    driver = Driver(Records(Connection(server.url, "wt"), 1000), server.connect())
    yield driver
    driver.records.close()
    driver.keys.close()


def test_a_stream_resumed_a_hundred_times_across_restarts_of_redis_has_each_event_once(
    server: RedisServer, driver: Driver
) -> None:
    with Client(server.url) as client:
        batches, chance = [driver.ready(120), driver.ready(40)], random.Random(11)
        seen: list[Event] = []
        after: dict[str, str] = {}
        resumed = 0
        while len(seen) < 162:
            stream = client.stream(batches, after=dict(after))
            for _ in range(chance.randint(1, 2)):
                for job in driver.claim():
                    driver.executed(job)
            driver.finalize()
            there = sum(driver.keys.xlen(f"wt:batch:{batch}:events") for batch in batches) - len(seen)
            if there > 1 and resumed % 10 == 0:
                seen.append(next(stream))  # so that it is being read when Redis goes away
                after[seen[-1].batch_id] = seen[-1].id
                there -= 1
                server.stop()
                server.start()
            for event in itertools.islice(stream, chance.randint(1, there)):
                seen.append(event)
                after[event.batch_id] = event.id
            resumed += 1
        assert resumed >= 100
        for batch, total in zip(batches, (120, 40), strict=True):
            events = [event for event in seen if event.batch_id == batch]
            assert [event.finished for event in events] == [*range(1, total + 1), total]
            assert ids(seen, batch) == ids(list(client.stream(batch)), batch)


def test_streams_and_waits_go_on_when_redis_was_restarted(server: RedisServer, driver: Driver) -> None:
    with Client(server.url) as client, ThreadPoolExecutor() as threads:
        batch = driver.ready(4)
        stream = client.stream(batch)
        for _ in range(2):
            (job,) = driver.claim()
            driver.executed(job)
        driver.finalize()
        seen = [next(stream), next(stream)]
        rest = threads.submit(list, stream)
        watched, waited = threads.submit(follow, client, batch), threads.submit(client.wait, BatchId(batch))
        until(lambda: [one["cmd"] for one in driver.keys.client_list()].count("xread") == 3, "all of them wait")
        server.stop()
        with pytest.raises(WaitTimeout, match="Redis did not answer"):
            next(client.stream(batch, after=seen[-1].id, timeout=0.1))
        with pytest.raises(WaitTimeout, match="Redis did not answer"):
            client.wait(BatchId(batch), timeout=0.1)
        server.start()
        driver.run_all()
        seen += rest.result(60)
        assert watched.result(60) == waited.result(60) == client.status(BatchId(batch))
    assert [event.kind.value for event in seen] == ["finished"] * 4 + ["batch_finished"]
    assert [event.finished for event in seen] == [1, 2, 3, 4, 4]


def test_an_async_stream_goes_on_when_redis_was_restarted(server: RedisServer, driver: Driver) -> None:
    async def main() -> list[str]:
        async with AsyncClient(server.url) as client:
            seen = [await anext(stream := client.stream(batch))]
            server.stop()
            with pytest.raises(WaitTimeout):
                await anext(client.stream(batch, after=seen[0].id, timeout=0.1))
            rest = asyncio.ensure_future(anext(stream))
            server.start()
            driver.run_all()
            return [event.kind.value for event in [*seen, await rest, await anext(stream)]]

    batch = driver.ready(2)
    (job,) = driver.claim()
    driver.executed(job)
    driver.finalize()
    assert asyncio.run(main()) == ["finished", "finished", "batch_finished"]


def test_a_long_outage_or_a_redis_that_never_answered_ends_a_wait(
    server: RedisServer, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = BatchId(driver.ready(1))
    with Client(server.url) as answered, Client(server.url) as new:
        answered.status(batch)
        server.stop()
        with pytest.raises(WaitTimeout):
            answered.wait(batch, timeout=0)
        for read in (lambda: next(new.stream(batch)), lambda: new.wait(batch, timeout=600)):
            with pytest.raises(StoreUnavailable):
                read()
        monkeypatch.setattr(following, "OUTAGE_S", 0.0)
        with pytest.raises(StoreUnavailable):
            answered.wait(batch, timeout=0)
