"""What metrics and traces cost together: `python -m benchmarks.telemetry`. Needs the extras `metrics` and `otel`.

Two stacks, one that sends traces and is scraped, one that does neither, run the same batches in turn while the other
one is idle. What counts is the ratio within a pair: what else the machine does bears on both. The receiver only
answers, as it would run elsewhere; the exporter is scraped three times as often as a Prometheus would.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.pipeline import BACKTEST, cells_a_second, stack

from windtunnel import Client

SCRAPE_EVERY_S = 5.0
METRICS_PORT = 7498


class Receiver(ThreadingHTTPServer):
    """Takes traces and counts the requests."""

    requests = 0

    def __init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def scraped(redis_url: str) -> Iterator[list[int]]:
    """The exporter of a deployment, scraped regularly; the sizes of its answers."""
    sizes: list[int] = []
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(SCRAPE_EVERY_S):
            with urllib.request.urlopen(f"http://127.0.0.1:{METRICS_PORT}/metrics", timeout=10) as answer:
                sizes.append(len(answer.read()))

    exporter = subprocess.Popen(
        [sys.executable, "-m", "windtunnel_worker", "metrics", f"--port={METRICS_PORT}"],
        env={**os.environ, "WINDTUNNEL_REDIS_URL": redis_url},
        stderr=subprocess.DEVNULL,
    )
    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield sizes
    finally:
        over.set()
        thread.join()
        exporter.terminate()
        exporter.wait(30)


def main() -> None:
    """Run pairs, and say what the telemetry cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=500, help="backtests in cells, a batch (default: 500)")
    options = parser.parse_args()
    with ExitStack() as running:
        traces = running.enter_context(receiver())
        endpoint = f"http://127.0.0.1:{traces.server_port}"
        told = running.enter_context(stack(7499, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint))
        plain = running.enter_context(stack(7497))
        sizes = running.enter_context(scraped(told.url))
        clients = [running.enter_context(Client(one.url)) for one in (told, plain)]
        ratios = []
        for number in range(options.pairs):
            order = (0, 1) if number % 2 else (1, 0)
            rates = {at: cells_a_second(clients[at], BACKTEST, options.jobs, ("sp500",)) for at in order}
            ratios.append(rates[0] / rates[1])
            print(f"{rates[0]:.1f} jobs/s with telemetry, {rates[1]:.1f} without: {ratios[-1]:.3f}", flush=True)
        print(f"{traces.requests} requests with traces, {len(sizes)} scrapes of {max(sizes, default=0):,} bytes")
    print(f"with telemetry {statistics.median(ratios):.3f} of the throughput without (median of {options.pairs} pairs)")


if __name__ == "__main__":
    main()
