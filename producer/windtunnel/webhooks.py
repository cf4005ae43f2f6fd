"""Signs webhooks, and checks them where an app receives them. Imports errors only.

A request is a POST of a small JSON object: `id`, `kind` (`batch_finished`, `job_finished`), `batch_id`, and how it
ended. It may come more than once: `id` says whether it is new. Its signature is `v1=` and the hexadecimal HMAC-SHA256,
under the deployment's `WINDTUNNEL_WEBHOOK_SECRET`, of the time stamp, a full stop and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from windtunnel.errors import WebhookRefused

EVENT, TIMESTAMP, SIGNATURE = "Windtunnel-Event", "Windtunnel-Timestamp", "Windtunnel-Signature"
TOLERANCE_S = 300
"""How old a request may be: an older one may be a replay."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of a body that is sent at this time, in seconds since the epoch."""
    return "v1=" + hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def verify(
    body: bytes, headers: Mapping[str, str], secret: str, *, tolerance_s: float = TOLERANCE_S, now: float | None = None
) -> dict[str, Any]:
    """The event of a request that was received. `WebhookRefused` where it is not ours, or too old.

    >>> body = b'{"id": "b:1", "kind": "batch_finished"}'
    >>> headers = {"Windtunnel-Timestamp": "1000", "Windtunnel-Signature": sign("secret", 1000, body)}
    >>> verify(body, headers, "secret", now=1010)["kind"]
    'batch_finished'
    """
    given = {name.lower(): value for name, value in headers.items()}
    stamp, signature = given.get(TIMESTAMP.lower(), ""), given.get(SIGNATURE.lower(), "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise WebhookRefused("The request has no time stamp of Windtunnel's.")
    if not hmac.compare_digest(sign(secret, int(stamp), body).encode(), signature.encode()):
        raise WebhookRefused("The signature is not that of this body under this secret.")
    if abs((time.time() if now is None else now) - int(stamp)) > tolerance_s:
        raise WebhookRefused("The request is too old: it may be a replay.", remedy="Check this machine's clock too.")
    event: dict[str, Any] = json.loads(body)
    return event
