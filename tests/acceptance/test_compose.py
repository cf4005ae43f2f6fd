"""The compose file, for real: `make compose-test`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support import ROOT, environment, free_port

from windtunnel import Client, Job, Outcome

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the Redis of a running compose project; everything of it is removed afterwards."""
    folder = tmp_path_factory.mktemp("compose")
    port = free_port()
    variables = {
        **environment(),  # a store or a host of the test run is not the project's
        "COMPOSE_PROJECT_NAME": "windtunneltest",
        "WINDTUNNEL_HOST": "compose-test",
        "WINDTUNNEL_DATA_DIR": str(folder / "data"),
        "WINDTUNNEL_STORE_DIR": str(folder / "store"),
        "WINDTUNNEL_SECRETS_DIR": str(folder / "secrets"),
        "WINDTUNNEL_REDIS_PORT": str(port),
        "WINDTUNNEL_FLOWER_PORT": str(free_port()),
    }
    script = ROOT / "deploy/compose/up.sh"
    try:
        subprocess.run([script, "up", "--detach", "--scale", "execute=3"], check=True, env=variables)
        url = f"redis://producer:{(folder / 'secrets/redis_producer').read_text().strip()}@127.0.0.1:{port}/0"
        add = [sys.executable, "-m", "windtunnel.cli", "datasets", "add", "sp500", "examples/data/sp500.csv"]
        there = {"WINDTUNNEL_REDIS_URL": url, "WINDTUNNEL_STORE_URL": str(folder / "store")}
        subprocess.run(add, check=True, env=variables | there, cwd=ROOT)
        yield url
    finally:
        subprocess.run([script, "down", "--volumes"], check=True, env=variables)


def containers(service: str) -> list[str]:
    """Ids of the running containers of a service of the project."""
    labels = ("com.docker.compose.project=windtunneltest", f"com.docker.compose.service={service}")
    filters = [word for label in labels for word in ("--filter", f"label={label}")]
    listed = subprocess.run(["docker", "ps", "--quiet", *filters], check=True, capture_output=True, text=True)
    return listed.stdout.split()


def test_a_batch_runs_through_the_compose_stack(compose: str) -> None:
    good = Job(code="emit(days=len(data['sp500']))\nprint('hello')", datasets=("sp500",))
    bad = Job(code="import os")
    scored = Job(
        code="def signals(data, params):\n    return (data['sp500']['Close'] > 0) * 1.0\n", datasets=("sp500",)
    )
    with Client(compose) as client:
        batch = client.submit_batch([*[good] * 10, bad, scored])
        status = client.wait(batch, timeout=300)
        reports = list(client.reports(batch))
    assert status.outcomes == {Outcome.SUCCEEDED: 11, Outcome.REJECTED: 1}
    assert [report.score is not None for report in reports] == [*[False] * 11, True]
    executions = [report.execution for report in reports[:-1] if report.execution]
    assert [execution.values for execution in executions] == [{"days": 5031}] * 10
    assert {execution.host for execution in executions} == {"compose-test"}


def test_a_batch_outlives_one_of_three_execute_containers(compose: str) -> None:
    scaled = containers("execute")
    assert len(scaled) == 3
    with Client(compose) as client:
        batch = client.submit_batch([Job(code="import time\ntime.sleep(0.2)", params={"at": at}) for at in range(200)])
        for event in client.stream(batch):
            if event.finished >= 20:
                break
        subprocess.run(["docker", "kill", scaled[0]], check=True, capture_output=True)
        status = client.wait(batch, timeout=600)
        reports = list(client.reports(batch))
    assert status.outcomes == {Outcome.SUCCEEDED: 200}
    assert len(reports) == 200


def test_no_container_runs_as_root_or_writes_to_its_image(compose: str) -> None:
    assert compose
    for service in ("redis", "validate", "execute", "monitor", "finalize", "flower"):
        running = containers(service)
        assert running, service
        for container in running:
            found = json.loads(subprocess.run(["docker", "inspect", container], check=True, capture_output=True).stdout)
            settings, host = found[0]["Config"], found[0]["HostConfig"]
            assert settings["User"] not in ("", "0", "root"), service
            assert host["ReadonlyRootfs"], service
            assert host["Memory"] > 0, service
            assert host["PidsLimit"] > 0, service
            assert host["RestartPolicy"]["Name"] == "unless-stopped", service
            sockets = [mount for mount in found[0]["Mounts"] if mount["Destination"] == "/var/run/docker.sock"]
            assert bool(sockets) == (service == "execute"), service
