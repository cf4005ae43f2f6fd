"""A dataset that no host has is refused when a job is submitted, with the nearest names."""

from __future__ import annotations

import pytest
from tests.contract.driver import Driver

from windtunnel.client import Client, sync
from windtunnel.contract import Job
from windtunnel.errors import InvalidInput
from windtunnel.records import Records
from windtunnel.wake import Silent


@pytest.fixture
def records(driver: Driver) -> Records:
    return driver.records


@pytest.fixture
def asking(records: Records, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(sync, "ANNOUNCED_S", 0.0)
    return Client(records=records, broker=Silent())


def test_it_is_refused_with_the_nearest_names(asking: Client, records: Records) -> None:
    records.hosts.seen("a", 2, "", ["default"], ["language:python", "data:sp500"])
    records.hosts.seen("b", 2, "", ["default"], ["language:python", "data:nasdaq"])
    with pytest.raises(InvalidInput, match="no host has 'sp50'; did you mean 'sp500'"):
        asking.submit_batch([Job(code="1", datasets=("sp500", "nasdaq")), Job(code="1", datasets=("sp50",))])
    assert asking.batches() == []
    asking.submit(Job(code="1", datasets=("nasdaq", "sp500")))


def test_without_a_live_host_nobody_can_say(asking: Client) -> None:
    asking.submit(Job(code="1", datasets=("sp500",)))


def test_a_host_that_has_everything_has_it(asking: Client, records: Records) -> None:
    records.hosts.seen("a", 2, "", ["default"], ["*"])
    asking.submit(Job(code="1", datasets=("sp500",)))
