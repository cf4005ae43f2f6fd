"""Redis with the users of `deploy/redis/users.acl`: each can do its part and nothing else."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from tests.support import ENOUGH, PATIENCE_S, ROOT, Role, answer_of, free_port, get_json, unique, until

from windtunnel.client import Client
from windtunnel.contract import Job, Outcome
from windtunnel.records.connection import Connection
from windtunnel.records.records import Records
from windtunnel.settings import Settings, load
from windtunnel_worker.sandbox import images

USERS = ("producer", "worker", "flower", "exporter", "operator")
TIME = "import time\ntime.sleep(1)\nprint('done')"


def password(user: str) -> str:
    return f"{user}-@-secret/0123456789"


@contextmanager
def started(folder: Path, redis_program: str, *options: str) -> Iterator[int]:
    """The port of a Redis that `start.sh` starts, its passwords from variables and from files."""
    port = free_port()
    variables = {}
    for user in USERS:
        name = f"WINDTUNNEL_REDIS_PASSWORD_{user.upper()}"
        if user in ("worker", "flower"):
            (folder / user).write_text(password(user) + "\n")
            variables[f"{name}_FILE"] = str(folder / user)
        else:
            variables[name] = password(user)
    with subprocess.Popen(
        [ROOT / "deploy/redis/start.sh", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), *options],
        env={
            **os.environ,
            **variables,
            "ACL_FILE": str(folder / "users.acl"),
            "PATH": f"{Path(redis_program).parent}:{os.environ['PATH']}",
        },
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if "eady to accept connections" in line:
                break
        assert process.poll() is None, "".join(said)
        try:
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server(redis_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with started(tmp_path_factory.mktemp("users"), redis_program) as port:
        yield port


@pytest.fixture
def url(server: int, tmp_path: Path, setenv: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The URL of a user, made as its role makes it: from a URL without a password and a file with one."""

    def url(user: str) -> str:
        file = tmp_path / user
        file.write_text(password(user))
        setenv.setenv("WINDTUNNEL_REDIS_URL", f"redis://{user}@127.0.0.1:{server}/0")
        setenv.setenv("WINDTUNNEL_REDIS_PASSWORD_FILE", str(file))
        found = load(Settings).redis_url.get_secret_value()
        setenv.delenv("WINDTUNNEL_REDIS_PASSWORD_FILE")
        setenv.delenv("WINDTUNNEL_REDIS_URL")
        return found

    return url


def address(port: int, user: str) -> str:
    return f"redis://{user}:{quote(password(user), safe='')}@127.0.0.1:{port}/0"


def connect(server: int, user: str) -> redis.Redis:
    return redis.Redis(port=server, username=user, password=password(user), decode_responses=True)


def test_records_are_there_after_a_restart(redis_program: str, tmp_path: Path) -> None:
    kept = ("--appendonly", "yes")
    with started(tmp_path, redis_program, *kept) as port, Client(address(port, "producer")) as client:
        batch = client.submit_batch([Job(code=f"print({number})") for number in range(20)])
    with started(tmp_path, redis_program, *kept) as port, Client(address(port, "producer")) as client:
        assert client.status(batch).total == 20
        assert len(client.jobs(batch)) == 20


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("producer", "FLUSHALL"),
        ("producer", "CONFIG GET *"),
        ("producer", "KEYS *"),
        ("producer", "LRANGE execute 0 -1"),
        ("producer", "LPUSH monitor.host x"),
        ("producer", "LPUSH execute x"),
        ("producer", "SADD _kombu.binding.reply.celery.pidbox x"),
        ("producer", "SUBSCRIBE /0.celeryev/worker.heartbeat"),
        ("producer", "PUBLISH /0.celery.pidbox shutdown"),
        ("producer", "GET other:key"),
        ("producer", "ACL LIST"),
        ("producer", "SCRIPT FLUSH"),
        ("producer", "FUNCTION FLUSH"),
        ("worker", "FLUSHALL"),
        ("worker", "CONFIG SET dir /tmp"),
        ("worker", "GET other:key"),
        ("worker", "SHUTDOWN"),
        ("worker", "MODULE LIST"),
        ("worker", "FUNCTION FLUSH"),
        ("flower", "HGETALL wt:job:1-0"),
        ("flower", "GET wt:code:1"),
        ("flower", "LPUSH execute x"),
        ("flower", "EVAL return(redis.call('get',KEYS[1])) 1 wt:code:1"),
        ("exporter", "GET wt:code:1"),
        ("exporter", "HGETALL wt:job:1-0"),
        ("exporter", "SET wt:counters 1"),
        ("exporter", "HINCRBY wt:metrics x 1"),
        ("exporter", "LPUSH execute x"),
        ("exporter", "EVAL return(1) 0"),
        ("health", "GET wt:counters"),
        ("operator", "FLUSHALL"),
        ("operator", "SHUTDOWN"),
    ],
)
def test_what_a_user_may_not_do(server: int, user: str, command: str) -> None:
    with connect(server, user) as connection, pytest.raises(redis.exceptions.NoPermissionError):
        connection.execute_command(*command.split())


