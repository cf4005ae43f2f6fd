"""Two execution hosts with folders of their own and one S3 store: nothing is copied by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support import EXAMPLES, PATIENCE_S, Role, unique, until

from windtunnel.client import Client
from windtunnel.contract import Job, Outcome, Report
from windtunnel.settings import Settings
from windtunnel.store import Store
from windtunnel_worker.sandbox import images

CODE = """
frame = data["sp500"]
emit(rows=len(frame))
open("/tmp/artifacts/last.csv", "w").write(str(frame["Close"].iloc[-1]))
"""


@pytest.fixture
def hosts(
    app: Client, docker_engine: images.Image, redis_url: str, s3_bucket: str, tmp_path: Path
) -> Iterator[list[str]]:
    """The names of two hosts at work, each with one slot."""
    names = [unique("one"), unique("other")]
    with ExitStack() as roles:
        for role, host in [("validate", names[0]), ("finalize", names[0]), *(("execute", name) for name in names)]:
            variables = {
                "SANDBOX_DEFAULT_IMAGE": docker_engine.name,
                "WINDTUNNEL_STORE_URL": s3_bucket,
                "WINDTUNNEL_DATA_DIR": str(tmp_path / host),
                "WINDTUNNEL_LOCK_DIR": str(tmp_path / f"{host}-locks"),
            }
            log = tmp_path / f"{role}-{host}.log"
            roles.enter_context(Role(role, redis_url, host, log, "--concurrency", "1", **variables))
        until(lambda: {host.host for host in app.hosts() if host.live} == set(names), "both hosts are there")
        yield names


@pytest.fixture
def app(keys: object, redis_url: str, s3_bucket: str) -> Iterator[Client]:
    assert keys
    with Client(redis_url, settings=Settings(), store=Store(s3_bucket)) as client:
        yield client


def run_on(host: str, other: str, app: Client) -> Report:
    """Run a job while the other host takes none."""
    app.drain(other)
    report = app.wait(app.submit(Job(code=CODE, datasets=("sp500",))), timeout=PATIENCE_S)
    app.undrain(other)
    assert report.outcome is Outcome.SUCCEEDED, report
    assert report.execution
    assert report.execution.host == host
    return report


def test_a_dataset_that_was_added_elsewhere_is_used_on_both(app: Client, hosts: list[str], tmp_path: Path) -> None:
    version = app.datasets.add("sp500", EXAMPLES / "data" / "sp500.csv")
    one, other = hosts
    for host, idle in ((one, other), (other, one)):
        report = run_on(host, idle, app)
        assert report.execution
        assert report.execution.values == {"rows": 5031}
        assert report.dataset_digests == {"sp500": version.sha256}
        kept = {path.name for path in (tmp_path / host / "cache").iterdir() if path.is_file()}
        assert kept == {*version.digests, f"{version.sha256}.json"}
        (artifact,) = report.execution.artifacts
        assert app.artifact(report.job_id, artifact.name) == b"2506.850098"
