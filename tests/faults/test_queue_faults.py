"""Faults of the queue: hostile messages, lost connections, a restarted or full Redis, deaf and dying workers.

Real worker processes on a Redis of the test's own. Each ends with the worker serving the next message, or gone with
a code that says so.
"""

from __future__ import annotations

import base64
import itertools
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self, cast

import kombu
import pytest
import redis
from celery import Celery
from kombu.asynchronous import Hub
from tests.faults.messages import malformed
from tests.support import RedisServer, descendants, environment, still_running, unique, until

from windtunnel.broker import producer_app
from windtunnel.errors import StoreUnavailable, UnreadableRecord
from windtunnel_worker.celery.consumer import REFUSED_PAUSE_S, Consumer
from windtunnel_worker.celery.dead_letters import only_log
from windtunnel_worker.celery.process import Process
from windtunnel_worker.celery.tasks import register
from windtunnel_worker.celery.transport import Channel, connection_class
from windtunnel_worker.celery.watchdog import EXIT_CODE

pytestmark = pytest.mark.faults

PROGRAM = Path(__file__).with_name("worker.py")
POOLS = pytest.mark.parametrize("pool", ["prefork", "threads"])


class Worker:
    """`worker.py` as a process."""

    def __init__(self, server: RedisServer, log: Path, pool: str, width: int = 2, stall_s: float = 30) -> None:
        self.server, self.log, self.host = server, log, unique("worker")
        self.alive_file = log.with_suffix(".alive")
        self.name = f"test@{self.host}"
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(PROGRAM), pool, str(width), str(stall_s), str(self.alive_file)],
                env=environment(WINDTUNNEL_REDIS_URL=server.url, WINDTUNNEL_HOST=self.host),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            children = descendants(self.process.pid)
            self.process.kill()
            self.process.wait()
            assert still_running(children) == []

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def await_said(self, words: str, times: int) -> None:
        """Wait until these words are in its log so many times."""
        deadline = time.monotonic() + 60
        while self.said().count(words) < times:
            assert time.monotonic() < deadline, self.said()[-3000:]
            time.sleep(0.05)

    def await_answer(self, producer: Celery) -> None:
        """Wait until it answers a ping; commands sent while it reconnects are lost."""
        deadline = time.monotonic() + 60
        while not producer.control.inspect([self.name], timeout=1, limit=1).ping():
            assert time.monotonic() < deadline, self.said()[-3000:]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)


