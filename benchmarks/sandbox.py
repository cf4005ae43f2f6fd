"""Measures the sandbox against its peers and against the limit: whole backtests of an EMA crossover with pandas.

`python benchmarks/sandbox.py`; README.md beside it says what is compared and how to read the table.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from rich.console import Console
from rich.table import Table

from windtunnel.client.datasets import Datasets
from windtunnel.store import Store
from windtunnel_worker.settings import host_settings

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"
CONTENDERS = HERE / "contenders.py"
PEERS_IMAGE = "windtunnel/benchmark-peers:local"
EXPECTED = "EMA(12,26): $"
HOST = f"benchmark-{os.getpid()}"
SLOTS = 2
VERSIONS = """
import platform, numpy, pandas
print(f"in it Python {platform.python_version()}, NumPy {numpy.__version__}, pandas {pandas.__version__}")
"""

PEERS_DOCKERFILE = """
FROM {image}
USER root
RUN command -v python || ln -s "$(command -v python3)" /usr/local/bin/python
WORKDIR /sandbox
# Where llm-sandbox looks for Python in a container of its pool.
RUN python3 -m venv --without-pip --system-site-packages .sandbox-venv
# A shell as process 1 ignores SIGTERM: without this the peers wait ten seconds at each stop.
STOPSIGNAL SIGKILL
ENTRYPOINT []
CMD ["/bin/sh"]
"""

console = Console(width=120, highlight=False)


@dataclass(frozen=True)
class Entry:
    """A line of the table."""

    name: str
    """As `contenders.py` calls it."""
    title: str
    pause_s: float = 0.3
    """Before a job whose latency is measured; a warm pool needs the time to be warm again."""
    latencies: float = 0.25
    """Share of `--jobs` whose latency is measured."""
    peer: bool = False


PLAIN, LIMIT, CONTAINER, CELL = "docker", "forks", "container", "cell"
ENTRIES = [
    Entry(PLAIN, "(a) create, start, wait, remove: no hardening"),
    Entry("docker-hardened", "    the same with our hardening"),
    Entry("llm-sandbox", "(b) llm-sandbox, a session a job", peer=True),
    Entry("llm-sandbox-pool", "    llm-sandbox, pool: container reused", peer=True),
    Entry("autogen", "(c) AutoGen, an executor a job", peer=True),
    Entry("autogen-reused", "    AutoGen, one executor: container reused", peer=True),
    Entry(LIMIT, "(d) the limit: forks without Docker", pause_s=0.1),
    Entry(CONTAINER, "Windtunnel, container", pause_s=2.0, latencies=1.0),
    Entry(CELL, "Windtunnel, cell", pause_s=0.1, latencies=1.0),
]


class Worker:
    """One process that runs jobs in one contender's sandbox."""

    def __init__(self, entry: Entry, python: Sequence[str], config: Mapping[str, str]) -> None:
        self._entry = entry
        self._process = subprocess.Popen(
            [*python, entry.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._orders, self._answers = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        self._tell(config)

    def ready(self) -> None:
        """Wait until the first job is through."""
        self._answer()

    def start(self, seconds: float, jobs: int = 0) -> None:
        """Have it run jobs until both that time and that number are reached."""
        self._tell({"seconds": seconds, "jobs": jobs})

    def times(self) -> list[tuple[float, float]]:
        """When the jobs of the last `start` began and ended."""
        return [(began, ended) for began, ended in self._answer()]

    def close(self) -> None:
        """Let it clean up and end."""
        self._process.communicate()

    def _tell(self, what: Any) -> None:
        self._orders.write(json.dumps(what) + "\n")
        self._orders.flush()

    def _answer(self) -> Any:
        line = self._answers.readline()
        if not line:
            raise SystemExit(f"{self._entry.title.strip()}: its process ended; see its messages above")
        return json.loads(line)


@dataclass
class Figures:
    """What was measured of one contender."""

    latencies: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    """Jobs a second of both slots, a figure a round."""


def main() -> None:
    """Run the rounds and print the table."""
    options = _options()
    with _workplace(options) as (entries, python, config):
        console.print(f"{_versions(options)}\nLoad average before: {_load()}")
        figures = {entry.name: Figures() for entry in entries}
        with _workers(entries, python, config) as workers:
            for number in range(options.rounds):
                for entry in entries:
                    console.print(f"round {number + 1} of {options.rounds}: {entry.title.strip()} …", style="dim")
                    _measure(entry, workers[entry.name], figures[entry.name], options)
    console.print(_table(entries, figures))
    console.print(f"Load average after: {_load()}")
    passed = _judge(figures)
    raise SystemExit(0 if passed else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=50, help="jobs whose latency is measured, of ours (default: 50)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender has its turn (default: 5)")
    parser.add_argument("--seconds", type=float, default=6, help="length of a turn's burst (default: 6)")
    parser.add_argument("--quick", action="store_true", help="two short rounds: do the parts work?")
    parser.add_argument("--skip-peers", action="store_true", help="leave out what has to be installed first")
    parser.add_argument(
        "--peers",
        type=Path,
        default=Path("~/.cache/windtunnel/benchmark-peers").expanduser(),
        metavar="DIR",
        help="virtual environment of the peers, made when it is not there (default: %(default)s)",
    )
    options = parser.parse_args()
    if options.quick:
        options.jobs, options.rounds, options.seconds = 10, 2, 3
    return options


@contextlib.contextmanager
def _workplace(
    options: argparse.Namespace,
) -> Iterator[tuple[list[Entry], dict[str, list[str]], dict[str, str]]]:
    """The contenders that take part, the command that starts each one's worker, and their configuration."""
    image = host_settings().default_image
    source = EXAMPLES / "data" / "sp500.csv"
    with tempfile.TemporaryDirectory(prefix="windtunnel-benchmark-") as directory:
        prices = Datasets(None, lambda: Store(f"{directory}/store"), max_bytes=2**30).add("sp500", source)
        entries = [entry for entry in ENTRIES if not (entry.peer and options.skip_peers)]
        python = {entry.name: [sys.executable, str(CONTENDERS)] for entry in entries}
        python[LIMIT] = _in_image(image, source)
        if not options.skip_peers:
            python |= {entry.name: [str(_peers(options.peers)), str(CONTENDERS)] for entry in entries if entry.peer}
            _build_peers_image(image)
        config = {
            "code": (EXAMPLES / "strategies" / "ema_crossover.py").read_text().replace("nasdaq", "sp500"),
            "expected": EXPECTED,
            "data": str(source),
            "data_dir": directory,
            "sha256": prices.sha256,
            "image": image,
            "peers_image": PEERS_IMAGE,
            "host": HOST,
        }
        try:
            yield entries, python, config
        finally:
            if not options.skip_peers:
                _docker("image", "rm", PEERS_IMAGE)


def _in_image(image: str, source: Path) -> list[str]:
    """The limit uses the image's own interpreter and libraries. Docker only starts it; no job goes by it."""
    return [
        *("docker", "run", "--interactive", "--rm", "--network=none", "--security-opt=seccomp=unconfined"),
        *(f"--volume={CONTENDERS}:/contenders.py:ro", f"--volume={source}:/data/sp500.csv:ro"),
        *("--env=OPENBLAS_NUM_THREADS=1", "--entrypoint=python3", image, "-B", "/contenders.py"),
    ]


def _peers(directory: Path) -> Path:
    """The interpreter of the peers' environment."""
    python = directory / "bin" / "python"
    wanted = (HERE / "peers.txt").read_text()
    mark = directory / "peers.txt"
    if not mark.exists() or mark.read_text() != wanted:
        console.print(f"installing the peers into {directory} …", style="dim")
        _run(sys.executable, "-m", "venv", "--clear", str(directory))
        _run(str(python), "-m", "pip", "install", "--quiet", "--requirement", str(HERE / "peers.txt"))
        mark.write_text(wanted)
    return python


def _build_peers_image(image: str) -> None:
    """What the peers expect of an image: a shell to start with, root, `python`."""
    dockerfile = PEERS_DOCKERFILE.format(image=image)
    _docker("build", "--quiet", "--network=none", "--tag", PEERS_IMAGE, "-", stdin=dockerfile)


def _docker(*arguments: str, stdin: str | None = None) -> str:
    return _run("docker", *arguments, stdin=stdin)


def _run(*command: str, stdin: str | None = None) -> str:
    done = subprocess.run(command, input=stdin, check=False, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout.strip()


@contextlib.contextmanager
def _workers(
    entries: Sequence[Entry], python: Mapping[str, Sequence[str]], config: Mapping[str, str]
) -> Iterator[dict[str, list[Worker]]]:
    """Two started workers of each contender; all have run a job."""
    workers: dict[str, list[Worker]] = {}
    with contextlib.ExitStack() as stack:
        for entry in entries:
            workers[entry.name] = pair = []
            for _ in range(SLOTS):
                worker = Worker(entry, python[entry.name], config)
                stack.callback(worker.close)
                pair.append(worker)
            for worker in pair:
                worker.ready()
        yield workers


def _measure(entry: Entry, workers: Sequence[Worker], figures: Figures, options: argparse.Namespace) -> None:
    """One turn: single jobs with pauses on one slot, then a burst on all slots."""
    for _ in range(math.ceil(entry.latencies * options.jobs / options.rounds)):
        time.sleep(entry.pause_s)
        workers[0].start(0, 1)
        figures.latencies += [ended - began for began, ended in workers[0].times()]
    for worker in workers:
        worker.start(options.seconds, 3)
    figures.rates.append(sum(_rate(worker.times()) for worker in workers))
    time.sleep(1.5)  # what goes on in the background belongs to no one's turn


def _rate(times: Sequence[tuple[float, float]]) -> float:
    """Jobs a second from the first job's end on: a job that found everything prepared does not count."""
    ends = [ended for _, ended in times]
    return (len(ends) - 1) / (ends[-1] - ends[0])


def _ratio(figures: Mapping[str, Figures], name: str, base: str) -> float:
    """Throughput relative to another's, compared round by round."""
    pairs = zip(figures[name].rates, figures[base].rates, strict=True)
    return statistics.median(rate / other for rate, other in pairs)


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _table(entries: Sequence[Entry], figures: Mapping[str, Figures]) -> Table:
    table = Table(title=f"Whole EMA backtests with pandas; medians of {len(figures[CELL].rates)} interleaved rounds")
    table.add_column("")
    for heading in ("p50 ms", "p95 ms", f"jobs/s ({SLOTS} slots)", "of (a)", "of (d)"):
        table.add_column(heading, justify="right")
    for entry in entries:
        mine = figures[entry.name]
        p50, p95 = (1000 * _percentile(mine.latencies, percent) for percent in (50, 95))
        table.add_row(
            entry.title,
            f"{p50:.0f}",
            f"{p95:.0f}",
            f"{statistics.median(mine.rates):.2f}",
            f"{_ratio(figures, entry.name, PLAIN):.2f}",
            f"{_ratio(figures, entry.name, LIMIT):.3f}",
        )
    return table


def _judge(figures: Mapping[str, Figures]) -> bool:
    """Print each aim with what was reached. True when all were."""
    aims = [
        ("container, idle: p50 latency in ms", 1000 * _percentile(figures[CONTAINER].latencies, 50), "≤", 60.0),
        ("container: throughput relative to (a)", _ratio(figures, CONTAINER, PLAIN), "≥", 0.95),
        ("cells: jobs/s", statistics.median(figures[CELL].rates), "≥", 50.0),
        ("cells: throughput relative to (a)", _ratio(figures, CELL, PLAIN), "≥", 20.0),
        ("cells: throughput relative to (d)", _ratio(figures, CELL, LIMIT), "≥", 0.7),
    ]
    passed = True
    for what, reached, sign, aim in aims:
        met = reached <= aim if sign == "≤" else reached >= aim
        passed &= met
        console.print(f"{'pass' if met else 'FAIL'}  {what} {sign} {aim:g}: {reached:.2f}")
    return passed


def _versions(options: argparse.Namespace) -> str:
    image = host_settings().default_image
    parts = [
        f"Linux {platform.release()}, {os.cpu_count()} CPUs",
        f"Docker {_docker('version', '--format', '{{.Server.Version}}')}",
        f"Windtunnel {importlib.metadata.version('windtunnel')} on Python {platform.python_version()}",
        f"image {image} {_docker('image', 'inspect', '--format', '{{.Id}}', image)[:19]}",
        _run(*_in_image(image, CONTENDERS)[:-2], "-c", VERSIONS),
    ]
    if not options.skip_peers:
        pins = (HERE / "peers.txt").read_text().splitlines()
        parts.append(", ".join(pin.replace("==", " ") for pin in pins if not pin.startswith("#")))
    return "\n".join(parts)


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


if __name__ == "__main__":
    main()
