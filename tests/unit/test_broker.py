"""Addresses and names of what the broker sends."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from celery import Celery

from windtunnel.broker import Broker, broker_tls, broker_transport_options, broker_url, task_name
from windtunnel.wake import STAGES, monitor_queue, ticket_queue


@pytest.mark.parametrize(
    ("url", "kombu"),
    [
        ("redis://127.0.0.1:7411/0", "redis://127.0.0.1:7411/0"),
        ("rediss://u:p@h:1/2?ssl_ca_certs=/ca.pem", "rediss://u:p@h:1/2"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
    ],
)
def test_a_redis_url_in_kombus_spelling(url: str, kombu: str) -> None:
    assert broker_url(url) == kombu


def test_what_a_url_says_of_tls_is_what_kombu_and_flower_are_told() -> None:
    said = broker_tls("rediss://h/0?ssl_ca_certs=/ca.pem&ssl_check_hostname=false&ssl_certfile=/me.pem")
    assert said == {
        "ssl_cert_reqs": "required",
        "ssl_ca_certs": "/ca.pem",
        "ssl_check_hostname": False,
        "ssl_certfile": "/me.pem",
    }
    assert broker_tls("rediss://h/0") == {"ssl_cert_reqs": "required"}
    assert broker_tls("redis://h/0") is None


def test_a_task_is_named_after_its_stage() -> None:
    assert [task_name(stage) for stage in STAGES] == [
        "windtunnel.validate",
        "windtunnel.execute",
        "windtunnel.finalize",
    ]


def test_the_schedule_decides_the_order_and_every_socket_has_a_deadline() -> None:
    options = broker_transport_options()
    assert options["priority_steps"] == [0], "one list a queue"
    assert options["socket_timeout"] > 0
    assert options["socket_connect_timeout"] > 0


def test_what_queues_are_called() -> None:
    assert (ticket_queue("default"), ticket_queue("gpu")) == ("execute", "execute.gpu")
    assert monitor_queue("here") == "monitor.here"


THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from windtunnel.broker import Broker, producer_app

sys.setswitchinterval(1e-6)
barrier = Barrier(4)


def publish(_):
    barrier.wait()
    app = producer_app("redis://127.0.0.1:1/0")
    app.conf.task_publish_retry = False
    Broker("", app).finalize()


with ThreadPoolExecutor(4) as pool:
    list(pool.map(publish, range(4)))
"""
"""The first use of a process, by all of its threads at the same time."""


def test_threads_may_publish_first_at_the_same_time() -> None:
    ran = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=60, check=False)
    assert "ImportError" not in ran.stderr
    assert ran.returncode == 0


def test_as_many_threads_as_the_pool_has_connections_may_publish() -> None:
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.broker_pool_limit = 1
    publishing = threading.Thread(target=Broker("", app).validate, args=("b", 2), daemon=True)
    publishing.start()
    publishing.join(timeout=10)
    assert not publishing.is_alive()
