"""Records in this process's memory, for tests of apps and for `SandboxManager`. Needs the extra `testing`.

It is the same code over fakeredis, which runs the very same scripts: a second implementation of the schedule would
have to be kept equal to them by hand.
"""

from __future__ import annotations

from windtunnel.errors import ExtraMissing
from windtunnel.records.connection import Connection
from windtunnel.records.records import Records

try:
    from fakeredis import FakeRedis, FakeServer
except ModuleNotFoundError as error:
    raise ExtraMissing("A Windtunnel in one process", "worker") from error


def records_in_memory(prefix: str = "wt", retention_s: int = 86_400, *, archiving: bool = False) -> Records:
    """Empty records that nobody else sees."""
    return Records(
        Connection("memory:", prefix, client=FakeRedis(server=FakeServer())), retention_s, archiving=archiving
    )
