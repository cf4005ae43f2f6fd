"""A batch's stream of events on a real Redis: resumed at random places, and across a restart of Redis."""

from __future__ import annotations

import itertools
import random
import threading
from pathlib import Path

from tests.contract.driver import Driver
from tests.support import RedisServer

from windtunnel.client import Client
from windtunnel.contract import Event
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


def test_a_stream_resumed_a_hundred_times_across_restarts_of_redis_has_each_event_once(
    redis_program: str, tmp_path: Path
) -> None:
    kept = ["--appendonly", "yes", "--appendfsync", "always"]
    with RedisServer(redis_program, tmp_path, *kept) as server, Client(server.url) as client:
        driver = Driver(Records(Connection(server.url, "wt"), 1000), server.connect())
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
        driver.records.close()
        driver.keys.close()


def test_a_stream_goes_on_when_redis_was_restarted(redis_program: str, tmp_path: Path) -> None:
    kept = ["--appendonly", "yes", "--appendfsync", "always"]
    with RedisServer(redis_program, tmp_path, *kept) as server, Client(server.url) as client:
        driver = Driver(Records(Connection(server.url, "wt"), 1000), server.connect())
        batch = driver.ready(4)
        stream = client.stream(batch)
        for _ in range(2):
            (job,) = driver.claim()
            driver.executed(job)
        driver.finalize()
        seen = [next(stream), next(stream)]
        server.stop()
        rest: list[Event] = []
        reader = threading.Thread(target=lambda: rest.extend(stream))
        reader.start()
        server.start()
        driver.run_all()
        reader.join(60)
        seen += rest
        assert [event.kind.value for event in seen] == ["finished"] * 4 + ["batch_finished"]
        assert [event.finished for event in seen] == [1, 2, 3, 4, 4]
        driver.records.close()
        driver.keys.close()
