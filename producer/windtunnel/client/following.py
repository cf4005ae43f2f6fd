"""Follows batches by their event streams, across short outages of Redis. May import records and contract."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, TypeVar

from windtunnel.client.ids import checked
from windtunnel.errors import ClientClosed, FieldProblem, InvalidInput, StoreUnavailable, WaitTimeout

if TYPE_CHECKING:
    from windtunnel.contract import Event
    from windtunnel.records.reading import Reading

R = TypeVar("R")
BLOCK_S = 5.0
"""How long one read of the event streams waits in Redis; below the socket's timeout."""
OUTAGE_S = 60.0
"""How long a stream or a wait goes on while Redis does not answer, for example during a restart."""
PAUSE_S = 0.5
GIVEN_UP: ContextVar[threading.Event | None] = ContextVar("GIVEN_UP", default=None)
"""Set, during a call of `AsyncClient`, when nobody waits for its result any more."""


def closed() -> ClientClosed:
    """The error for a call on a closed client."""
    return ClientClosed("This client is closed.", remedy="Use it before `close`, or make another.")


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


def events(reading: Reading, after: dict[str, str], timeout: float | None, patience: Patience) -> Iterator[Event]:
    """Every event of these batches once, each batch's in order, until all of their jobs have their report."""
    deadline = deadline_of(timeout)
    open_ones = dict(after)
    while open_ones:
        names = ", ".join(open_ones)
        statuses = patience.read(partial(reading.batch_statuses, tuple(open_ones)), deadline, names)
        done = {one.batch_id for one in statuses if one.done}
        block = 0.001 if done else remaining(deadline, names)
        found = patience.read(partial(reading.events, open_ones, block), deadline, names)
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


class Patience:
    """Repeats reads of one client while Redis does not answer, for a minute in all, if it has answered any call before.

    It outlasts a single wait, so that a caller who waits again and again with a short timeout is told of a long outage.
    """

    def __init__(self, has_answered: Callable[[], bool]) -> None:
        self._has_answered = has_answered
        self._silent_since: float | None = None

    def read(self, read: Callable[[], R], deadline: float | None, name: str) -> R:
        """What `read` returns; `WaitTimeout` after the deadline, `StoreUnavailable` after a minute of silence."""
        given_up = GIVEN_UP.get()
        while True:
            if given_up is not None and given_up.is_set():
                raise closed()
            try:
                found = read()
            except StoreUnavailable as error:
                now = time.monotonic()
                if self._gives_up(now):
                    raise
                if deadline is not None and now >= deadline:
                    raise WaitTimeout(
                        f"{name} may not be finished yet: Redis did not answer in time.", remedy="Wait again."
                    ) from error
            else:
                self._silent_since = None
                return found
            time.sleep(PAUSE_S)

    def _gives_up(self, now: float) -> bool:
        if self._silent_since is None:
            self._silent_since = now
        if self._has_answered() and now - self._silent_since < OUTAGE_S:
            return False
        self._silent_since = None  # the next wait has a minute again
        return True
