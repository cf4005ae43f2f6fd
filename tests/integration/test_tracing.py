"""Traces of jobs, as an OTLP receiver gets them from a finalize worker."""

from __future__ import annotations

import hashlib
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis
from opentelemetry import propagate, trace
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from tests.contract.driver import HERE, Driver
from tests.support import Role, an_execution, unique

from windtunnel.client import Client
from windtunnel.contract import Job, Resources
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel.telemetry import current_trace
from windtunnel_worker.telemetry.tracing import Tracing, resource
from windtunnel_worker.telemetry.wanted import tracing_for

Spans = dict[str, Any]
pytestmark = pytest.mark.observability


class Receiver(ThreadingHTTPServer):
    """Takes what a tracing system would take."""

    def __init__(self) -> None:
        self.spans: queue.Queue[Any] = queue.Queue()
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = ExportTraceServiceRequest()
                request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
                for one in request.resource_spans:
                    for scope in one.scope_spans:
                        for span in scope.spans:
                            spans.put(span)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def driver(redis_url: str, keys: redis.Redis) -> Iterator[Driver]:
    records = Records(Connection(redis_url, "wt"), 1000)
    yield Driver(records, keys)
    records.close()


def run(driver: Driver) -> None:
    """Judge and execute what waits; the worker under test writes the reports."""
    driver.judge()
    while claimed := driver.claim():
        for job in claimed:
            now = driver.records.reading.history(job.job_id)[-1].at
            execution = an_execution(started_at=now, resources=Resources(duration_s=0.01), container_id="c0ffee")
            driver.records.schedule.executed(HERE, job, execution, 0.01, 30, None)


def traces(receiver: Receiver, jobs: int) -> list[Spans]:
    """The spans of each job, by name."""
    found: dict[bytes, Spans] = {}
    while sum("windtunnel.job" in spans for spans in found.values()) < jobs:
        span = receiver.spans.get(timeout=60)
        found.setdefault(span.trace_id, {})[span.name] = span
    return list(found.values())


def attribute(span: Any, name: str) -> str:
    return next(str(one.value.string_value) for one in span.attributes if one.key == name)


def test_each_job_has_one_trace_from_submit_to_report(
    driver: Driver, receiver: Receiver, redis_url: str, tmp_path: Path
) -> None:
    tracer = TracerProvider().get_tracer("app")
    secret = "print('the secret sauce')"
    with Client(redis_url) as client:
        with tracer.start_as_current_span("app") as app:
            alone = client.submit(Job(code=secret))
            batch = client.submit_batch([Job(code=secret), Job(code=secret)])
        run(driver)
        endpoint = f"http://127.0.0.1:{receiver.server_port}"
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "WINDTUNNEL_LOG_FORMAT": "json"}
        with Role("finalize", redis_url, unique("traced"), log := tmp_path / "log", **settings):
            client.wait(alone, timeout=60)
            client.wait(batch, timeout=60)
        # The worker has ended: whatever it had not sent yet it sent then.
        found = traces(receiver, 3)
    by_job = {attribute(spans["windtunnel.job"], "windtunnel.job_id"): spans for spans in found}
    assert set(by_job) == {alone, f"{batch}-0", f"{batch}-1"}
    stages = ("queued", "validate", "ready", "execute", "prepare", "run", "collect", "finalize")
    for spans in found:
        assert set(spans) == {"windtunnel.job", *(f"windtunnel.{stage}" for stage in stages)}
        root = spans["windtunnel.job"]
        for name, span in spans.items():
            assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano, name
        assert attribute(spans["windtunnel.execute"], "container.id") == "c0ffee"
        assert spans["windtunnel.run"].parent_span_id == spans["windtunnel.execute"].span_id
        assert "secret" not in str(spans)
    mine: trace.SpanContext = app.get_span_context()
    assert by_job[alone]["windtunnel.job"].trace_id == mine.trace_id.to_bytes(16)
    assert by_job[alone]["windtunnel.job"].parent_span_id == mine.span_id.to_bytes(8)
    one = by_job[f"{batch}-0"]["windtunnel.job"]
    assert [link.trace_id for link in one.links] == [mine.trace_id.to_bytes(16)]
    logged = [line for line in map(json.loads, log.read_text().splitlines()) if line.get("action") == "traced"]
    assert {line["job_id"]: line["trace_id"] for line in logged} == {
        job: spans["windtunnel.job"].trace_id.hex() for job, spans in by_job.items()
    }
    assert one.trace_id.hex() == hashlib.sha256(f"{batch}-0/1".encode()).hexdigest()[:32]


def test_the_service_is_named_by_either_of_the_standard_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resource().attributes["service.name"] == "windtunnel"
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=lab,deployment.environment=prod")
    assert (resource().attributes["service.name"], resource().attributes["deployment.environment"]) == ("lab", "prod")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "backtests")
    assert resource().attributes["service.name"] == "backtests"


def test_the_apps_trace_is_found_whatever_format_it_sends_to_others() -> None:
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(CompositePropagator([]))
    try:
        with TracerProvider().get_tracer("app").start_as_current_span("app") as app:
            assert trace.format_trace_id(app.get_span_context().trace_id) in current_trace()
    finally:
        propagate.set_global_textmap(before)


def test_traces_can_be_switched_off_although_an_endpoint_is_named() -> None:
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    assert tracing_for(endpoint) is Tracing
    assert tracing_for({**endpoint, "OTEL_TRACES_EXPORTER": "none"}) is None
    assert tracing_for({**endpoint, "OTEL_SDK_DISABLED": "True"}) is None
