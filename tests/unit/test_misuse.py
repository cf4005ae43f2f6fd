"""Wrong arguments of `Client`: each gets a typed error that names the argument, and nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from windtunnel import AsyncClient, Client, Job, Limits
from windtunnel.contract import Batch
from windtunnel.errors import InvalidInput
from windtunnel.testing import Tunnel

JOB = {"code": "print(1)"}
Call = Callable[[Client, str], Any]


def changed(**fields: Any) -> Job:
    """A job that pydantic did not check."""
    return Job(**JOB).model_copy(update=fields)


def with_parameter(value: object) -> Job:
    job = Job(**JOB)
    job.params["n"] = value  # type: ignore[assignment]
    return job


MISUSES: list[tuple[str, str, Call]] = [
    ("job", "NoneType", lambda client, _: client.submit(None)),  # type: ignore[arg-type]
    ("job", "list", lambda client, _: client.submit([JOB])),  # type: ignore[arg-type]
    ("limits.timeout", "`timeout_s`", lambda client, _: client.submit({**JOB, "limits": {"timeout": 5}})),
    ("code", "read_text", lambda client, _: client.submit({"code": "strategies/rsi.py"})),
    ("dataset", "`datasets`", lambda client, _: client.submit({**JOB, "dataset": "x"})),
    ("5", "not a field", lambda client, _: client.submit({**JOB, 5: 6})),  # type: ignore[dict-item]
    (
        "aliases.a/b.csv.[key]",
        "without a folder",
        lambda client, _: client.submit({**JOB, "aliases": {"a/b.csv": "x"}}),
    ),
    *[
        ("image", "the name of an image", lambda client, _, image=image: client.submit({**JOB, "image": image}))
        for image in ("--privileged", "../own:1", "a/../b", "own:1?x", "a//b", "own:", "own 1", "")
    ],
    ("params.n", "NumPy", lambda client, _: client.submit({**JOB, "params": {"n": np.int64(3)}})),
    ("params", "'n' is not", lambda client, _: client.submit(with_parameter(float("nan")))),
    ("params.n", "NumPy", lambda client, _: client.submit(with_parameter(np.int64(3)))),
    ("jobs.0.params", "surrogates", lambda client, _: client.submit_batch([changed(params={"a": "\ud800"})])),
    ("jobs.0.limits", "Limits", lambda client, _: client.submit_batch([changed(limits="small")])),
    ("jobs.0.seed", "equal to 0", lambda client, _: client.submit_batch(Batch(jobs=(changed(seed=-1),)))),
    ("jobs", "set them there", lambda client, _: client.submit_batch(Batch(jobs=(Job(**JOB),)), owner="me")),
    ("jobs", "set them there", lambda client, _: client.submit_batch(Batch(jobs=(Job(**JOB),)), isolation="cell")),
    ("owner", "begins with a letter", lambda client, _: client.submit_batch([JOB], owner="")),
    ("jobs", "give a list", lambda client, _: client.submit_batch("print(1)")),  # type: ignore[arg-type]
    ("jobs", "give a list", lambda client, _: client.submit_batch(JOB)),  # type: ignore[arg-type]
    ("jobs", "give a list", lambda client, _: client.submit_batch(Job(**JOB))),  # type: ignore[arg-type]
    ("jobs", "give a list", lambda client, _: client.submit_batch(None)),  # type: ignore[arg-type]
    ("stages", "`datasets`", lambda client, _: client.submit_batch([JOB], stages=[{"at_least": 1}])),
    ("stages", "`datasets`", lambda client, _: client.submit({**JOB, "stages": [{"at_least": 1}]})),
    ("jobs", "is empty", lambda client, _: client.submit_batch([])),
    ("params.0", "type float64", lambda client, _: client.submit_sweep("print(1)", params=np.ones(2))),
    ("jobs.1", "NoneType", lambda client, _: client.submit_batch([JOB, None])),  # type: ignore[list-item]
    *[
        ("id", "is not the id", lambda client, _, name=name, method=method: getattr(client, method)(name))
        for method in ("status", "report", "history", "cancel", "retry", "jobs", "leaderboard", "page", "find")
        for name in (None, 5, b"x", "", "\ud800", "a\nb", "x" * 5000)
    ],
    *[
        ("after", "event.id", lambda client, batch, after=after: list(client.stream(batch, after=after)))
        for after in ("abc", "", "$", ">", "0-0-0", "18446744073709551616-0", -1, None)
    ],
    ("id", "is not the id", lambda client, _: list(client.stream([5]))),  # type: ignore[list-item]
    ("timeout", "'5'", lambda client, batch: client.wait(batch, timeout="5")),  # type: ignore[call-overload]
    ("timeout", "nan", lambda client, batch: list(client.stream(batch, timeout=float("nan")))),
    ("page", "whole number", lambda client, batch: client.jobs(batch, page="1")),  # type: ignore[arg-type]
    ("size", "whole number", lambda client, batch: client.jobs(batch, size=1.5)),  # type: ignore[arg-type]
    ("order_by", "there are: name", lambda client, batch: client.jobs(batch, order_by=5)),  # type: ignore[arg-type]
    ("outcome", "there are: succeeded", lambda client, batch: client.jobs(batch, outcome=5)),  # type: ignore[arg-type]
    ("outcome", "there are: succeeded", lambda client, batch: client.retry(batch, outcomes=5)),  # type: ignore[arg-type]
    ("count", "below 1", lambda client, _: client.batches(0)),
    ("count", "above", lambda client, _: client.batches(10**30)),
    ("count", "whole number", lambda client, _: client.dead_letters("5")),  # type: ignore[arg-type]
    *[
        ("host", "the name of a host", lambda client, _, host=host, method=method: getattr(client, method)(host))
        for method in ("drain", "undrain")
        for host in (None, 5, "")
    ],
    ("argument", "surrogates", lambda client, _: client.drain("\udcff")),
    ("file", "to_parquet", lambda client, _: client.datasets.add("x", np.zeros(3))),  # type: ignore[arg-type]
    *[
        ("name", "cannot be", lambda client, _, method=method: getattr(client.datasets, method)(None))
        for method in ("show", "versions", "verify", "remove")
    ],
    ("form", "csv, json, parquet", lambda client, batch: client.export(batch, "xls")),
]


@pytest.fixture(scope="module")
def waiting() -> Iterator[tuple[Client, str]]:
    client = Tunnel(paused=True).client
    yield client, client.submit_batch([JOB])
    client.close()


@pytest.mark.parametrize(("field", "words", "call"), MISUSES)
def test_a_wrong_argument_is_named(waiting: tuple[Client, str], field: str, words: str, call: Call) -> None:
    client, batch = waiting
    with pytest.raises(InvalidInput, match=words) as caught:
        call(client, batch)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert len(str(caught.value)) < 400
    assert [one.batch_id for one in client.batches()] == [batch]


def test_all_wrong_jobs_of_a_batch_are_named_in_a_short_text(waiting: tuple[Client, str]) -> None:
    client, _ = waiting
    with pytest.raises(InvalidInput) as caught:
        client.submit_batch([JOB, {**JOB, "priority": 99}, {**JOB, "seed": -1}])
    assert [problem.field for problem in caught.value.problems] == ["jobs.1.priority", "jobs.2.seed"]
    with pytest.raises(InvalidInput, match="; and 980 more") as caught:
        client.submit_batch(1000 * [Job(**JOB, limits=Limits(memory_mb=9999))])
    assert len(caught.value.problems) == 1000


def test_closing_an_async_client_twice_does_no_harm() -> None:
    async def main() -> None:
        async with AsyncClient(sync=Tunnel().client) as client:
            await client.close()

    asyncio.run(main())
