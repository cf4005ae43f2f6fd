"""What is set aside, and that setting aside stops nothing."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from kombu.message import Message
from tests.faults.messages import malformed

from windtunnel_worker.celery.dead_letters import MAX_KEPT_BYTES, put_aside
from windtunnel_worker.celery.messages import Unreadable, check_task, read_envelope, read_unacknowledged

GOOD = {
    "body": "W10=",
    "content-type": "application/json",
    "content-encoding": "utf-8",
    "headers": {},
    "properties": {
        "delivery_tag": "1",
        "delivery_info": {"exchange": "", "routing_key": "work"},
        "priority": 0,
        "body_encoding": "base64",
    },
}


def test_it_is_logged_without_its_body_and_kept_up_to_a_bound(caplog: pytest.LogCaptureFixture) -> None:
    kept: list[tuple[str, str, bytes]] = []
    with caplog.at_level(logging.ERROR):
        put_aside(lambda *letter: kept.append(letter), "work", "why", b"secret" * MAX_KEPT_BYTES)
    assert "action=dead-letter queue=work" in caplog.text
    assert "secret" not in caplog.text
    assert [(queue, reason, len(body)) for queue, reason, body in kept] == [("work", "why", MAX_KEPT_BYTES)]


def test_a_store_that_refuses_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*_: object) -> None:
        raise OSError("full")

    put_aside(refuse, "work", "why", b"x")
    assert "action=dead-letter-lost queue=work reason=OSError" in caplog.text


def test_a_good_envelope_is_read() -> None:
    assert read_envelope(json.dumps(GOOD).encode()) == GOOD
    read_unacknowledged(json.dumps([GOOD, "", "work"]).encode())


def test_a_reason_quotes_nothing_of_the_message() -> None:
    bad = [text for text in malformed(lambda: json.loads(json.dumps(GOOD | {"body": "tell-tale"}))) if "tell" in text]
    assert bad
    for text in bad:
        with pytest.raises(Unreadable, match=r"^(?!.*tell-tale)"):
            read_envelope(text.encode())


@pytest.mark.parametrize("entry", ["garbage", "null", "[]", '["a", "b", "c"]', '[{}, "", "work"]', "[1, 2, 3, 4]"])
def test_an_unacknowledged_entry_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(Unreadable):
        read_unacknowledged(entry.encode())


def check_call(stage: str, *arguments: object, options: object = None, eta: str | None = None, **named: object) -> None:
    """What a worker does with a message that calls the task of this stage."""
    headers = {"task": (task := f"windtunnel.{stage}"), "id": "1", **({"eta": eta} if eta else {})}
    body = json.dumps([arguments, named, options])
    message = Message(body, headers=headers, content_type="application/json", content_encoding="utf-8")
    check_task(message, {task})


def test_the_tasks_take_what_the_stages_send() -> None:
    check_call("validate", "9f2c")
    check_call("execute", {"pool": "default", "ready": 3})
    check_call("finalize", ["9f2c-0", "and 7 more"])
    check_call("monitor", "9f2c-0", "1-0af3", "c0ffee" * 10, 17, 1795881508.9)


@pytest.mark.parametrize(
    ("stage", "arguments"),
    [
        ("validate", []),
        ("validate", [None]),
        ("execute", ["default"]),
        ("finalize", [{}]),
        ("finalize", [[], []]),
        ("monitor", ["9f2c-0", "first", "c0ffee" * 10, 17, 1.0]),
        ("monitor", ["9f2c-0", "1-0af3", "../../escape", 17, 1.0]),
        ("monitor", ["9f2c-0", "1-0af3", "c0ffee" * 10, -1, 1.0]),
    ],
)
def test_a_task_that_is_called_with_anything_else_is_set_aside(stage: str, arguments: list[object]) -> None:
    with pytest.raises(Unreadable, match="arguments"):
        check_call(stage, *arguments)
    with pytest.raises(Unreadable):
        check_call(stage, *arguments, named=1)


def a_step(stage: str, **changes: object) -> dict[str, object]:
    """What a chain says of a later stage."""
    options = {"queue": stage, "task_id": "2", "reply_to": "3"}
    step: dict[str, object] = {"task": f"windtunnel.{stage}", "args": [], "kwargs": {}, "options": options}
    return {**step, "subtask_type": None, "immutable": False, **changes}


def test_the_stages_behind_a_message_are_read() -> None:
    nothing = {"callbacks": None, "errbacks": None, "chord": None}
    check_call("validate", "9f2c", options=nothing | {"chain": [a_step("finalize"), a_step("execute")]})
    check_call("finalize", [], options={"callbacks": [], "errbacks": [], "chain": None, "chord": None})


@pytest.mark.parametrize(
    "options",
    [
        {"callbacks": [a_step("execute")]},
        {"errbacks": [a_step("finalize")]},
        {"chord": a_step("finalize")},
        {"chain": [a_step("execute")] * 3},
        {"chain": [a_step("monitor")]},
        {"chain": [a_step("finalize", task="celery.map")]},
        {"chain": [a_step("execute", options={"queue": "monitor.host"})]},
        {"chain": [a_step("execute", options={"queue": "execute", "exchange": "celery.pidbox"})]},
        {"chain": [a_step("execute", args=[{"pool": "gpu"}], immutable=True)]},
        {"chain": [a_step("finalize", kwargs={"ran": []})]},
        {"chain": [a_step("finalize", subtask_type="group")]},
    ],
)
def test_a_message_that_has_a_worker_publish_anything_else_is_set_aside(options: dict[str, object]) -> None:
    with pytest.raises(Unreadable, match="content"):
        check_call("validate", "9f2c", options=options)


def test_a_message_for_a_distant_time_is_set_aside() -> None:
    check_call("validate", "9f2c", eta=(datetime.now(UTC) + timedelta(seconds=1)).isoformat())
    with pytest.raises(Unreadable, match="eta"):
        check_call("validate", "9f2c", eta=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
