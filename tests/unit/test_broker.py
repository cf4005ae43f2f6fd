"""Addresses and names of what the broker sends."""

from __future__ import annotations

import pytest

from windtunnel.broker import broker_tls, broker_transport_options, broker_url, task_name
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
