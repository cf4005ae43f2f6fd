"""Three Redis and three Sentinels: a master dies in the middle of a batch. Redis Cluster is refused."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.support import RedisServer, Role, free_port, unique, until

from windtunnel.address import SentinelAddress
from windtunnel.broker import broker_url
from windtunnel.client import Client
from windtunnel.contract import Job, Outcome
from windtunnel.errors import StoreUnavailable, StoreUnsupported
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel_worker.celery.roles import main

URL = "sentinel://worker:p%40ss@one:26379,two:26380/1?master=mine"


class Replicated:
    """Three Redis of which one is the master, watched by three Sentinels."""

    def __init__(self, program: str, folder: Path, stack: ExitStack) -> None:
        self.servers: list[RedisServer] = []
        for number in range(3):
            place = folder / f"redis-{number}"
            place.mkdir()
            follow = ["--replicaof", f"127.0.0.1 {self.servers[0].port}"] if number else []
            options = ("--repl-diskless-sync-delay", "0", "--appendonly", "yes")
            self.servers.append(stack.enter_context(RedisServer(program, place, *options, *follow)))
        self.sentinels = [free_port() for _ in range(3)]
        for port in self.sentinels:
            file = folder / f"sentinel-{port}.conf"
            file.write_text(
                f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
                f"sentinel monitor mine 127.0.0.1 {self.servers[0].port} 2\n"
                # Not so soon that a busy machine counts as a dead master.
                "sentinel down-after-milliseconds mine 3000\nsentinel failover-timeout mine 10000\n"
            )
            process = subprocess.Popen([program, file, "--sentinel"], stdout=subprocess.DEVNULL)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        places = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        self.url = f"sentinel://{places}/0?master=mine"
        self._await_agreement()

    def _await_agreement(self) -> None:
        """Until each Sentinel knows the two others and both replicas."""
        for port in self.sentinels:
            with redis.Redis(port=port, decode_responses=True) as sentinel:
                until(lambda: _knows_all(sentinel), "the Sentinels agree")

    def master(self) -> int:
        with redis.Redis(port=self.sentinels[0], decode_responses=True) as sentinel:
            return int(sentinel.sentinel_get_master_addr_by_name("mine")[1])


def _knows_all(sentinel: redis.Redis) -> bool:
    try:
        known: Any = sentinel.sentinel_master("mine")
    except redis.RedisError:
        return False
    return (known["num-other-sentinels"], known["num-slaves"]) == (2, 2)


@pytest.fixture
def replicated(redis_program: str, tmp_path: Path) -> Iterator[Replicated]:
    with ExitStack() as stack:
        yield Replicated(redis_program, tmp_path, stack)


def test_a_batch_outlives_the_death_of_the_master(replicated: Replicated, tmp_path: Path) -> None:
    """Its programs are rejected ones, so that Docker is not needed to show that nothing is lost or doubled."""
    host = unique("sentinel")
    jobs = [Job(code=f"import os # {number}") for number in range(300)]
    with ExitStack() as stack:
        client = stack.enter_context(Client(replicated.url))
        for role in ("validate", "finalize"):
            log = tmp_path / f"{role}.log"
            stack.enter_context(Role(role, replicated.url, host, log, "--concurrency", "1"))
        batch = client.submit_batch(jobs)
        with redis.Redis(port=replicated.servers[0].port) as master:
            assert master.wait(2, 60_000) == 2  # the whole batch has reached both replicas
        replicated.servers[0].stop()
        status = client.wait(batch, timeout=180)
        assert status.outcomes == {Outcome.REJECTED: 300}
        finished = Counter(event.job_id for event in client.stream(batch) if event.job_id)
        assert replicated.master() != replicated.servers[0].port
    with (
        closing(Records(Connection(f"redis://127.0.0.1:{replicated.sentinels[0]}/0", "wt"))) as records,
        pytest.raises(StoreUnsupported, match="is a Sentinel"),
    ):
        records.reading.ping()
    assert finished == dict.fromkeys((f"{batch}-{number}" for number in range(300)), 1)


def test_what_the_sentinels_lack_is_told_apart(redis_program: str, tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "sentinel.conf"
    file.write_text(
        f"port {port}\nbind 127.0.0.1\nrequirepass secret\nsentinel monitor mine 127.0.0.1 {free_port()} 1\n"
    )
    url = f"sentinel://127.0.0.1:{port}/0?master=none"

    def refused(url: str) -> str:
        with closing(Records(Connection(url, "wt", retries=0))) as records:
            with pytest.raises(StoreUnavailable) as found:
                records.reading.ping()
            return found.value.message.partition("has ")[2]

    with subprocess.Popen([redis_program, file, "--sentinel"], stdout=subprocess.DEVNULL) as sentinel:
        try:
            until(lambda: "password" in refused(url), "the Sentinel asks for a password")
            assert refused(f"{url}&sentinel_password=wrong") == refused(url)
            assert refused(f"{url}&sentinel_password=secret").startswith("Sentinels that know no master of this name")
        finally:
            sentinel.terminate()
    assert refused(url).startswith("no Sentinel that answers")


def test_the_address_is_read_and_told_to_kombu_in_its_spelling() -> None:
    address = SentinelAddress.read(URL)
    assert address
    assert address.sentinels == (("one", 26379), ("two", 26380))
    assert (address.master, address.database, address.username, address.password) == ("mine", 1, "worker", "p@ss")
    assert broker_url(URL) == "sentinel://worker:p%40ss@one:26379/1;sentinel://two:26380"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sentinel://one:26379/0", "names no master"),
        ("sentinel://one:x/0?master=mine", "not the address of a Sentinel"),
        ("sentinel://one/zero?master=mine", "number of a database"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SentinelAddress.read(url)


def test_a_redis_cluster_is_refused_with_the_reason(
    redis_program: str, tmp_path: Path, setenv: pytest.MonkeyPatch
) -> None:
    # Without a port of its own the bus of the cluster takes the server's plus 10,000, which may be in use.
    clustered = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with RedisServer(redis_program, tmp_path, *clustered) as server, Client(server.url) as client:
        with redis.Redis(port=server.port) as node:
            node.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        setenv.setenv("WINDTUNNEL_REDIS_URL", server.url)
        setenv.setenv("WINDTUNNEL_LOCK_DIR", str(tmp_path))
        with pytest.raises(SystemExit, match="Redis Cluster, which cannot be used"):
            main(["finalize"])
        with pytest.raises(StoreUnsupported, match="Sentinel"):
            client.submit(Job(code="print(1)"))
