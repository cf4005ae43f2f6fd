"""Ends a worker that does not take messages from a non-empty queue, so that its supervisor starts a new one.

That a worker answers a ping only proves that its event loop runs; it is alive if it takes messages. The watchdog also
notifies systemd, which ends a worker whose watchdog hangs, and touches a file for a container's health check.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.bootsteps import StartStopStep
from celery.signals import heartbeat_sent
from celery.worker import state
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from windtunnel_worker.celery.systemd import ALIVE, STOPPING, notify

log = logging.getLogger(__name__)

EXIT_CODE = 75
"""EX_TEMPFAIL of sysexits.h: start it again."""
LOOKS = 3
"""How often the queue is looked at within the limit."""
BEATS_WITHIN_S = 30.0
"""If the event loop sends no heartbeat for this long, it hangs or does not reach Redis."""


class Stall:
    """Measures for how long this worker has taken no message although it could have."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._received = -1

    def seconds(self, received: int, free: bool, waiting: Callable[[], bool]) -> float:
        """That time; 0 if a message came since the last call, no place is free, or (checked last) nothing waits."""
        moved, self._received = received != self._received, received
        if moved or not free or not waiting():
            self._since = None
            return 0.0
        if self._since is None:
            self._since = self._clock()
        return self._clock() - self._since


class Watchdog(StartStopStep):
    """A thread of the worker's own process, so that it works under any supervisor."""

    requires = ("celery.worker.components:Pool",)
    limit_s = 30.0
    alive_file: Path | None = None
    """Touched while messages are taken and the event loop sends heartbeats, which it cannot do without Redis."""

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._stopping = threading.Event()
        self._beat_at = -math.inf
        heartbeat_sent.connect(self._note_beat)

    def start(self, parent: Any) -> None:
        """Watch until the worker stops."""
        threading.Thread(target=self._watch, args=(parent,), name="watchdog", daemon=True).start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Stop watching, since a stopping worker does not take messages."""
        self._stopping.set()
        notify(STOPPING)

    close = terminate = stop

    def _note_beat(self, **_: object) -> None:
        self._beat_at = time.monotonic()

    def _say_alive(self) -> None:
        notify(ALIVE)
        if self.alive_file and time.monotonic() - self._beat_at < BEATS_WITHIN_S:
            self.alive_file.touch()

    def _watch(self, worker: Any) -> None:
        stall = Stall()
        while not self._stopping.is_set():
            try:
                with worker.app.connection_for_read() as connection:
                    self._look(worker, connection, stall)
            except (RedisError, OSError, OperationalError) as error:
                stall = Stall()  # without Redis no queue can move
                log.info("action=watchdog-blind reason=%s", type(error).__name__)
                notify(ALIVE)
                self._stopping.wait(self.limit_s / LOOKS)

    def _look(self, worker: Any, connection: Any, stall: Stall) -> None:
        queues = list(worker.app.amqp.queues.consume_from)
        channel = connection.default_channel
        while True:
            free = len(state.reserved_requests) < worker.pool.num_processes
            seconds = stall.seconds(worker.consumer.received, free, lambda: bool(channel.waiting(queues)))
            if not seconds:
                self._say_alive()
            elif seconds >= self.limit_s and not self._asked_to_stop():
                self._end(queues, seconds)
            if self._stopping.wait(self.limit_s / LOOKS):
                return

    def _asked_to_stop(self) -> bool:
        # A worker that was asked to stop does not take messages while it finishes.
        return self._stopping.is_set() or state.should_stop is not None or state.should_terminate is not None

    def _end(self, queues: list[str], seconds: float) -> None:
        log.critical(
            "action=deaf queues=%s stalled_s=%.0f: messages wait, places are free and none was taken; ending",
            ",".join(queues),
            seconds,
        )
        logging.shutdown()
        os._exit(EXIT_CODE)  # the main thread may be what hangs
