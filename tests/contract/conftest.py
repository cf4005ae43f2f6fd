"""The records, on a real Redis and in memory: every test of their contract runs on both."""

from __future__ import annotations

from collections.abc import Iterator

import fakeredis
import pytest
import redis
from tests.contract.driver import Driver

from windtunnel.records import Records
from windtunnel.records.connection import Connection

RETENTION_S = 1000


@pytest.fixture
def archiving() -> bool:
    """Whether finished reports are to be archived."""
    return False


@pytest.fixture(params=["redis", "memory"])
def driver(request: pytest.FixtureRequest, archiving: bool) -> Iterator[Driver]:
    """Empty records, and whoever works on them."""
    if request.param == "redis":
        plain = request.getfixturevalue("keys")
        connection = Connection(request.getfixturevalue("redis_url"), "wt")
    else:
        server = fakeredis.FakeServer()
        plain = fakeredis.FakeRedis(server=server, decode_responses=True)
        connection = Connection("memory:", "wt", client=fakeredis.FakeRedis(server=server))
    records = Records(connection, RETENTION_S, archiving=archiving)
    yield Driver(records, plain)
    records.close()


@pytest.fixture
def real(redis_url: str, keys: redis.Redis) -> Iterator[Driver]:
    """The same on a real Redis only, for what is many calls or about Redis itself."""
    records = Records(Connection(redis_url, "wt"), RETENTION_S)
    yield Driver(records, keys)
    records.close()
