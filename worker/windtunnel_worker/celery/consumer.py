"""Celery's consumer, made to set aside what it cannot read and to outlive its connections."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

from billiard.exceptions import RestartFreqExceeded
from celery.exceptions import WorkerLostError
from celery.worker import consumer as celery_consumer
from celery.worker import pidbox, state
from celery.worker.consumer import control
from kombu.message import Message
from redis.exceptions import RedisError, ResponseError

from windtunnel_worker.celery.dead_letters import put_aside
from windtunnel_worker.celery.messages import Unreadable, check_task, raw_bytes

log = logging.getLogger(__name__)

# The stubs of Celery leave out most of what a consumer is made of.
_Pidbox: Any = pidbox.Pidbox
_Control: Any = control.Control
_Consumer: Any = celery_consumer.Consumer

LONGEST_RETRY_PAUSE_S = 2.0
"""Between two attempts to connect; Celery's own grows to 30 s, long after Redis is back."""
REFUSED_PAUSE_S = 1.0
"""Before a new connection to a Redis that answers but refuses a command, for example as it became a replica."""
MAX_FAULTS, FAULT_WINDOW_S = 5, 60.0
"""A worker with more faults that are not Redis's within this time ends, so that a fresh one takes its place."""


class Pidbox(_Pidbox):  # type: ignore[misc]
    """Remote control that no command and no full Redis can end."""

    def on_message(self, body: Any, message: Any) -> None:
        """Carry a command out. Celery would bind the mailbox anew after an error, which a full Redis refuses."""
        self._forward_clock()
        try:
            self.node.handle_message(body, message)
        except Exception as error:  # noqa: BLE001 - the command came from outside
            log.warning("action=control-failed reason=%s", type(error).__name__)


class Control(_Control):  # type: ignore[misc]
    """The step that starts remote control."""

    def __init__(self, c: Any, **kwargs: Any) -> None:
        super().__init__(c, **kwargs)
        self.box = Pidbox(c)
        self.start, self.stop, self.shutdown = self.box.start, self.box.stop, self.box.shutdown


class Consumer(_Consumer):  # type: ignore[misc]
    """Consumes until it is asked to stop; `received` counts messages, readable or not."""

    class Blueprint(_Consumer.Blueprint):  # type: ignore[misc]
        """Celery's steps, with our remote control."""

        default_steps: ClassVar[list[Any]] = [
            Control if step == "celery.worker.consumer.control:Control" else step
            for step in _Consumer.Blueprint.default_steps
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.received = 0
        self._expected: tuple[type[Exception], ...] = (*self.connection_errors, *self.channel_errors)
        # Celery reconnects after these. A new connection is worth a try after any other error, too.
        self.channel_errors: tuple[type[Exception], ...] = (*self._expected, Exception)
        self._faults: deque[float] = deque(maxlen=MAX_FAULTS)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Message], None]:
        """What is called with each message."""
        handle = super().create_task_handler(*args, **kwargs)

        def on_task_received(message: Message) -> None:
            self.received += 1
            try:
                check_task(message, self.strategies)
                handle(message)
            except Unreadable as error:
                self._set_aside(message, str(error))
            except (RedisError, OSError):
                raise
            except Exception as error:  # the last line of defence: the check should have found it
                log.exception("action=task-refused reason=%s", type(error).__name__)
                state.requests.pop(str(message.headers.get("id")), None)
                self._set_aside(message, f"Celery refuses it ({type(error).__name__})")

        return on_task_received

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        """Set aside what kombu cannot decode."""
        self._set_aside(message, f"it cannot be decoded ({type(exc).__name__})")

    def on_unknown_message(self, _body: Any, message: Message) -> None:
        """Set aside what is not a task."""
        self._set_aside(message, "it is not a task")

    def on_unknown_task(self, _body: Any, message: Message, _exc: Exception) -> None:
        """Set aside a task that does not exist."""
        self._set_aside(message, "it names a task that does not exist here")

    def on_invalid_task(self, _body: Any, message: Message, exc: Exception) -> None:
        """Set aside a task that Celery cannot build."""
        self._set_aside(message, f"Celery refuses it ({type(exc).__name__})")

    def _set_aside(self, message: Any, reason: str) -> None:
        queue = str((message.delivery_info or {}).get("routing_key"))
        # First kept, then removed: a worker that dies between the two keeps it twice, which is harmless.
        put_aside(message.channel.set_aside, queue, reason, raw_bytes(message))
        if not message.acknowledged:
            message.reject_log_error(log, self._expected)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however long it takes, unless the worker is asked to stop."""

        def failed(error: Exception, pause: float) -> None:
            log.error("action=no-redis url=%s reason=%s retry_s=%.1f", conn.as_uri(), error, pause)

        conn.ensure_connection(
            failed,
            self.app.conf.broker_connection_max_retries,
            interval_start=0.2,
            interval_step=0.5,
            interval_max=LONGEST_RETRY_PAUSE_S,
            callback=state.maybe_shutdown,
        )
        self.first_connection_attempt = False
        return conn

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Redis went away while the connection was being made, or a fault."""
        self._count_fault(exc)
        super().on_connection_error_before_connected(exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Redis went away or refuses what it is asked for, or a fault."""
        self._count_fault(exc)
        if isinstance(exc, ResponseError):
            time.sleep(REFUSED_PAUSE_S)  # a new connection is made at once
        super().on_connection_error_after_connected(exc)

    def _count_fault(self, exc: Exception) -> None:
        """Let errors of the connection pass; raise what a fresh connection does not help, or has not helped."""
        if isinstance(exc, WorkerLostError | RestartFreqExceeded):
            raise exc
        if isinstance(exc, self._expected) and not isinstance(exc, KeyError):  # kombu's list has KeyError
            return
        log.error("action=consumer-fault reason=%s", type(exc).__name__, exc_info=exc)
        now = time.monotonic()
        if len(self._faults) == MAX_FAULTS and now - self._faults[0] < FAULT_WINDOW_S:
            raise exc
        self._faults.append(now)
