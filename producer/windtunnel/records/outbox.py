"""The outbox: webhooks that the finishing step wrote, until they are delivered or given up."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from windtunnel.contract import DeadLetter
from windtunnel.errors import UnreadableRecord
from windtunnel.keyspace import MAX_DEAD_LETTERS
from windtunnel.records.codec import as_text, decode, encode
from windtunnel.records.connection import Connection

HOSTS_LOOKED_AT = 200
HELD_BACK = 1000
A_HOST = 2
"""Requests to one host at a time: a slow receiver must not hold up the others."""


@dataclass(frozen=True)
class Hook:
    """A webhook that is due."""

    event: str
    url: str
    body: bytes
    attempt: int
    """From 1."""


class Outbox:
    """The deliverer's side of the records."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def take(self, most: int, lease_s: float) -> list[Hook]:
        """Webhooks that are due, this caller's for `lease_s` seconds; then another one sends them again."""
        if not self._redis.call("exists", self._redis.keys("outbox")):
            return []  # asked every second, and a script is three commands
        found = self._redis.run("take_hooks", most, HOSTS_LOOKED_AT, A_HOST, round(lease_s * 1000))
        return [Hook(event.decode(), as_text(url), body, int(attempt)) for event, url, body, attempt in found]

    def delivered(self, hook: Hook) -> None:
        """The receiver took it."""
        self._redis.run("hook_done", hook.event, hook.url, "delivered", "", 0)

    def later(self, hook: Hook, pause_s: float, *, others: bool = False) -> None:
        """Send it again after a pause; with `others`, nothing that is due is sent to that host before."""
        pause = round(pause_s * 1000)
        self._redis.run("hook_done", hook.event, hook.url, "failed", pause, HELD_BACK if others else 0)

    def give_up(self, hook: Hook, reason: str) -> None:
        """Send it no more, unless `send_again` is called; it joins the dead letters."""
        where = hook.url.partition("?")[0][:200]
        body = as_text(hook.body)
        reason = f"to {where}: {reason[:200]}"
        letter = DeadLetter(at=time.time(), queue="webhook", reason=reason, body=body, event=hook.event)
        dead = self._redis.keys("dead")
        self._redis.pipeline([("lpush", dead, encode(letter)), ("ltrim", dead, 0, MAX_DEAD_LETTERS - 1)])
        self._redis.run("hook_done", hook.event, hook.url, "dead", "", 0)

    def send_again(self) -> int:
        """Send all webhooks among the dead letters again. Returns how many; expired ones stay where they are."""
        dead = self._redis.keys("dead")
        letters = {}
        for stored in self._redis.call("lrange", dead, 0, MAX_DEAD_LETTERS - 1):
            with suppress(UnreadableRecord):
                event = decode(DeadLetter, stored).event
                if event:
                    letters[stored] = event
        if not letters:
            return 0
        answers = self._redis.run("send_again", *letters.values())
        sent = [stored for stored, there in zip(letters, answers, strict=True) if there]
        self._redis.pipeline([("lrem", dead, 1, stored) for stored in sent])
        return len(sent)

    def waiting(self) -> int:
        """How many wait to be delivered."""
        hosts = self._redis.call("zrange", self._redis.keys("outbox"), 0, -1)
        counts = self._redis.pipeline([("zcard", self._redis.keys("outbox", as_text(host))) for host in hosts])
        return sum(map(int, counts))