@pytest.fixture
def server(redis_program: str, tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(redis_program, tmp_path, "--appendonly", "yes") as server:
        yield server


@pytest.fixture
def keys(server: RedisServer) -> Iterator[redis.Redis]:
    with server.connect() as keys:
        yield keys


@pytest.fixture
def producer(server: RedisServer) -> Iterator[Celery]:
    with producer_app(server.url) as app:
        yield app


@pytest.fixture
def start(server: RedisServer, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    numbers = itertools.count()
    with ExitStack() as workers:

        def start(pool: str, **options: Any) -> Worker:
            log = tmp_path / f"worker{next(numbers)}.log"
            return workers.enter_context(Worker(server, log, pool, **options))

        yield start


@pytest.fixture
def serve(producer: Celery, keys: redis.Redis) -> Callable[[str], None]:
    """Publish a message and wait until a worker has served it."""

    def serve(label: str) -> None:
        producer.send_task("test.serve", [label], queue="work")
        await_served(keys, {label})

    return serve


def await_served(keys: redis.Redis, labels: set[str]) -> None:
    while labels:
        answer = keys.blpop(["served"], timeout=60)
        assert answer, f"not served: {labels}"
        labels = labels - {answer[1]}


def a_message(server: RedisServer, name: str, *args: object, **options: Any) -> dict[str, Any]:
    """What Celery puts on the queue for this task, as Redis has it."""
    with producer_app(server.url) as app, server.connect() as keys:
        app.send_task(name, args, queue="sample", **options)
        message: dict[str, Any] = json.loads(str(keys.lpop("sample")))
    message["properties"]["delivery_info"]["routing_key"] = "work"
    return message


# -- hostile messages ------------------------------------------------------------------------------------


@POOLS
def test_every_good_message_between_malformed_ones_is_served(
    pool: str, server: RedisServer, keys: redis.Redis, start: Callable[..., Worker]
) -> None:
    worker = start(pool)
    bad = malformed(lambda: a_message(server, "test.serve", "tell-tale"))
    good = {f"good{number}" for number in range(len(bad))}
    for label, message in zip(sorted(good), bad, strict=True):
        keys.lpush("work", message)
        keys.lpush("work", json.dumps(a_message(server, "test.serve", label)))
    await_served(keys, good)
    assert keys.llen("dead") == len(bad)
    assert keys.lrange("served", 0, -1) == []
    assert worker.stop() == 0
    assert (keys.hlen("unacked"), keys.zcard("unacked_index")) == (0, 0)
    assert worker.said().count("action=dead-letter ") == len(bad)
    assert "tell-tale" not in worker.said()
    assert base64.b64encode(b'[["tell-tale"').decode()[:12] not in worker.said()


def test_what_is_set_aside_names_its_queue_and_holds_its_bytes(
    keys: redis.Redis, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    start("threads")
    keys.lpush("work", "garbage")
    serve("next")
    queue, reason, body = json.loads(str(keys.lpop("dead")))
    assert (queue, body) == ("work", "garbage")
    assert "JSON" in reason


def test_a_message_is_set_aside_and_given_back_by_the_queue_it_was_on(
    server: RedisServer, keys: redis.Redis, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start("threads", width=1)
    serve("first")
    for name, *arguments in (("test.none",), ("test.hold", "held"), ("test.serve", "waiting")):
        message = a_message(server, name, *arguments)
        message["properties"]["delivery_info"] = {"exchange": "", "routing_key": "served"}
        keys.lpush("work", json.dumps(message))
    assert keys.blpop(["holding"], timeout=60)
    assert json.loads(str(keys.lpop("dead")))[0] == "work"
    worker.process.kill()
    worker.process.wait()
    keys.rpush("go", "")
    start("threads")
    await_served(keys, {"held", "waiting"})
    assert keys.llen("served") == 0


def test_messages_of_a_dead_worker_come_back_although_some_cannot_be_read(
    server: RedisServer, keys: redis.Redis, start: Callable[..., Worker]
) -> None:
    entries = {
        "bad1": "garbage",
        "bad2": json.dumps([{"body": 1}, "", "work"]),
        "bad3": json.dumps([a_message(server, "test.serve", "x"), {}, "work"]),
        "good": json.dumps([a_message(server, "test.serve", "restored"), "", "work"]),
    }
    for tag, entry in entries.items():
        keys.hset("unacked", tag, entry)
        keys.zadd("unacked_index", {tag: 1})
    worker = start("threads")
    await_served(keys, {"restored"})
    assert worker.stop() == 0
    assert keys.llen("dead") == 3
    assert (keys.hlen("unacked"), keys.zcard("unacked_index")) == (0, 0)


def test_garbage_on_the_control_channel_ends_nothing(
    keys: redis.Redis, producer: Celery, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start("threads")
    serve("first")
    for payload in (
        "garbage",
        "null",
        "[]",
        "{}",
        json.dumps({"body": "=", "properties": {"body_encoding": "base64"}}),
    ):
        assert keys.publish("/0.celery.pidbox", payload) >= 1
    producer.control.broadcast("no_such_command")
    producer.control.broadcast("rate_limit", arguments={"task_name": {}, "nonsense": 1})
    serve("last")
    worker.await_answer(producer)


# -- tasks that fail -------------------------------------------------------------------------------------


@POOLS
def test_a_failing_task_is_acknowledged_and_ends_nothing(
    pool: str, keys: redis.Redis, producer: Celery, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start(pool, width=1)
    for kind in ("memory", "exit", "interrupt", "key"):
        producer.send_task("test.fail", [kind], queue="work")
    producer.send_task("test.serve", ["tell-tale", "one too many"], queue="work")
    producer.send_task("test.serve", [], {"tell-tale": 1}, queue="work")
    serve("last")
    assert worker.stop() == 0
    assert keys.hlen("unacked") == 0
    assert "one too many" not in worker.said()


# -- Redis and its connections ---------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["ack", "reject", "requeue"])
def test_an_answer_without_redis_frees_its_place(answer: str, server: RedisServer) -> None:
    received: list[Any] = []
    with connection_class(only_log)(server.url) as connection:
        channel: Any = connection.channel()
        channel.basic_qos(0, 1, False)
        with (
            kombu.Producer(channel) as producer,
            kombu.Consumer(channel, [kombu.Queue("work")], on_message=received.append),
        ):
            producer.publish({}, routing_key="work")
            connection.drain_events(timeout=60)
            assert not channel.qos.can_consume()
            server.stop()
            getattr(received[0], answer)()
            assert channel.qos.can_consume()
    server.start()


def test_a_closed_connection_leaves_nothing_in_the_event_loop(server: RedisServer) -> None:
    hub: Any = Hub()
    for _ in range(3):
        with connection_class(only_log)(server.url) as connection:
            connection.register_with_event_loop(hub)
            assert len(hub.on_tick) == 1
        assert hub.on_tick == set()
    hub.close()


def test_acknowledging_on_a_closed_connection_is_an_error_of_the_connection(server: RedisServer) -> None:
    connection = connection_class(only_log)(server.url)
    channel: Any = connection.channel()
    connection.close()
    with pytest.raises(connection.connection_errors, match="closed"), channel.conn_or_acquire():
        pass


def test_closing_ends_a_pop_at_once_and_loses_nothing(server: RedisServer, keys: redis.Redis) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("nothing was published")

    with connection_class(only_log)(server.url) as connection:
        with kombu.Consumer(connection, [kombu.Queue("work")], on_message=refuse):
            with pytest.raises(TimeoutError):
                connection.drain_events(timeout=0.05)
            [popping] = [client for client in keys.client_list() if client["cmd"] == "brpop"]
        connection.close()
        numbers = {client["id"] for client in keys.client_list()}
        assert popping["id"] not in numbers
    assert keys.info("commandstats")["cmdstat_client|unblock"]["calls"] == 1
    keys.lpush("work", "kept")
    assert keys.lrange("work", 0, -1) == ["kept"]


@POOLS
def test_a_worker_outlives_restarts_of_redis_under_load(
    pool: str, server: RedisServer, producer: Celery, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start(pool)
    serve("first")
    for number in range(5):
        for _ in range(50):
            producer.send_task("test.serve", ["load"], queue="work")
        server.stop()
        server.start()
        serve(f"after{number}")
    assert worker.stop() == 0


@POOLS
def test_a_worker_outlives_the_loss_of_its_connections_under_load(
    pool: str, keys: redis.Redis, producer: Celery, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start(pool, width=1)
    serve("first")
    done = threading.Event()

    def kill_connections() -> None:
        with redis.Redis(port=keys.connection_pool.connection_kwargs["port"]) as killer:
            while not done.is_set():
                killer.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                done.wait(0.02)

    thread = threading.Thread(target=kill_connections)
    for number in range(100):
        producer.send_task("test.serve", [f"load{number}"], queue="work")
    thread.start()
    done.wait(3)
    done.set()
    thread.join()
    serve("last")
    assert worker.stop() == 0


@POOLS
def test_a_worker_outlives_a_full_redis(
    pool: str, server: RedisServer, keys: redis.Redis, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start(pool)
    serve("first")
    ping = a_message(server, "ping", reply_to="replies")
    command = {"method": "ping", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "test"}, "ticket": "1"}
    ping["body"] = base64.b64encode(json.dumps(command).encode()).decode()
    keys.sadd("_kombu.binding.reply.celery.pidbox", Channel.sep.join(["test", "", "replies"]))
    keys.config_set("maxmemory", "1kb")
    for _ in range(3):
        assert keys.publish("/0.celery.pidbox", json.dumps(ping)) == 1
    worker.await_said("action=control-failed", 3)
    keys.config_set("maxmemory", "0")
    assert keys.publish("/0.celery.pidbox", json.dumps(ping)) == 1
    assert keys.blpop(["replies"], timeout=60)
    serve("last")
    assert worker.stop() == 0


def test_what_a_task_cannot_help_is_logged_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    errors = [StoreUnavailable("Redis is out of memory."), UnreadableRecord("A record was replaced.")]

    def refuse() -> None:
        raise errors.pop()

    app = Celery(set_as_current=False)
    register(app, cast("Process", SimpleNamespace(pipeline=SimpleNamespace(finalize=refuse))))
    with caplog.at_level(logging.INFO):
        for text in ("A record was replaced.", "Redis is out of memory."):
            assert app.tasks["windtunnel.finalize"].apply(([],)).failed()
            assert text in caplog.text
    assert "Traceback" not in caplog.text


def test_a_redis_that_refuses_a_command_gets_a_new_connection_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr("windtunnel_worker.celery.consumer.time.sleep", paused.append)
    monkeypatch.setattr("celery.worker.consumer.Consumer.on_connection_error_after_connected", lambda *_: None)
    consumer = Consumer.__new__(Consumer)
    consumer._expected = (redis.RedisError,)
    consumer.on_connection_error_after_connected(redis.ConnectionError("It has gone."))
    assert paused == []
    consumer.on_connection_error_after_connected(redis.ReadOnlyError("It is a replica now."))
    assert paused == [REFUSED_PAUSE_S]


# -- workers that end ------------------------------------------------------------------------------------


@POOLS
def test_term_ends_a_worker_with_0_also_without_redis(
    pool: str, server: RedisServer, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start(pool)
    serve("first")
    server.stop()
    code = worker.stop()
    server.start()
    assert code == 0


def test_one_fault_costs_a_connection_and_many_end_the_worker(
    producer: Celery, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start("threads")
    serve("first")
    for number in range(5):
        producer.control.broadcast("stumble")
        worker.await_said("action=consumer-fault", number + 1)
        serve(f"after{number}")
        worker.await_answer(producer)
    producer.control.broadcast("stumble")
    assert worker.process.wait(60) == 1


def test_a_deaf_worker_ends_itself_although_it_answers(
    producer: Celery, start: Callable[..., Worker], serve: Callable[[str], None]
) -> None:
    worker = start("prefork", stall_s=3)
    serve("first")
    children = descendants(worker.process.pid)
    until(worker.alive_file.exists, "it says that it is alive")
    producer.control.broadcast("deafen")
    producer.send_task("test.serve", ["unserved"], queue="work")
    assert producer.control.inspect([worker.name], timeout=60, limit=1).ping()
    assert worker.process.wait(60) == EXIT_CODE
    assert time.time() - worker.alive_file.stat().st_mtime > 1  # it looked every second, and said no more that it is
    assert still_running(children) == []
    start("prefork")
    serve("by the next one")


def test_busy_children_die_with_a_killed_worker(
    keys: redis.Redis, producer: Celery, start: Callable[..., Worker]
) -> None:
    worker = start("prefork")
    producer.send_task("test.hold", ["held"], queue="work")
    assert keys.blpop(["holding"], timeout=60)
    children = descendants(worker.process.pid)
    assert children
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait()
    assert still_running(children) == []
