"""Traces that are asked for where their libraries are not installed."""

from __future__ import annotations

import sys

import pytest

from windtunnel.errors import HostFeatureMissing
from windtunnel_worker.telemetry.wanted import traces_endpoint, tracing_for


def test_what_is_lacking_for_traces_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("opentelemetry.sdk", "windtunnel_worker.telemetry.tracing"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(HostFeatureMissing, match="not installed") as lacking:
        tracing_for({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"})
    assert "windtunnel[otel]" in lacking.value.remedy


def test_nothing_is_loaded_for_traces_that_nobody_asks_for() -> None:
    assert tracing_for({}) is None
    assert tracing_for({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}) is None
    assert traces_endpoint({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4318", "OTEL_TRACES_EXPORTER": "none"}) == ""
