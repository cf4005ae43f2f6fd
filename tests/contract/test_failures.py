"""How each refusal of a real Redis is explained: by a command, by a script, and before the first command."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import redis
from tests.support import RedisServer, free_port, until
from typer.testing import CliRunner

from windtunnel.cli import host
from windtunnel.cli.commands import app
from windtunnel.errors import StoreForbidden, StoreUnavailable
from windtunnel.records.connection import Connection
from windtunnel.records.records import Records
from windtunnel_worker.celery.roles import ROLES, main


@pytest.fixture
def server(redis_program: str, tmp_path: Path) -> Iterator[redis.Redis]:
    """A Redis of this test's own, through the connection that sets it up."""
    with RedisServer(redis_program, tmp_path) as own, own.connect() as connection:
        yield connection


def refusal(server: redis.Redis, *, user: str = "", database: int = 0) -> StoreUnavailable:
    """How a command that writes and a script are refused."""
    url = f"redis://{user}127.0.0.1:{server.get_connection_kwargs()['port']}/{database}"
    records = Records(Connection(url, "wt", retries=0))
    with closing(records):
        with pytest.raises(StoreUnavailable) as command:
            records.metrics.add({"x": 1})
        with pytest.raises(StoreUnavailable) as script:
            records.hosts.seen("host", 1, "1", ["default"], [])
    assert (type(command.value), command.value.remedy) == (type(script.value), script.value.remedy)
    return command.value


def test_a_replica(server: redis.Redis) -> None:
    server.replicaof("127.0.0.1", str(free_port()))
    assert "is a replica" in refusal(server).message


def test_no_memory_left(server: redis.Redis) -> None:
    server.config_set("maxmemory", 1)
    assert "is out of memory" in refusal(server).message


def test_passwords_and_users(server: redis.Redis) -> None:
    server.acl_setuser("reader", True, passwords="+right", keys="*", categories=["+@read", "+@connection"])
    server.config_set("requirepass", "right")
    assert "requires a password" in refusal(server).message
    assert "refuses this user or password" in refusal(server, user=":wrong@").message
    assert isinstance(refusal(server, user="reader:right@"), StoreForbidden)


def test_too_few_replicas(server: redis.Redis) -> None:
    server.config_set("min-replicas-to-write", 1)
    assert "has fewer replicas than it requires" in refusal(server).message


def test_a_script_of_another_application_that_does_not_end(server: redis.Redis) -> None:
    server.config_set("busy-reply-threshold", 1)
    with ThreadPoolExecutor(1) as other:
        running = other.submit(server.eval, "while true do end", 0)
        try:
            until(lambda: "BUSY" in answer_to_ping(server), "Redis says that it is busy")
            assert "is busy with a script" in refusal(server).message
        finally:
            server.script_kill()
        assert isinstance(running.exception(), redis.ResponseError)


def answer_to_ping(server: redis.Redis) -> str:
    try:
        return str(server.ping())
    except redis.ResponseError as error:
        return str(error)


def test_a_command_that_is_renamed(redis_program: str, tmp_path: Path) -> None:
    renamed = ("--rename-command", "evalsha", "x", "--rename-command", "hincrbyfloat", "y")
    with RedisServer(redis_program, tmp_path, *renamed) as own, own.connect() as connection:
        assert "lacks a command" in refusal(connection).message


def test_no_such_database(server: redis.Redis) -> None:
    assert "has no database of this number" in refusal(server, database=99).message


def test_no_room_for_another_client(server: redis.Redis) -> None:
    server.config_set("maxclients", 1)
    assert "has as many clients as it may" in refusal(server).message


def test_doctor_finds_that_a_user_may_not_read_the_records(server: redis.Redis, setenv: pytest.MonkeyPatch) -> None:
    server.acl_setuser("worker", True, passwords="+right", keys=["wt", "wt:*"], categories=["+@all"])
    setenv.setattr(host, "load", lambda: None)
    setenv.setenv("WINDTUNNEL_REDIS_URL", f"redis://worker:right@127.0.0.1:{server.get_connection_kwargs()['port']}/0")
    setenv.setenv("WINDTUNNEL_KEY_PREFIX", "other")
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "BAD records: " in done.stdout
    assert "WINDTUNNEL_KEY_PREFIX" in done.stdout


@pytest.mark.parametrize("role", ROLES)
def test_no_role_starts_on_a_cluster(role: str, redis_program: str, tmp_path: Path, setenv: pytest.MonkeyPatch) -> None:
    with RedisServer(redis_program, tmp_path, "--cluster-enabled", "yes") as own:
        setenv.setenv("WINDTUNNEL_REDIS_URL", own.url)
        with pytest.raises(SystemExit, match="is a Redis Cluster"):
            main([role, "--port", str(free_port())])
