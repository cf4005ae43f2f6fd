"""Two hosts in network namespaces, each with its Docker Engine and workers; one Redis, one store: `make hosts-test`."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.faults.daemon import Daemon, can_start
from tests.support import EXAMPLES, RedisServer, Role, command, environment, missing, until

from windtunnel.client import Client
from windtunnel.client.ids import BatchId
from windtunnel.contract import Job, Outcome, Report
from windtunnel.settings import Settings
from windtunnel.store import Store
from windtunnel_worker.sandbox import images

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]
CENTRE = "10.77.16.1"
"""Redis, and the two roles that need no Docker."""
LEASE_S = 8


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass
class Host:
    """A network namespace with an address, a link to the centre, and a Docker Engine."""

    name: str
    address: str
    engine: Daemon

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        ip("link", "set", self.name, "down")
        try:
            yield
        finally:
            ip("link", "set", self.name, "up")


@pytest.fixture(scope="module")
def network() -> Iterator[dict[str, str]]:
    """Namespaces by name, with their addresses."""
    if not (can_start() and shutil.which("ip")):
        missing("network namespaces and a second Docker Engine need root, iproute2 and dockerd")
    hosts = {"wt-north": "10.77.16.2", "wt-south": "10.77.16.3"}
    with ExitStack() as stack:
        ip("link", "add", "wt-centre", "type", "bridge")
        stack.callback(ip, "link", "delete", "wt-centre")
        ip("address", "add", f"{CENTRE}/24", "dev", "wt-centre")
        ip("link", "set", "wt-centre", "up")
        for name, address in hosts.items():
            ip("netns", "add", name)
            stack.callback(ip, "netns", "delete", name)
            ip("link", "add", name, "master", "wt-centre", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                ip("-n", name, "link", "set", device, "up")
            ip("link", "set", name, "up")
        yield hosts


@pytest.fixture(scope="module")
def hosts(
    network: dict[str, str], docker_engine: images.Image, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Host]]:
    size = ("docker", "image", "inspect", "--format", "{{.Size}}", docker_engine.name)
    room = 4 * int(subprocess.check_output(size))
    with ExitStack() as stack:
        found = []
        for name, address in network.items():
            engine = stack.enter_context(Daemon(tmp_path_factory.mktemp(name), room, name=name, network=name))
            engine.load(docker_engine.name)
            found.append(Host(name, address, engine))
        yield found


@pytest.fixture(scope="module")
def url(network: dict[str, str], redis_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis that only the hosts can reach, without a password."""
    assert network
    options = ("--bind", CENTRE, "127.0.0.1", "--protected-mode", "no")
    with RedisServer(redis_program, tmp_path_factory.mktemp("redis"), *options) as server:
        yield f"redis://{CENTRE}:{server.port}/0"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all share, as over NFS."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def client(
    hosts: list[Host],
    url: str,
    store: Path,
    docker_engine: images.Image,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    """A client while the roles run: those with Docker on the two hosts."""
    logs = tmp_path_factory.mktemp("logs")
    variables = {"WINDTUNNEL_STORE_URL": str(store), "WINDTUNNEL_LEASE_S": str(LEASE_S)}
    with ExitStack() as stack:
        for role in ("validate", "finalize"):
            stack.enter_context(Role(role, url, "centre", logs / role, "--concurrency", "1", **variables))
        for host in hosts:
            own = {
                "DOCKER_HOST": host.engine.address,
                "SANDBOX_DEFAULT_IMAGE": docker_engine.name,
                "WINDTUNNEL_DATA_DIR": str(logs / f"{host.name}-data"),
                "WINDTUNNEL_LOCK_DIR": str(logs / f"{host.name}-locks"),
            }
            for role, slots in (("execute", 2), ("monitor", 4)):
                log, inside = logs / f"{role}-{host.name}", ("nsenter", f"--net=/run/netns/{host.name}")
                options = ("--concurrency", str(slots))
                stack.enter_context(Role(role, url, host.name, log, *options, inside=inside, **variables, **own))
        client = stack.enter_context(Client(url, settings=Settings(), store=Store(str(store))))
        client.datasets.add("sp500", EXAMPLES / "data" / "sp500.csv")
        until(lambda: all_live(client, hosts), "both hosts are there")
        yield client


