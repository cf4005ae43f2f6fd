"""Works through the outbox: sends what is due, several at a time, and retries failures a limited number of times."""

from __future__ import annotations

import logging
import math
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from windtunnel.records.outbox import Hook, Outbox
from windtunnel_worker.delivery.request import DEADLINE_S, Answer, Sender
from windtunnel_worker.delivery.targets import Allowlist, NotAllowed

log = logging.getLogger(__name__)

AT_ONCE = 8
MOST_ATTEMPTS = 16
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
"""Between two attempts: it doubles, with jitter. Sixteen attempts take about five hours."""


class Deliverer:
    """Sends the webhooks in the outbox. Without a secret nothing can be signed, so nothing is sent."""

    def __init__(
        self,
        outbox: Outbox,
        allowed: Allowlist,
        secret: str | None,
        *,
        authorities: Path | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._outbox, self._allowed, self._deadline_s = outbox, allowed, deadline_s
        self._sender = Sender(secret, authorities=authorities, deadline_s=deadline_s) if secret else None

    def run(self) -> int:
        """Send what is due: at most eight requests, and two to the same host. Returns how many were tried."""
        due = self._outbox.take(AT_ONCE, lease_s=2 * self._deadline_s + 10)
        if due:
            with ThreadPoolExecutor(len(due), thread_name_prefix="webhook") as pool:
                list(pool.map(self._deliver, due))
        return len(due)

    def _deliver(self, hook: Hook) -> None:
        answer = self._send(hook)
        if not answer.problem:
            self._outbox.delivered(hook)
        elif answer.final or hook.attempt >= MOST_ATTEMPTS:
            log.warning("action=webhook-dead event=%s reason=%s", hook.event, answer.problem)
            self._outbox.give_up(hook, answer.problem)
        else:
            log.info("action=webhook-failed event=%s attempt=%d reason=%s", hook.event, hook.attempt, answer.problem)
            asked = min(answer.pause_s, LONGEST_PAUSE_S)
            self._outbox.later(hook, max(pause_s(hook.attempt), asked), others=asked > 0)

    def _send(self, hook: Hook) -> Answer:
        if self._sender is None:
            return Answer("WINDTUNNEL_WEBHOOK_SECRET is not set, so nothing can be signed", final=True)
        try:
            target = self._allowed.target(hook.url)
        except NotAllowed as error:
            return Answer(str(error), final=True)
        except (OSError, ValueError) as error:
            return Answer(f"{type(error).__name__}: {error}")
        return self._sender.send(target, hook.event, hook.body)


def pause_s(attempt: int) -> float:
    """Seconds before the attempt after this one, which counts from 1."""
    whole = min(LONGEST_PAUSE_S, math.ldexp(FIRST_PAUSE_S, attempt - 1))
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 - only to spread them
