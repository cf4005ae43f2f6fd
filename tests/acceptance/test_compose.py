"""The compose file, for real: `make compose-test`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import free_port

from windtunnel import Client, Job, Outcome

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the Redis of a running compose project; everything of it is removed afterwards."""
    folder = tmp_path_factory.mktemp("compose")
    port = free_port()
    environment = {
        **os.environ,
        "COMPOSE_PROJECT_NAME": "windtunneltest",
        "WINDTUNNEL_HOST": "compose-test",
        "WINDTUNNEL_DATA_DIR": str(folder / "data"),
        "WINDTUNNEL_STORE_DIR": str(folder / "store"),
        "WINDTUNNEL_REDIS_PORT": str(port),
        "WINDTUNNEL_FLOWER_PORT": str(free_port()),
    }
    script = ROOT / "deploy/compose/up.sh"
    try:
        subprocess.run([script], check=True, env=environment)
        url = f"redis://127.0.0.1:{port}/0"
        add = [sys.executable, "-m", "windtunnel.cli", "datasets", "add", "sp500", "examples/data/sp500.csv"]
        there = {"WINDTUNNEL_REDIS_URL": url, "WINDTUNNEL_STORE_URL": str(folder / "store")}
        subprocess.run(add, check=True, env=environment | there, cwd=ROOT)
        yield url
    finally:
        subprocess.run([script, "down", "--volumes"], check=True, env=environment)


def test_a_batch_runs_through_the_compose_stack(compose: str) -> None:
    good = Job(code="emit(days=len(data['sp500']))\nprint('hello')", datasets=("sp500",))
    bad = Job(code="import os")
    with Client(compose) as client:
        batch = client.submit_batch([*[good] * 10, bad])
        status = client.wait(batch, timeout=300)
        reports = list(client.reports(batch))
    assert status.outcomes == {Outcome.SUCCEEDED: 10, Outcome.REJECTED: 1}
    executions = [report.execution for report in reports if report.execution]
    assert [execution.values for execution in executions] == [{"days": 5031}] * 10
    assert {execution.host for execution in executions} == {"compose-test"}
