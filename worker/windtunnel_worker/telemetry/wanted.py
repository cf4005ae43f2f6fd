"""Whether the standard variables of OpenTelemetry ask for traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from windtunnel.errors import HostFeatureMissing

if TYPE_CHECKING:
    from windtunnel_worker.telemetry.tracing import Tracing


def tracing_for(environment: Mapping[str, str]) -> type[Tracing] | None:
    """What sends them, or None if they are not asked for; `HostFeatureMissing` if the libraries are not installed."""
    if not traces_endpoint(environment):
        return None
    try:
        from windtunnel_worker.telemetry.tracing import Tracing
    except ModuleNotFoundError as error:
        raise HostFeatureMissing(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the libraries for traces are not installed.",
            remedy="Run `pip install 'windtunnel[otel]'`, or unset the variable.",
        ) from error
    return Tracing


def traces_endpoint(environment: Mapping[str, str]) -> str:
    """The URL that they are sent to, without the path that the exporter adds; empty if they are not asked for."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("OTEL_TRACES_EXPORTER") == "none":
        return ""
    endpoints = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return next(filter(None, map(environment.get, endpoints)), "")
