"""Sends one OpenTelemetry trace per job, if the standard variables name an endpoint. Needs the extra `otel`.

The records have the time of each transition, so the finalizer that writes the report sends the whole trace. A worker
that dies loses no span, and the other stages need no tracing. As all of it is over by then, the spans are made as they
are read; starting and ending each would cost five times as much.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from windtunnel.contract import Outcome, Report

log = logging.getLogger(__name__)

FAULTS = (Outcome.LOST, Outcome.INFRASTRUCTURE_ERROR)
ROOT = "windtunnel.job"
SAMPLED = TraceFlags(TraceFlags.SAMPLED)
SCOPE = InstrumentationScope("windtunnel")
_ids = RandomIdGenerator()


def trace_id_of(name: str) -> str:
    """The trace id, 32 hexadecimal digits, of `<job>/<attempt>`: the start of its SHA-256."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def resource() -> Resource:
    """Who sends the traces, as the standard variables say; the service is windtunnel where they do not name one."""
    named = OTELResourceDetector().detect().attributes
    return Resource.create({"service.name": named.get("service.name", "windtunnel")})


class Tracing:
    """An observer that sends the trace of each job that got its report.

    `submitted_in` gives the `traceparent` of the app's span that submitted a batch, and the batch's jobs. A job on its
    own continues that trace, a job of many has a trace of its own with a link to it.
    """

    def __init__(self, submitted_in: Callable[[str], tuple[str, int]]) -> None:
        self._submitted_in = submitted_in
        self._resource = resource()
        self._processor = BatchSpanProcessor(OTLPSpanExporter())
        self._provider = TracerProvider()
        """Has the sampler that the standard variables name, and sends what is left when the process ends."""
        self._provider.add_span_processor(self._processor)

    def __call__(self, what: str, job_id: str = "", **facts: object) -> None:  # noqa: ARG002 - as observers are called
        """Something happened."""
        report = facts.get("report")
        if what == "finished" and isinstance(report, Report):
            self._tell(report)

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()

    def _tell(self, report: Report) -> None:
        traceparent, jobs = self._submitted_in(report.batch_id)
        above = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())
        app = trace.get_current_span(above).get_span_context()
        continues = app.is_valid and jobs == 1
        trace_id = app.trace_id if continues else int(trace_id_of(f"{report.job_id}/{report.summary.number}"), 16)
        links = [Link(app)] if app.is_valid and not continues else []
        attributes = _attributes(report)
        sampling = self._provider.sampler.should_sample(
            above if continues else Context(), trace_id, ROOT, attributes=attributes, links=links
        )
        if not sampling.decision.is_sampled():
            return
        root = SpanContext(trace_id, _ids.generate_span_id(), False, SAMPLED, sampling.trace_state)
        _stages(_Spans(self._processor.on_end, self._resource, root), report)
        failed = report.outcome in FAULTS
        self._processor.on_end(
            ReadableSpan(
                ROOT,
                root,
                parent=app if continues else None,
                resource=self._resource,
                attributes=attributes,
                events=[
                    Event("attempt", {"number": one.number, "outcome": one.outcome.value})
                    for one in report.attempts[:-1]
                ],
                links=links,
                status=Status(StatusCode.ERROR, report.outcome.value) if failed else Status(),
                start_time=_ns(report.submitted_at),
                end_time=_ns(report.finished_at),
                instrumentation_scope=SCOPE,
            )
        )
        shown = trace.format_trace_id(trace_id)
        log.info("action=traced job=%s trace=%s", report.job_id, shown, extra={"wt_trace_id": shown})


class _Spans:
    """Makes the spans below one, and sends them."""

    def __init__(self, send: Callable[[ReadableSpan], None], source: Resource, above: SpanContext) -> None:
        self._send, self._resource, self._above = send, source, above

    def add(self, name: str, start: datetime, end: datetime, **attributes: str | int | float | bool) -> SpanContext:
        """A span that took so long; it never ends before it starts."""
        above = self._above
        context = SpanContext(above.trace_id, _ids.generate_span_id(), False, SAMPLED, above.trace_state)
        self._send(
            ReadableSpan(
                f"windtunnel.{name}",
                context,
                parent=above,
                resource=self._resource,
                attributes=attributes,
                start_time=_ns(start),
                end_time=_ns(max(start, end)),
                instrumentation_scope=SCOPE,
            )
        )
        return context

    def below(self, above: SpanContext) -> _Spans:
        """Makes the spans below this one."""
        return _Spans(self._send, self._resource, above)


def _stages(spans: _Spans, report: Report) -> None:
    times, moment = report.timings, report.submitted_at
    if times.queued_s is not None:
        validated = moment + _seconds(times.queued_s)
        began = max(moment, validated - _seconds(times.validate_s or 0.0))
        spans.add("queued", moment, began)
        safe = report.validation is not None and report.validation.safe
        spans.add("validate", began, validated, **{"windtunnel.safe": safe})
        moment = validated
    executed = report.finished_at - _seconds(times.finalize_s or 0.0)
    if times.waiting_s is not None:
        claimed = moment + _seconds(times.waiting_s)
        spans.add("ready", moment, claimed)
        _execution(spans, report, claimed, executed)
    spans.add("finalize", executed, report.finished_at)


def _execution(spans: _Spans, report: Report, claimed: datetime, executed: datetime) -> None:
    execution = report.execution
    if execution is None:
        return
    whole = spans.add(
        "execute",
        claimed,
        executed,
        **{
            "windtunnel.host": execution.host,
            "windtunnel.isolation": execution.isolation.value,
            "container.id": execution.container_id,
        },
    )
    if execution.started_at is None:
        return
    inner = spans.below(whole)
    ended = execution.started_at + _seconds(execution.resources.duration_s)
    inner.add("prepare", max(claimed, execution.started_at - _seconds(execution.prepare_s)), execution.started_at)
    inner.add("run", execution.started_at, ended)
    if report.resources.samples:
        inner.add("monitor", execution.started_at, ended, **{"windtunnel.samples": report.resources.samples})
    inner.add("collect", ended, executed)


def _attributes(report: Report) -> dict[str, str | int]:
    return {
        "windtunnel.job_id": report.job_id,
        "windtunnel.batch_id": report.batch_id,
        "windtunnel.outcome": report.outcome.value,
        "windtunnel.language": report.language,
        "windtunnel.attempts": len(report.attempts),
        "windtunnel.code_sha256": report.code_sha256,
    }


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
