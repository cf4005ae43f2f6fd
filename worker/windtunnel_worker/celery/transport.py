"""Kombu's Redis transport, made to survive what happens to Redis, to its connections and to its queues.

Each method here replaces one of kombu 5.7 that ends a worker, makes it deaf or reads what it should not trust.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from queue import Empty
from time import time
from typing import Any

import kombu
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from redis.connection import AbstractConnection as RedisConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from windtunnel_worker.celery.dead_letters import SetAside, only_log, put_aside
from windtunnel_worker.celery.messages import Unreadable, read_envelope, read_unacknowledged

log = logging.getLogger(__name__)

# The stubs of kombu leave out most of what a transport is made of.
_QoS: Any = kombu_redis.QoS
_Channel: Any = kombu_redis.Channel
_Connection: Any = RedisConnection

FAILURES = (RedisError, OSError)
"""What a command may raise: Redis is away, refuses the command, or is out of memory."""


class QoS(_QoS):  # type: ignore[misc]
    """The messages that a consumer has received and not acknowledged; each holds one of its places."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note a message as received. One that Redis cannot note is served all the same: it is off its queue."""
        try:
            super().append(message, delivery_tag)
        except FAILURES as error:
            log.warning("action=unprotected reason=%s", type(error).__name__)
            virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge, and free the place whether or not Redis hears of it: a second delivery is harmless."""
        self._settle("ack", delivery_tag, super().ack)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Refuse or give back, and free the place whether or not Redis hears of it."""
        self._settle("reject", delivery_tag, lambda tag: super(QoS, self).reject(tag, requeue=requeue))

    def _settle(self, what: str, delivery_tag: str, tell: Callable[[str], None]) -> None:
        # Kombu frees the place last, so an error before leaves the consumer with one place fewer, for ever.
        try:
            tell(delivery_tag)
        except FAILURES as error:
            log.warning("action=%s-failed reason=%s", what, type(error).__name__)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def restore_visible(self, start: int = 0, num: int = 10, interval: int = 10) -> None:
        """Give back what was received too long ago. One command where there is nothing: kombu takes a lock first."""
        overdue = time() - self.visibility_timeout
        try:
            with self.channel.conn_or_acquire() as client:
                index = self.unacked_index_key
                if client.zrange(index, 0, overdue, byscore=True, offset=0, num=1):
                    super().restore_visible(start, num, interval)
        except ResponseError as error:
            log.warning("action=restore-refused reason=%s", type(error).__name__)

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """Give one message back to its queue, or set it aside: one that cannot be read would block all others."""
        with self.channel.conn_or_acquire(client) as connected:
            raw = connected.hget(self.unacked_key, tag)
            try:
                if raw is not None:
                    read_unacknowledged(raw)
            except Unreadable as error:
                put_aside(self.channel.set_aside, self.unacked_key, str(error), raw)
                self._remove_from_indices(tag).execute()
                return
            super().restore_by_tag(tag, connected, leftmost)


