"""`Client.submit_sweep`, batches of any iterable, and the stream of several batches."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from tests.support import check_examples

from windtunnel.client import Client, submitting, sweeps
from windtunnel.contract import Event
from windtunnel.errors import InvalidInput, WaitTimeout
from windtunnel.testing import Tunnel


@pytest.fixture
def client() -> Client:
    return Tunnel(paused=True).client


def swept(client: Client, batch: str) -> list[dict[str, object]]:
    return [dict(one.params) for one in client.jobs(batch)]


def test_the_examples_in_the_docstrings() -> None:
    check_examples(sweeps)
    check_examples(submitting)


def test_the_last_axis_of_a_grid_changes_fastest(client: Client) -> None:
    batch = client.submit_sweep("print(1)", grid={"slow": [50, 100], "fast": range(1, 4)}, job={"seed": 7})
    assert swept(client, batch) == [{"slow": slow, "fast": fast} for slow in (50, 100) for fast in (1, 2, 3)]
    assert client.status(batch).name == "sweep"


def test_axes_may_be_arrays_and_generators(client: Client) -> None:
    batch = client.submit_sweep("print(1)", grid={"a": np.arange(2), "b": (x / 2 for x in range(2))})
    assert swept(client, batch) == [{"a": a, "b": b} for a in (0, 1) for b in (0.0, 0.5)]


def test_a_sweep_takes_the_options_of_a_batch(client: Client) -> None:
    batch = client.submit_sweep("print(1)", params=[{"a": 1}], name="mine", owner="ann", idempotency_key="k")
    assert (client.status(batch).name, client.status(batch).owner) == ("mine", "ann")
    assert client.submit_sweep("print(1)", params=[{"a": 1}], name="mine", owner="ann", idempotency_key="k") == batch


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("grid", {}),
        ("grid", {"grid": {"a": [1]}, "params": [{}]}),
        ("grid", {"grid": {}}),
        ("grid", {"grid": {"a": range(1000), "b": range(1000)}}),
        ("grid.a", {"grid": {"a": itertools.count()}}),
        ("grid.a", {"grid": {"a": []}}),
        ("grid.a", {"grid": {"a": "abc"}}),
        ("grid.a", {"grid": {"a": 5}}),
        ("params", {"params": itertools.repeat({})}),
        ("params", {"params": {"a": 1}}),
        ("params", {"params": []}),
        ("params.1", {"params": [{}, 5]}),
        ("grid", {"grid": [1, 2]}),
        ("job.params", {"grid": {"a": [1]}, "job": {"params": {"b": 2}}}),
        ("job.datasets", {"grid": {"a": [1]}, "job": {"datasets": ["sp500"]}}),
        ("job", {"grid": {"a": [1]}, "job": 5}),
        ("stages", {"grid": {"a": [1]}, "stages": {"bars": 5}}),
        ("stages.0", {"grid": {"a": [1]}, "stages": [5]}),
        ("progress", {"grid": {"a": [1]}, "progress": 5}),
        ("jobs.1.params", {"params": [{"a": 1}, {"a": float("nan")}]}),
        ("budget.jobs", {"params": [{}], "budget": {"jobs": 0}}),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_at_once(client: Client, field: str, options: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="Nothing was stored") as caught:
        client.submit_sweep("print(1)", **options)  # type: ignore[arg-type]
    assert caught.value.problems[0].field == field
    assert client.batches() == []


def test_a_batch_may_come_from_a_generator_and_tells_its_progress(client: Client) -> None:
    told: list[tuple[int, int]] = []
    jobs = ({"code": "print(1)", "params": {"at": at}} for at in range(1200))
    client.submit_batch(jobs, progress=lambda written, total: told.append((written, total)))
    assert told == [(0, 1200), (500, 1200), (1000, 1200), (1200, 1200)]


def test_an_endless_generator_is_refused(client: Client) -> None:
    with pytest.raises(InvalidInput, match="more than"):
        client.submit_batch(itertools.repeat({"code": "print(1)"}))


# -- streams ---------------------------------------------------------------------------------------------


def test_a_stream_of_several_batches_has_each_batchs_events_in_order() -> None:
    client = Tunnel().client
    batches = [client.submit_sweep("print(1)", params=[{}] * count) for count in (3, 1, 5)]
    seen = list(client.stream(batches))
    for batch, count in zip(batches, (3, 1, 5), strict=True):
        events = [event for event in seen if event.batch_id == batch]
        assert [event.finished for event in events] == [*range(1, count + 1), count]
        assert events[-1].kind.value == "batch_finished"


def test_a_stream_that_is_resumed_at_random_places_repeats_and_loses_nothing() -> None:
    tunnel = Tunnel(paused=True)
    client, chance = tunnel.client, random.Random(7)
    batches = [client.submit_sweep("print(1)", params=[{}] * 100) for _ in range(2)]
    seen: list[Event] = []
    after: dict[str, str] = {}
    for round_number in range(100):
        if round_number == 3:
            tunnel.run()
        try:
            for event in itertools.islice(client.stream(batches, after=after, timeout=0.01), chance.randint(0, 4)):
                seen.append(event)
                after[event.batch_id] = event.id
        except WaitTimeout:
            continue
    seen += client.stream(batches, after=after)
    whole = list(client.stream(batches))
    for batch in batches:
        assert [one for one in seen if one.batch_id == batch] == [one for one in whole if one.batch_id == batch]
    assert len(seen) == 202


def test_what_cannot_be_followed_is_named(client: Client) -> None:
    with pytest.raises(InvalidInput, match="name a batch"):
        next(client.stream([]))
    with pytest.raises(InvalidInput, match="for each batch"):
        next(client.stream(["a", "b"], after="1-1"))
