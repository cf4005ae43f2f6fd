"""A Redis whose append-only file lost its last second hands an attempt out twice; only one of the two counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis
from tests.faults.system import RedisProcess, address
from tests.support import a_report, a_verdict, an_attempt, an_execution, until

from windtunnel.client import Client
from windtunnel.contract import Job, JobState, Outcome
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel.records.hosts import EVERYTHING
from windtunnel.records.schedule import VALIDATE, Claimed, Held, ready_queue
from windtunnel.wake import Silent

LEASE_S = 30.0


@pytest.fixture
def server(redis_program: str, tmp_path: Path) -> Iterator[RedisProcess]:
    server = RedisProcess(redis_program, tmp_path / "redis", "everysec")
    server.await_ready()
    yield server
    server.stop()


@pytest.fixture
def records(server: RedisProcess) -> Iterator[Records]:
    records = Records(Connection(address("worker", server.port), "wt", retries=20))
    for host in ("one", "two"):
        records.hosts.seen(host, 1, "", ["default"], [EVERYTHING])
    yield records
    records.close()


def lose_what_came_after(server: RedisProcess, size: int) -> None:
    """Kill Redis, cut its append-only file back to this size, and start it again."""
    server.kill()
    with append_only_file(server).open("rb+") as file:
        file.truncate(size)
    server.start()
    server.await_ready()


def append_only_file(server: RedisProcess) -> Path:
    (found,) = (server.folder / "appendonlydir").glob("*.incr.aof")
    return found


def written_bytes(server: RedisProcess) -> int:
    """The size of its append-only file when nothing is left to be written: Redis waits while the disk is busy."""
    with closing(Redis.from_url(address("worker", server.port))) as redis:
        until(lambda: redis.info("persistence")["aof_buffer_length"] == 0, "Redis has written all")
    return append_only_file(server).stat().st_size


def ready_job(records: Records, url: str) -> str:
    with Client(url, records=records, broker=Silent()) as client:
        job = str(client.submit(Job(code="print(1)")))
    claimed = records.schedule.claim(VALIDATE, "v:1:a", lease_s=LEASE_S)
    assert isinstance(claimed, Claimed)
    records.schedule.judged(claimed, "v:1:a", "python@test", a_verdict())
    assert state(records, job) is JobState.READY
    return job


def state(records: Records, job: str) -> JobState:
    return records.reading.job_statuses([job])[0].state


def claim(records: Records, session: str) -> Held:
    claimed = records.schedule.claim(ready_queue("default"), session, lease_s=LEASE_S)
    assert isinstance(claimed, Claimed)
    (job,) = claimed.jobs
    return job


def test_an_attempt_that_was_handed_out_twice_counts_once(server: RedisProcess, records: Records) -> None:
    job = ready_job(records, records.url)
    size = written_bytes(server)
    first = claim(records, "one:1:a")
    lose_what_came_after(server, size)
    assert state(records, job) is JobState.READY, "the claim is what was lost"
    second = claim(records, "two:1:b")

    assert (first.job_id, first.attempt) == (second.job_id, second.attempt) == (job, 1)
    assert records.schedule.heartbeat("one:1:a", first, LEASE_S) == "superseded"
    assert records.schedule.heartbeat("two:1:b", second, LEASE_S) == ""
    late = records.schedule.executed("one:1:a", first, an_execution(values={"by": 1}), 1.0, LEASE_S, None)
    assert not late.recorded
    assert records.schedule.executed("two:1:b", second, an_execution(values={"by": 2}), 1.0, LEASE_S, None).recorded
    (ended,) = records.reports.take(10)
    assert ended.attempt == 1
    execution = an_execution(values={"by": 2})
    report = a_report(job, Outcome.SUCCEEDED).model_copy(update={"execution": execution})
    report = report.model_copy(update={"attempts": (an_attempt(),)})
    assert records.reports.finish([(ended, report), (ended, report)], "f:1:a") == [True, False]
    assert records.reading.batch_status(report.batch_id).outcomes == {Outcome.SUCCEEDED: 1}


def test_an_execution_that_was_lost_is_run_again(server: RedisProcess, records: Records) -> None:
    """The slot was told that it is recorded, and Redis forgot it: its lease runs out like that of a dead one."""
    job = ready_job(records, records.url)
    held = claim(records, "one:1:a")
    size = written_bytes(server)
    assert records.schedule.executed("one:1:a", held, an_execution(), 1.0, LEASE_S, None).recorded
    lose_what_came_after(server, size)
    assert state(records, job) is JobState.RUNNING
    again = claim(records, "one:1:a")
    assert (again.job_id, again.attempt) == (job, 1)
    assert again.token != held.token
    assert records.schedule.executed("one:1:a", again, an_execution(), 1.0, LEASE_S, None).recorded
