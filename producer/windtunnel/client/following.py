"""Follows batches by their event streams, across short outages of Redis. May import records and contract."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, TypeVar

from windtunnel.client.ids import checked
from windtunnel.errors import FieldProblem, InvalidInput, StoreUnavailable, WaitTimeout

if TYPE_CHECKING:
    from windtunnel.contract import Event
    from windtunnel.records.reading import Reading

R = TypeVar("R")
BLOCK_S = 5.0
"""How long one read of the event streams waits in Redis; below the socket's timeout."""
OUTAGE_S = 60.0
"""How long a stream waits for Redis while it does not answer, for example during a restart."""
PAUSE_S = 0.5


def places(batches: str | Iterable[str], after: str | Mapping[str, str]) -> dict[str, str]:
    """The event of each batch after which to continue. `InvalidInput` for several batches with one id, or for none."""
    names = [batches] if isinstance(batches, str) or not isinstance(batches, Iterable) else list(batches)
    names = list(dict.fromkeys(map(checked, names)))
    if not names:
        raise InvalidInput([FieldProblem("batch", "is an empty list; name a batch")])
    if isinstance(after, Mapping):
        return {name: _event(after.get(name, "0")) for name in names}
    if len(names) > 1 and after != "0":
        raise InvalidInput(
            [FieldProblem("after", "must say for each batch which event was the last: {batch: event.id}")]
        )
    return dict.fromkeys(names, _event(after))


def _event(after: str) -> str:
    parts = after.split("-") if isinstance(after, str) else []
    if not 1 <= len(parts) <= 2 or not all(re.fullmatch(r"[0-9]{1,20}", part) and int(part) < 2**64 for part in parts):
        raise InvalidInput(
            [FieldProblem("after", f"{after!r} is not the id of an event; give `event.id`, or '0' for all events")]
        )
    return after


def deadline_of(timeout: float | None) -> float | None:
    """When a wait of so many seconds ends, by the monotonic clock; `InvalidInput` for anything but seconds."""
    if timeout is None:
        return None
    if not isinstance(timeout, Real) or math.isnan(timeout):
        raise InvalidInput([FieldProblem("timeout", f"is {timeout!r}; give seconds, or None to wait without limit")])
    return time.monotonic() + timeout


def events(reading: Reading, after: dict[str, str], timeout: float | None) -> Iterator[Event]:
    """Every event of these batches once, each batch's in order, until all of their jobs have their report."""
    deadline = deadline_of(timeout)
    patient = _Patience(deadline)
    open_ones = dict(after)
    while open_ones:
        names = tuple(open_ones)
        statuses = patient(lambda names=names: reading.batch_statuses(names))  # type: ignore[misc]
        done = {one.batch_id for one in statuses if one.done}
        block = 0.001 if done else remaining(deadline, ", ".join(names))
        found = patient(lambda block=block: reading.events(open_ones, block))  # type: ignore[misc]
        for event in found:
            open_ones[event.batch_id] = event.id
            yield event
        for name in done - {event.batch_id for event in found}:
            del open_ones[name]


def remaining(deadline: float | None, name: str) -> float:
    """Seconds that the next read may wait; `WaitTimeout` after the deadline."""
    if deadline is None:
        return BLOCK_S
    left = deadline - time.monotonic()
    if left <= 0:
        raise WaitTimeout(f"{name} is not finished yet.", remedy="It continues; wait again.")
    return min(left, BLOCK_S)


class _Patience:
    """Repeats a read while Redis does not answer, for about a minute or until the deadline."""

    def __init__(self, deadline: float | None) -> None:
        self._deadline = deadline

    def __call__(self, read: Callable[[], R]) -> R:
        until = time.monotonic() + OUTAGE_S
        while True:
            try:
                return read()
            except StoreUnavailable:
                now = time.monotonic()
                if now >= until or (self._deadline is not None and now >= self._deadline):
                    raise
            time.sleep(PAUSE_S)
