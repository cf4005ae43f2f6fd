"""What Prometheus is told, as its own parser reads it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families
from tests.contract.driver import Driver
from tests.support import free_port

from windtunnel.contract import Outcome
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel_worker.telemetry.collector import OWNERS_SHOWN
from windtunnel_worker.telemetry.exporter import listen

Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def driver(redis_url: str, keys: redis.Redis) -> Iterator[Driver]:
    records = Records(Connection(redis_url, "wt"), 1000)
    yield Driver(records, keys)
    records.close()


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def scrape(records: Records) -> Samples:
    """Name and label values, by the labels' names, of each sample, and its value."""
    server = listen(records, "127.0.0.1", 0)
    try:
        text = fetch(f"http://127.0.0.1:{server.server_port}/metrics")
    finally:
        server.shutdown()
        server.server_close()
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_jobs_stages_owners_and_hosts_are_told(driver: Driver) -> None:
    driver.host("here", slots=2)
    driver.ready(3, owner="alice", priority=0)
    driver.executed(driver.claim()[0], outcome=Outcome.MEMORY_EXCEEDED)
    driver.finalize()
    driver.claim()
    driver.records.metrics.note_sandboxes("here", 2)
    found = scrape(driver.records)
    assert found["windtunnel_redis_up", ()] == 1
    assert found["windtunnel_jobs_total", ("memory_exceeded",)] == 1
    assert found["windtunnel_jobs_total", ("lost",)] == 0
    assert found["windtunnel_limit_violations_total", ("memory",)] == 1
    assert found["windtunnel_stage_duration_seconds_count", ("total",)] == 1
    assert found["windtunnel_stage_duration_seconds_bucket", ("0.5", "total")] == 0
    assert found["windtunnel_stage_duration_seconds_bucket", ("1.0", "total")] == 1
    assert found["windtunnel_stage_duration_seconds_bucket", ("+Inf", "total")] == 1
    assert found["windtunnel_jobs_waiting", ("alice", "0", "execute.default")] == 1
    assert found["windtunnel_jobs_running", ("alice",)] == 1
    assert found["windtunnel_unfinished_jobs", ()] == 2
    assert found["windtunnel_host_slots", ("here",)] == 2
    assert found["windtunnel_host_slots_busy", ("here",)] == 1
    assert found["windtunnel_host_sandboxes_ready", ("here",)] == 1
    assert found["windtunnel_queue_oldest_seconds", ("execute.default",)] < 60


def test_the_number_of_series_is_bounded_whatever_owners_are_called(driver: Driver) -> None:
    for number in range(OWNERS_SHOWN + 20):
        driver.submit(owner=f"owner-{number}")
    found = scrape(driver.records)
    waiting = {labels[0]: value for (name, labels), value in found.items() if name == "windtunnel_jobs_waiting"}
    assert len(waiting) == OWNERS_SHOWN + 1
    assert waiting["other"] == 20
    assert sum(waiting.values()) == OWNERS_SHOWN + 20


def test_no_counter_falls_when_other_owners_come_to_the_fore(driver: Driver) -> None:
    driver.keys.hset("wt:seconds", mapping={f"owner-{number}": 1000 + number for number in range(OWNERS_SHOWN + 20)})

    def used() -> dict[str, float]:
        found = scrape(driver.records)
        return {labels[0]: value for (name, labels), value in found.items() if name == "windtunnel_slot_seconds_total"}

    before = used()
    driver.keys.hincrbyfloat("wt:seconds", "owner-0", 500)
    driver.submit(owner="owner-1")
    after = used()
    assert len(before) == len(after) == OWNERS_SHOWN
    assert (before.get("owner-0"), after["owner-0"]) == (None, 1500)
    assert all(after[owner] >= before[owner] for owner in before.keys() & after.keys())


def test_without_redis_the_exporter_answers_and_says_so() -> None:
    records = Records(Connection(f"redis://127.0.0.1:{free_port()}/0", "wt", retries=0))
    assert scrape(records) == {("windtunnel_redis_up", ()): 0.0}
    server = listen(records, "127.0.0.1", 0)
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        fetch(f"http://127.0.0.1:{server.server_port}/health")
    refused.value.close()
    server.shutdown()
    server.server_close()
