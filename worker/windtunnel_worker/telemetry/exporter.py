"""The role `metrics`: one exporter for a deployment, on `/metrics`, with a health page on `/health`."""

from __future__ import annotations

import logging
import signal
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import make_wsgi_app

from windtunnel.errors import WindtunnelError
from windtunnel.records import Records, records_of
from windtunnel.settings import Settings
from windtunnel_worker.telemetry.collector import RecordsCollector

log = logging.getLogger(__name__)

Answer = Callable[[str, list[tuple[str, str]]], Any]


def application(records: Records) -> Callable[[dict[str, Any], Answer], Iterable[bytes]]:
    """The exporter as a WSGI application: `/metrics`, and `/health`, which answers 503 while Redis is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RecordsCollector(records.metrics))
    metrics = make_wsgi_app(registry)

    def health(answer: Answer) -> Iterable[bytes]:
        try:
            text, status = f"Redis {records.reading.ping()}\n", "200 OK"
        except WindtunnelError as error:
            text, status = f"{error}\n", "503 Service Unavailable"
        answer(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode()]

    def serve(environment: dict[str, Any], answer: Answer) -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "/")
        if path == "/metrics":
            found: Iterable[bytes] = metrics(environment, answer)
            return found
        if path == "/health":
            return health(answer)
        answer("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"/metrics, /health\n"]

    return serve


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """Uses a thread for each request, so that a slow reader does not delay others."""

    daemon_threads = True


class _Server6(_Server):
    """The same for an IPv6 address."""

    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    """Logs no requests, and drops silent clients."""

    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Log nothing."""


def listen(records: Records, address: str, port: int) -> WSGIServer:
    """The exporter at an address, served by a thread. Port 0 takes any free one."""
    server = make_server(address, port, application(records), _Server6 if ":" in address else _Server, _Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def serve(settings: Settings, address: str, port: int) -> None:
    """Serve until TERM or Ctrl-C."""
    records = records_of(settings, retries=0)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = listen(records, address, port)
    log.info("action=metrics-ready address=%s port=%d", address, server.server_port)
    stop.wait()
    server.shutdown()
    server.server_close()
    records.close()