def test_the_exporter_may_read_all_its_figures(redis_program: str, tmp_path: Path) -> None:
    with (
        started(tmp_path, redis_program) as port,
        connect(port, "worker") as worker,
        closing(Records(Connection(address(port, "exporter"), "wt", retries=0))) as records,
    ):
        worker.sadd("wt:queues", "execute.default")
        below = "execute.default"
        for level, member in (("classes", "5"), ("owners", "alice"), ("batches", "b"), ("lanes", "any")):
            worker.zadd(f"wt:{level}:{below}", {member: 0})
            below = "execute.default:5:b" if level == "batches" else f"{below}:{member}"
        worker.rpush("wt:lane:execute.default:5:b:any", 0)
        worker.zadd("wt:outbox", {"receiver": 0})
        worker.zadd("wt:outbox:receiver", {"b:1": 0})
        worker.zadd("wt:hosts", {"host": 1000 * time.time()})
        worker.zadd("wt:leases", {"host:1:x": 0})
        worker.hset("wt:held:host:1:x", "b-1", "1.x 1")
        figures = records.metrics.read()
        assert [(one.owner, one.jobs) for one in figures.waiting] == [("alice", 1)]
        assert [(one.host, one.busy) for one in figures.hosts] == [("host", 1)]
        assert figures.webhooks == 1
        assert records.metrics.memory() > (0, 0)


def test_nobody_comes_in_without_a_password(server: int) -> None:
    for user, secret in ((None, None), (None, "nopass"), ("default", ""), ("default", "nopass"), ("worker", "guess")):
        with (
            redis.Redis(port=server, username=user, password=secret) as wrong,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            wrong.ping()
    with redis.Redis(port=server, username="health", password="any") as health:
        assert health.ping()


def test_jobs_run_through_roles_that_each_have_their_own_user(
    url: Callable[[str], str], docker_engine: images.Image, tmp_path: Path
) -> None:
    host, metrics_port, flower_port = unique("users"), free_port(), free_port()
    variables = {
        "SANDBOX_DEFAULT_IMAGE": docker_engine.name,
        "WINDTUNNEL_DATA_DIR": str(tmp_path / "data"),
        "WINDTUNNEL_STORE_URL": str(tmp_path / "store"),
        "WINDTUNNEL_LOCK_DIR": str(tmp_path / "locks"),
        "FLOWER_UNAUTHENTICATED_API": "1",
    }
    roles = [(role, "worker", ("--concurrency", "1")) for role in ("validate", "execute", "monitor", "finalize")]
    with ExitStack() as stack:
        for role, user, arguments in (
            *roles,
            ("metrics", "exporter", ("--port", str(metrics_port))),
            ("flower", "flower", ("--port", str(flower_port))),
        ):
            log = tmp_path / f"{role}.log"
            stack.enter_context(Role(role, url(user), host, log, *arguments, **variables))
        with Client(url("producer")) as client:
            batch = client.submit_batch([Job(code=TIME), Job(code="import os"), Job(code="1 / 0")])
            status = client.wait(batch, timeout=180)
            assert status.outcomes == {Outcome.SUCCEEDED: 1, Outcome.REJECTED: 1, Outcome.FAILED: 1}
            slow, rejected, _ = client.reports(batch)
            assert (slow.resources.samples > 0, rejected.resources.samples) == (True, 0)
            again = client.submit(Job(code=f"import time\ntime.sleep({PATIENCE_S})", limits=ENOUGH))
            client.cancel(again)
            assert client.wait(again, timeout=PATIENCE_S).outcome is Outcome.CANCELLED

            def shown() -> bool:  # Flower may have come late, and hears of a task when that is done
                client.wait(client.submit(Job(code="1 / 0")), timeout=PATIENCE_S)
                tasks = get_json(f"http://127.0.0.1:{flower_port}/api/tasks")
                return "windtunnel.execute" in {task["name"] for task in tasks.values()}

            until(shown, "Flower shows tasks")
        metrics = answer_of(f"http://127.0.0.1:{metrics_port}/metrics")
        assert 'windtunnel_jobs_total{outcome="succeeded"} 1.0' in metrics
    for log in tmp_path.glob("*.log"):
        assert "no permissions" not in log.read_text().lower(), log.read_text()[-2000:]
        assert "secret" not in log.read_text()
