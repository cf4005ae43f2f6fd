"""Measures the whole pipeline with a stack of its own. `python benchmarks/pipeline.py --help` lists the parts.

Throughput is given as a ratio to bare forks of a preloaded interpreter running the same program in the same run: that
is what the machine could do without a queue and without isolation.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import redis

from windtunnel import BatchId, Client, Job, Outcome
from windtunnel.settings import URL_FILE
from windtunnel_worker.settings import host_settings

ROOT = Path(__file__).resolve().parents[1]
PRICES = ROOT / "examples" / "data" / "sp500.csv"
BACKTEST = (ROOT / "examples" / "strategies" / "ema_crossover.py").read_text().replace("nasdaq", "sp500")
NOTHING = "emit(done=True)"
SCORED = """
def signals(data, params):
    close = data["sp500"]["Close"]
    fast, slow = (close.ewm(span=span, adjust=False).mean() for span in (12, 26))
    return (fast > slow).astype(float)
"""
PLAIN = SCORED.replace("signals", "positions") + "emit(total=float(positions(data, params).sum()))"
SLOTS = 2


class Stack:
    """`windtunnel up` in a folder of its own, with the prices as dataset. `variables` are added to its environment."""

    def __init__(self, folder: Path, port: int = 7499, **variables: str) -> None:
        environment = {
            **os.environ,
            "WINDTUNNEL_HOST": f"benchmark{os.getpid()}-{port}",
            "WINDTUNNEL_DATA_DIR": str(folder / "data"),
            "WINDTUNNEL_STORE_URL": str(folder / "store"),
            "WINDTUNNEL_MAX_UNFINISHED": "1000000",
            **variables,
        }
        environment.pop("WINDTUNNEL_REDIS_URL", None)
        windtunnel = [sys.executable, "-m", "windtunnel.cli"]
        self._process = subprocess.Popen(
            [*windtunnel, "up", f"--slots={SLOTS}", f"--redis-port={port}", f"--state={folder}"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("logs:"):
                break
        else:
            raise SystemExit(f"The stack did not start; see {folder}/logs.")
        self.url = (folder / URL_FILE.name).read_text().strip()
        environment["WINDTUNNEL_REDIS_URL"] = self.url
        subprocess.run(
            [*windtunnel, "datasets", "add", "sp500", str(PRICES)],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def processes(self) -> list[psutil.Process]:
        """Every process of the stack."""
        up = psutil.Process(self._process.pid)
        return [up, *up.children(recursive=True)]

    def stop(self) -> None:
        """Stop all of it."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)