def all_live(client: Client, hosts: list[Host]) -> bool:
    return {one.host for one in client.hosts() if one.live} == {host.name for host in hosts}


def jobs(count: int, seconds: float) -> list[Job]:
    code = f"import time\ntime.sleep({seconds})\nemit(days=len(data['sp500']), at=params['at'])"
    return [Job(code=code, datasets=("sp500",), params={"at": at}) for at in range(count)]


def reports_of(client: Client, batch: BatchId, count: int) -> list[Report]:
    """All of them, each a success with its own values, each job finished once."""
    status = client.wait(batch, timeout=300)
    assert status.outcomes == {Outcome.SUCCEEDED: count}
    reports = list(client.reports(batch))
    assert [report.execution and report.execution.values for report in reports] == [
        {"days": 5031, "at": at} for at in range(count)
    ]
    finished = Counter(event.job_id for event in client.stream(batch) if event.job_id)
    assert finished == dict.fromkeys((report.job_id for report in reports), 1)
    return reports


def hosts_of(reports: list[Report]) -> Counter[str]:
    return Counter(report.execution.host for report in reports if report.execution)


def both_busy(client: Client) -> bool:
    return all(host.busy for host in client.hosts())


def test_a_batch_spreads_over_both(client: Client, hosts: list[Host]) -> None:
    found = hosts_of(reports_of(client, client.submit_batch(jobs(40, 0.3)), 40))
    assert {host.name for host in hosts} == set(found)
    assert min(found.values()) >= 8


def test_the_jobs_of_a_host_that_is_cut_off_finish_on_the_other(client: Client, hosts: list[Host]) -> None:
    north, south = hosts
    batch = client.submit_batch(jobs(24, 2))
    until(lambda: both_busy(client), "both are busy")
    with north.cut_off():
        reports = reports_of(client, batch, 24)
        taken_back = [report for report in reports if len(report.attempts) > 1]
        assert taken_back
        for report in taken_back:
            assert [(one.outcome, one.host) for one in report.attempts] == [
                (Outcome.LOST, north.name),
                (Outcome.SUCCEEDED, south.name),
            ]
        assert hosts_of(reports)[south.name] >= 20
        until(lambda: [one.host for one in client.hosts() if one.live] == [south.name], "one counts as gone")
    until(lambda: all_live(client, hosts), "it is there again")
    again = hosts_of(reports_of(client, client.submit_batch(jobs(40, 0.3)), 40))
    assert set(again) == {north.name, south.name}


def test_a_host_that_drains_finishes_what_it_runs_and_claims_nothing_more(
    client: Client, hosts: list[Host], url: str
) -> None:
    north, south = hosts
    batch = client.submit_batch(jobs(24, 2))
    until(lambda: both_busy(client), "both are busy")
    variables = environment(WINDTUNNEL_REDIS_URL=url)
    assert command("drain", south.name, under=variables).returncode == 0
    drained_at = time.time()
    shown = command("hosts", under=variables).stdout
    assert "drain" in next(line for line in shown.splitlines() if south.name in line)
    reports = reports_of(client, batch, 24)
    assert {len(report.attempts) for report in reports} == {1}
    assert hosts_of(reports)[south.name] >= 1
    claims = [
        event.at.timestamp()
        for report in reports
        for event in client.history(report.job_id)
        if event.what == "claimed" and event.who.startswith(f"{south.name}:")
    ]
    assert max(claims) < drained_at
    assert not next(one for one in client.hosts() if one.host == south.name).busy
    assert command("undrain", south.name, under=variables).returncode == 0
    assert set(hosts_of(reports_of(client, client.submit_batch(jobs(40, 0.3)), 40))) == {north.name, south.name}
