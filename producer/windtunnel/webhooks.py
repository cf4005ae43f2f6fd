"""Signs webhooks, and verifies them in the app that receives them. Imports errors only.

A webhook is a POST request with a small JSON object: `id`, `kind` (`batch_finished` or `job_finished`), `batch_id`, and
how it ended. It may arrive more than once, always with the same `id`. Its signature is `v1=` followed by the
hexadecimal HMAC-SHA256 of the time stamp, a full stop and the body, keyed with `WINDTUNNEL_WEBHOOK_SECRET`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from windtunnel.errors import WebhookRefused

EVENT, TIMESTAMP, SIGNATURE = "Windtunnel-Event", "Windtunnel-Timestamp", "Windtunnel-Signature"
TOLERANCE_S = 300
"""The greatest age of a request: an older one may be a replay."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of a body sent at this time, in seconds since the epoch."""
    return "v1=" + hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance_s: float = TOLERANCE_S,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the event in a received request. `WebhookRefused` if its signature is wrong or it is too old.

    While the deployment's secret is being changed, give the new and the old one: either may have signed.

    >>> body = b'{"id": "b:1", "kind": "batch_finished"}'
    >>> headers = {"Windtunnel-Timestamp": "1000", "Windtunnel-Signature": sign("secret", 1000, body)}
    >>> verify(body, headers, "secret", now=1010)["kind"]
    'batch_finished'
    """
    secrets = (secret,) if isinstance(secret, str) else tuple(secret)
    if not secrets or not all(secrets):
        raise WebhookRefused("The secret is empty, so anybody could sign.", remedy="Set WINDTUNNEL_WEBHOOK_SECRET.")
    given = {name.lower(): value for name, value in headers.items()}
    stamp, signature = given.get(TIMESTAMP.lower()) or "", given.get(SIGNATURE.lower()) or ""
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise WebhookRefused(
            "The request has no valid Windtunnel-Timestamp header.", remedy="Pass the request's headers unchanged."
        )
    if not any(hmac.compare_digest(sign(one, int(stamp), body).encode(), signature.encode()) for one in secrets):
        raise WebhookRefused(
            "The signature does not match the body.",
            remedy="Use the deployment's WINDTUNNEL_WEBHOOK_SECRET, and the body's bytes as they were received.",
        )
    if abs((time.time() if now is None else now) - int(stamp)) > tolerance_s:
        raise WebhookRefused(
            f"The request's time stamp is more than {tolerance_s:g} s from this machine's clock: it may be a replay.",
            remedy="Check this machine's clock too.",
        )
    event: dict[str, Any] = json.loads(body)
    return event
