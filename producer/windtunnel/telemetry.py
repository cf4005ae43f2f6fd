"""Links the trace of the submitting app to the traces of its jobs. Loads nothing the app has not loaded already."""

from __future__ import annotations

import sys


def current_trace() -> str:
    """The W3C `traceparent` of this thread's current span; empty without tracing."""
    if "opentelemetry.trace" not in sys.modules:
        return ""
    # Whatever format the app uses between its own services.
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")
