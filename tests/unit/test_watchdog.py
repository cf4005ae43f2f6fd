"""When a queue counts as standing still."""

from __future__ import annotations

import pytest

from windtunnel_worker.celery.watchdog import Stall


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 10.0
        return self.now


def waits() -> bool:
    return True


def test_a_queue_that_waits_while_nothing_is_taken_stands_still_ever_longer() -> None:
    stall = Stall(Clock())
    assert [stall.seconds(7, True, waits) for _ in range(4)] == [0.0, 10.0, 20.0, 30.0]


@pytest.mark.parametrize(
    ("received", "free", "waiting"),
    [(8, True, True), (7, False, True), (7, True, False)],
    ids=["moved", "busy", "empty"],
)
def test_a_message_a_busy_worker_or_an_empty_queue_starts_the_count_again(
    received: int, free: bool, waiting: bool
) -> None:
    stall = Stall(Clock())
    stall.seconds(7, True, waits)
    assert stall.seconds(7, True, waits) > 0
    assert stall.seconds(received, free, lambda: waiting) == 0.0
    assert stall.seconds(received, True, waits) <= 10.0


def test_redis_is_asked_only_where_the_answer_matters() -> None:
    def refuse() -> bool:
        raise AssertionError("asked")

    stall = Stall(Clock())
    assert stall.seconds(1, True, waits) == 0.0
    assert stall.seconds(2, True, refuse) == 0.0
    assert stall.seconds(2, False, refuse) == 0.0
