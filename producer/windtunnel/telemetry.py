"""Joins the trace of the app that submits to the traces of its jobs. Loads nothing that the app has not loaded."""

from __future__ import annotations

import sys


def current_trace() -> str:
    """The W3C `traceparent` of the span that is current in this thread; empty where nobody traces."""
    if "opentelemetry" not in sys.modules:
        return ""
    from opentelemetry.propagate import inject

    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get("traceparent", "")
