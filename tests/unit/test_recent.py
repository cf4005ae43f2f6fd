"""The small cache, which a finalizer's threads share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from windtunnel_worker.recent import Recent


@pytest.fixture
def hurried() -> Iterator[None]:
    """Have the interpreter change threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hurried")
def test_several_threads_may_use_it_while_its_values_come_and_go() -> None:
    kept = Recent[int, int](2)

    def use(number: int) -> int:
        return kept.get(number % 3) or kept.keep(number % 3, number % 3)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(use, range(20_000))) == [number % 3 for number in range(20_000)]


def test_what_was_not_used_for_longest_goes_first_and_the_newest_stays() -> None:
    kept = Recent[str, int](10)
    kept.keep("first", 1, 4)
    kept.keep("second", 2, 4)
    assert kept.get("first") == 1
    kept.keep("third", 3, 4)
    assert [kept.get(name) for name in ("first", "second", "third")] == [1, None, 3]
    kept.keep("large", 4, 11)
    assert [kept.get(name) for name in ("first", "third", "large")] == [None, None, 4]