@contextlib.contextmanager
def stack(port: int = 7499, **variables: str) -> Iterator[Stack]:
    """A stack that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="windtunnel-benchmark-") as folder:
        running = Stack(Path(folder), port, **variables)
        try:
            yield running
        finally:
            running.stop()


def forks_a_second(code: str, seconds: float) -> float:
    """Jobs a second of bare forks: one loop a slot in the sandbox image's own interpreter, without any isolation."""
    loop = f"""
import os, sys, time, random, numpy, pandas
data = {{"sp500": pandas.read_csv("/data/sp500.csv", index_col=0, parse_dates=True)}}
params = {{}}
def emit(**values): sys.stdout.write(str(values))
code = compile(sys.stdin.read(), "program", "exec")
jobs, until = 0, time.monotonic() + {seconds}
while time.monotonic() < until:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        random.seed(0), numpy.random.seed(0)
        exec(code, {{"__name__": "__main__", "data": data, "params": params, "emit": emit}})
        sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    jobs += 1
print(jobs / {seconds})
"""
    container = ["docker", "run", "--rm", "--interactive", "--network=none", "--entrypoint=python3"]
    container += ["--env=OMP_NUM_THREADS=1", "--env=OPENBLAS_NUM_THREADS=1", f"--volume={PRICES}:/data/sp500.csv:ro"]
    loops = [
        subprocess.Popen(
            [*container, host_settings().default_image, "-c", loop],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(SLOTS)
    ]
    for one in loops:
        assert one.stdin is not None
        one.stdin.write(code)
        one.stdin.close()
    return sum(float(one.stdout.read().splitlines()[-1]) for one in loops if one.stdout is not None and not one.wait())


def cells_a_second(client: Client, code: str, jobs: int, datasets: tuple[str, ...]) -> float:
    """Jobs a second of one batch in cells, from the call of `submit_batch` to the last report."""
    client.wait(client.submit_batch([Job(code=code, datasets=datasets)] * 20, isolation="cell"), timeout=120)
    time.sleep(2.0)  # the slots prepare their next cells
    batch = [Job(code=code, datasets=datasets, params={"number": number}) for number in range(jobs)]
    began = time.monotonic()
    status = client.wait(client.submit_batch(batch, isolation="cell"), timeout=1200)
    rate = jobs / (time.monotonic() - began)
    if status.outcomes != {Outcome.SUCCEEDED: jobs}:
        raise SystemExit(f"Not every job succeeded: {status.outcomes}")
    return rate


def throughput(url: str, jobs: int) -> None:
    """Cells against bare forks, in turn."""
    with Client(url) as client:
        for title, code, count, datasets in (
            ("a pandas backtest", BACKTEST, jobs, ("sp500",)),
            ("a program that does nothing", NOTHING, 4 * jobs, ()),
        ):
            ratios, rates = [], []
            for _ in range(3):
                limit = forks_a_second(code, 5.0)
                rates.append(cells_a_second(client, code, count, datasets))
                ratios.append(rates[-1] / limit)
            print(
                f"{title}: {statistics.median(rates):.0f} jobs/s in cells, "
                f"{statistics.median(ratios):.2f} of bare forks"
            )


def latency(url: str, jobs: int) -> None:
    """One job at a time on an idle system, in a container: from the call to the report."""
    with Client(url) as client:
        times = []
        for number in range(jobs):
            time.sleep(1.0)  # the next sandbox is being prepared
            began = time.monotonic()
            client.wait(client.submit(Job(code=NOTHING, params={"number": number})), timeout=60)
            times.append((time.monotonic() - began) * 1000)
    print(f"a single job, call to report: p50 {statistics.median(times):.0f} ms, worst {max(times):.0f} ms")


def fairness(url: str) -> None:
    """Ten jobs of one owner behind ten thousand cells of another."""
    with Client(url) as client:
        big = _cells(client, 10_000, "big")
        time.sleep(3)
        began = time.monotonic()
        small = _cells(client, 10, "small", part=1)
        next(client.stream(small, timeout=60))
        first = time.monotonic() - began
        client.wait(small, timeout=60)
        print(
            f"ten jobs behind 10,000 of another owner: "
            f"first report {first:.2f} s, last {time.monotonic() - began:.2f} s"
        )
        client.cancel(big)
        client.wait(big, timeout=60)


def shares(url: str, jobs: int) -> None:
    """Two owners with as many jobs each, one of whom splits them into fifty batches."""
    with Client(url) as client:
        split = [_cells(client, jobs // 50, "split", part=part) for part in range(50)]
        whole = [_cells(client, jobs, "whole")]
        begun: list[float] = []  # what each had while the other was not there yet
        apart: list[float] = []
        while True:
            owners = [[client.status(batch) for batch in batches] for batches in (whole, split)]
            done = [sum(status.finished for status in owner) for owner in owners]
            if max(done) >= jobs:
                break
            had = [sum(status.slot_seconds for status in owner) for owner in owners]
            begun = begun or had
            seconds = [now - then for now, then in zip(had, begun, strict=True)]
            apart.append(abs(seconds[0] - seconds[1]))
            time.sleep(1)
        mean = statistics.mean(seconds)
        print(
            f"two owners, one with 50 batches: {mean:.1f} slot-seconds each, {max(apart):.1f} apart at most, "
            f"{apart[-1] / mean:.1%} at the end; {done[0]:,} and {done[1]:,} jobs done"
        )
        for batch in whole + split:
            client.cancel(batch)
            client.wait(batch, timeout=60)


def _cells(client: Client, jobs: int, owner: str, **params: int) -> BatchId:
    batch = [Job(code=NOTHING, params={"n": number, **params}) for number in range(jobs)]
    return client.submit_batch(batch, isolation="cell", owner=owner)


def scoring(url: str, jobs: int) -> None:
    """The rate of programs that return positions, which are scored, to that of the same programs that do not."""
    programs = {"plain": PLAIN, "scored": SCORED}
    rates: dict[str, list[float]] = {name: [] for name in programs}
    with Client(url) as client:
        for number in range(7):
            for name in sorted(programs, reverse=number % 2 == 1):  # who comes second finds a busier machine
                run = [
                    Job(code=programs[name], datasets=("sp500",), params={"run": [number, at]}) for at in range(jobs)
                ]
                client.wait(client.submit_batch(run[:20], isolation="cell", cache=False), timeout=120)
                began = time.monotonic()
                client.wait(client.submit_batch(run, isolation="cell", cache=False), timeout=600)
                rates[name].append(jobs / (time.monotonic() - began))
    ratios = [scored / plain for plain, scored in zip(*rates.values(), strict=True)]
    plain, scored = map(statistics.median, rates.values())
    print(
        f"with scoring {scored:.0f} jobs/s, {statistics.median(ratios):.2f} of the same programs without "
        f"({plain:.0f} jobs/s); the pairs scatter from {min(ratios):.2f} to {max(ratios):.2f}"
    )


def sweep(url: str, jobs: int) -> None:
    """A sweep of one program: how fast it is submitted and finished, and what it costs Redis and each process."""
    with Client(url) as client, redis.Redis.from_url(url) as keys:
        before = keys.info("memory")["used_memory"]
        batch = [Job(code=NOTHING, params={"number": number}) for number in range(jobs)]
        began = time.monotonic()
        name = client.submit_batch(batch, isolation="cell")
        submitted = time.monotonic() - began
        marks: list[tuple[float, int]] = []
        while not (status := client.status(name)).done:
            marks.append((time.monotonic(), status.finished))
            time.sleep(1.0)
        took = time.monotonic() - began
        half = next((mark for mark in marks if mark[1] >= jobs / 2), marks[-1])
        first, last = half[1] / (half[0] - began), (jobs - half[1]) / (began + took - half[0])
        used = (keys.info("memory")["used_memory"] - before) / jobs / 1024
    print(
        f"a sweep of {jobs:,}: submitted at {jobs / submitted:,.0f} a second, finished at {jobs / took:.0f} jobs/s "
        f"(first half {first:.0f}, second half {last:.0f}), {used:.2f} KiB of Redis a finished job"
    )


def idle(running: Stack, seconds: float = 30.0) -> None:
    """What a host costs while nothing happens."""
    time.sleep(10)
    with redis.Redis.from_url(running.url) as keys:
        commands, used = keys.info("stats")["total_commands_processed"], _cpu(running)
        time.sleep(seconds)
        commands = (keys.info("stats")["total_commands_processed"] - commands - 1) / seconds
        share = (_cpu(running) - used) / seconds
    memory = {one: one.memory_full_info() for one in running.processes()}
    for one, info in memory.items():
        name = " ".join(one.cmdline()[2:4])[-40:] or one.name()
        print(f"  {name}: {info.rss / 2**20:.0f} MB resident, {info.pss / 2**20:.0f} MB by share")
    roles = [info for one, info in memory.items() if one.name() != "redis-server"]
    print(
        f"idle: {commands:.1f} Redis commands a second, {share:.2%} of a core; all but Redis "
        f"{sum(one.rss for one in roles) / 2**20:.0f} MB resident "
        f"({sum(one.pss for one in roles) / 2**20:.0f} MB without counting shared pages twice)"
    )


def _cpu(running: Stack) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in running.processes())


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts: dict[str, Callable[[Stack, int], None]] = {
        "idle": lambda running, _: idle(running),
        "latency": lambda running, _: latency(running.url, 30),
        "fairness": lambda running, _: fairness(running.url),
        "shares": lambda running, jobs: shares(running.url, 5 * jobs),
        "throughput": lambda running, jobs: throughput(running.url, jobs),
        "scoring": lambda running, jobs: scoring(running.url, jobs // 2),
        "sweep": lambda running, jobs: sweep(running.url, 5 * jobs),
    }
    parser.add_argument("parts", nargs="*", default=list(parts), help=f"of {', '.join(parts)}; all without any")
    parser.add_argument(
        "--jobs", type=int, default=1000, help="backtests a measurement; sweeps and shares have five times as many"
    )
    options = parser.parse_args()
    for name in options.parts:
        with stack() as running:
            parts[name](running, options.jobs)


if __name__ == "__main__":
    main()
