"""Sends one OpenTelemetry trace per job, if the standard variables name an endpoint. Needs the extra `otel`.

The records have the time of each transition, so the finalizer that writes the report sends the whole trace. A worker
that dies loses no span, and the other stages need no tracing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, Span, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from windtunnel.contract import Outcome, Report

log = logging.getLogger(__name__)

FAULTS = (Outcome.LOST, Outcome.INFRASTRUCTURE_ERROR)


class JobIds(RandomIdGenerator):
    """The trace of a job can be found by its id: the trace's id is the start of the SHA-256 of `<job>/<attempt>`."""

    def __init__(self) -> None:
        self._of = threading.local()

    def next_is(self, name: str) -> None:
        """The next trace of this thread gets the id of this name."""
        self._of.name = name

    def generate_trace_id(self) -> int:
        """The id of the trace that begins."""
        name, self._of.name = getattr(self._of, "name", ""), ""
        return int(trace_id_of(name), 16) if name else super().generate_trace_id()


def trace_id_of(name: str) -> str:
    """The trace id, 32 hexadecimal digits, of `<job>/<attempt>`."""
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
        self._ids = JobIds()
        self._provider = TracerProvider(resource=resource(), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("windtunnel")

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
        alone = jobs == 1
        self._ids.next_is("" if app.is_valid and alone else f"{report.job_id}/{report.summary.number}")
        links = [Link(app)] if app.is_valid and not alone else []
        root = self._tracer.start_span(
            "windtunnel.job",
            context=above if alone else Context(),
            links=links,
            start_time=_ns(report.submitted_at),
            attributes=_attributes(report),
        )
        if report.outcome in FAULTS:
            root.set_status(Status(StatusCode.ERROR, report.outcome.value))
        for attempt in report.attempts[:-1]:
            root.add_event("attempt", {"number": attempt.number, "outcome": attempt.outcome.value})
        _stages(_Spans(self._tracer, root), report)
        kept = root.is_recording()
        root.end(_ns(report.finished_at))
        if not kept:
            return  # the sampler leaves it out
        trace_id = trace.format_trace_id(root.get_span_context().trace_id)
        log.info("action=traced job=%s trace=%s", report.job_id, trace_id, extra={"wt_trace_id": trace_id})


class _Spans:
    """Makes the spans below one."""

    def __init__(self, tracer: Tracer, above: Span) -> None:
        self._tracer, self._context = tracer, trace.set_span_in_context(above, Context())

    def add(self, name: str, start: datetime, end: datetime, **attributes: str | int | float | bool) -> Span:
        """A span that took so long; it never ends before it starts."""
        span = self._tracer.start_span(
            f"windtunnel.{name}", context=self._context, start_time=_ns(start), attributes=attributes
        )
        span.end(_ns(max(start, end)))
        return span

    def below(self, span: Span) -> _Spans:
        """Makes the spans below this one."""
        return _Spans(self._tracer, span)


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