class Channel(_Channel):  # type: ignore[misc]
    """A channel that passes on only what it could read, and that a lost connection cannot leave half closed."""

    QoS = QoS
    set_aside: Any = staticmethod(only_log)
    """A `SetAside`; `connection_class` binds it."""

    def waiting(self, queues: Sequence[str]) -> bool:
        """Whether any of these queues has a message. One command."""
        with self.conn_or_acquire() as client:
            return bool(
                client.exists(*(self._q_for_pri(queue, step) for queue in queues for step in self.priority_steps))
            )

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # Acknowledgements of tasks that outlive a connection come here. Kombu would raise AttributeError, "'NoneType'
        # object has no attribute 'hostname'", which is no connection error and so ends the worker.
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("This channel's connection has been closed.")
        parameters: dict[str, Any] = super()._connparams(asynchronous)
        if asynchronous:
            kind = parameters["connection_class"]
            parameters["connection_class"] = type("NumberedConnection", (_Numbered, kind), {})
        return parameters

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        # Consuming needs no entry in the table of bindings, so a full Redis need not keep a worker from it.
        try:
            super()._queue_bind(exchange, routing_key, pattern, queue)
        except ResponseError as error:
            log.warning("action=binding-refused queue=%s reason=%s", queue, type(error).__name__)

    def maybe_refresh_binding_expiry(self) -> None:
        """Keep the bindings of short-lived queues, where Redis has room; kombu would log a traceback every second."""
        try:
            super().maybe_refresh_binding_expiry()
        except ResponseError as error:
            log.debug("action=binding-refused reason=%s", type(error).__name__)

    def _brpop_read(self, **options: Any) -> bool:
        # As in kombu, but for what is done with the bytes.
        try:
            queue, raw = self._popped(**options)
            self._queue_cycle.rotate(queue)
            # Where it goes if it is given back or set aside: its sender may have named any list in Redis.
            self._hand_on(queue, queue, raw, {"exchange": "", "routing_key": queue})
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _popped(self, **options: Any) -> tuple[str, bytes]:
        connection = self.client.connection
        if connection is None:
            raise RedisConnectionError("This channel has been closed.")
        try:
            reply = self.client.parse_response(connection, "BRPOP", **options)
        except self.connection_errors:
            connection.disconnect()
            raise
        if not reply:
            raise Empty
        key, raw = reply
        return key.decode(errors="replace").rsplit(self.sep, 1)[0], raw

    def _receive_one(self, c: Any) -> bool | None:
        # As in kombu, but for what is done with the bytes.
        try:
            response = c.parse_response()
        except self.connection_errors:
            self._in_listen = None
            raise
        if not isinstance(response, list | tuple):
            return None
        payload = self._handle_message(c, response)
        if not payload["type"].endswith(b"message") or not payload["data"]:
            return None
        topic = payload["channel"].decode(errors="replace")
        exchange = topic.removeprefix(self.keyprefix_fanout).split("/", 1)[0]
        queue = self._fanout_to_queue.get(exchange)
        if queue is not None:  # else its consumer was cancelled a moment ago
            self._hand_on(exchange, queue, payload["data"], {})
        return True

    def _hand_on(self, source: str, queue: str, raw: bytes, delivery: dict[str, str]) -> None:
        try:
            message = read_envelope(raw)
        except Unreadable as error:
            put_aside(self.set_aside, source, str(error), raw)
        else:
            message["properties"]["delivery_info"].update(delivery)
            self.connection._deliver(message, queue)

    def close(self) -> None:
        """Close, also where Redis is away. What was not acknowledged then stays in `unacked`, from where it returns."""
        if self.closed:
            return
        self._end_pop()
        try:
            super().close()
        except FAILURES as error:
            log.info("action=closed-without-redis reason=%s", type(error).__name__)
            self._abandon()

    def _end_pop(self) -> None:
        # Closing waits for the reply of a pop that is under way. This makes Redis answer it now; nothing is lost.
        connection = self._in_poll
        if not connection or connection.number is None:
            return
        try:
            # After a restart of Redis the number may be another client's; then this connection has ended.
            if not connection.can_read(timeout=0):
                with self.conn_or_acquire() as client:
                    client.client_unblock(connection.number)
        except FAILURES as error:
            log.info("action=not-unblocked reason=%s", type(error).__name__)

    def _abandon(self) -> None:
        # Kombu stops closing at the first error, and what is half closed fails later, at another place.
        self.closed = True
        self._disconnect_pools()
        self._close_clients()
        if self.connection is not None:
            self.connection.cycle.discard(self)
            self.connection.close_channel(self)


class _Numbered(_Connection):  # type: ignore[misc]
    """A connection that knows its number at the server, so that its pop can be ended from another one."""

    number: int | None = None

    def on_connect_check_health(self, check_health: bool = True) -> None:
        super().on_connect_check_health(check_health)
        self.send_command("CLIENT", "ID", check_health=False)
        try:
            self.number = self.read_response()
        except ResponseError:
            self.number = None  # a restricted user: closing takes as long as the pop


class Transport(kombu_redis.Transport):
    """A transport that leaves nothing in the event loop when its connection is closed."""

    Channel = Channel
    brpop_timeout = 10
    """Seconds; what an idle worker costs Redis. A message ends the pop at once, and so does closing."""

    _forget: Callable[[], None] | None = None

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Register, and note what was registered: kombu never takes its tick away, one more with each reconnect."""
        before = set(loop.on_tick)
        super().register_with_event_loop(connection, loop)
        added = loop.on_tick - before
        self._forget = lambda: loop.on_tick.difference_update(added)

    def close_connection(self, connection: Any) -> None:
        """Close all channels."""
        if self._forget is not None:
            self._forget()
        super().close_connection(connection)


def connection_class(set_aside: SetAside) -> type[kombu.Connection]:
    """Kombu's connection with this transport, which hands to `set_aside` what cannot be read."""

    def ours(*theirs: type, channels: tuple[type, ...] = ()) -> type:
        channel = type("Channel", (Channel, *channels), {"set_aside": staticmethod(set_aside)})
        return type("Transport", (Transport, *theirs), {"Channel": channel})

    transports: dict[type, type] = {
        kombu_redis.Transport: ours(),
        kombu_redis.SentinelTransport: ours(kombu_redis.SentinelTransport, channels=(kombu_redis.SentinelChannel,)),
    }

    class Connection(kombu.Connection):
        def get_transport_cls(self) -> type:
            kind: type = super().get_transport_cls()
            return transports.get(kind, kind)

    return Connection
