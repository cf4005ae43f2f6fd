"""Runs thousands of jobs in one slot and shows that nothing grows: on the host, and in the slot's own process.

`python benchmarks/soak.py`; exit code 1 when something grew. README.md beside it says what is counted.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from windtunnel.client.datasets import Datasets
from windtunnel.contract import Isolation, Job, Outcome
from windtunnel.store import Store
from windtunnel_worker.sandbox import Assignment, Executor
from windtunnel_worker.settings import HostSettings

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
HOST = f"soak-{os.getpid()}"
PROC = Path("/proc/self")
FAILURES = 50
"""Every so many jobs one fails, so that the way of a failure is walked too; in a cell it leaves the cell clean."""
WARM_UP_CELLS, WARM_UP_CONTAINERS = 100, 15
"""Jobs before the first count. The Docker client keeps a connection for each of the last 25 addresses it called,
which these containers have used up."""
RSS_ALLOWANCE_MB = 8.0
"""What the resident set may differ after thousands of jobs. glibc gives each new thread an arena and keeps freed
memory in it, so single megabytes come and go with the pool's threads. A leak of 4 KB a job, less than one job's
transcript, would already be 8 MB over the 2,000 jobs."""
SETTLE_S = 60.0
"""How long what the daemon still removes, or what others on the machine run, may take to be gone."""

console = Console(width=120, highlight=False)


@dataclass(frozen=True)
class Figure:
    """Something that must not grow."""

    name: str
    read: Callable[[], float]
    allowance: float = 0
    unit: str = ""


def main() -> None:
    """Warm up, count, run, count again."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix=f"windtunnel-{HOST}-") as directory:
        Datasets(None, lambda: Store(f"{directory}/store"), max_bytes=2**30).add(
            "sp500", EXAMPLES / "data" / "sp500.csv"
        )
        executor = Executor(
            HostSettings(host=HOST, data_dir=Path(directory), store_url=SecretStr(f"{directory}/store")),
            f"soak:{os.getpid()}",
            warm=True,
        )
        figures = _figures(shared=options.shared)
        try:
            _run(executor, Isolation.CELL, WARM_UP_CELLS)
            _run(executor, Isolation.CONTAINER, WARM_UP_CONTAINERS)
            executor.close()
            before = {figure: _settled(figure) for figure in figures}
            _run(executor, Isolation.CELL, options.cells)
            _run(executor, Isolation.CONTAINER, options.containers)
            executor.close()
            after = {figure: _settled(figure, before[figure]) for figure in figures}
        finally:
            executor.close()
    grown = [figure.name for figure in figures if after[figure] > before[figure] + figure.allowance]
    console.print(_table(options, before, after))
    console.print(f"FAIL  grew: {', '.join(grown)}" if grown else "pass  nothing grew")
    raise SystemExit(1 if grown else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=2000, help="jobs through cells (default: 2000)")
    parser.add_argument("--containers", type=int, default=200, help="jobs through containers (default: 200)")
    parser.add_argument(
        "--shared",
        action="store_true",
        help="others use this Docker and /tmp at the same time: count what is ours, as far as that can be told",
    )
    return parser.parse_args()


def _run(executor: Executor, isolation: Isolation, jobs: int) -> None:
    """Run jobs one after the other; each must end as its program says."""
    good = (EXAMPLES / "strategies" / "ema_crossover.py").read_text().replace("nasdaq", "sp500")
    bad = good + "\nraise ValueError('as it should')\n"
    began = time.monotonic()
    for number in range(jobs):
        fails = number % FAILURES == FAILURES - 1
        job = Job(code=bad if fails else good, datasets=("sp500",))
        execution = executor.execute(
            Assignment(f"soak-{number}", 1, job, ("math", "pandas"), isolation, f"{HOST}-{isolation}")
        )
        expected = Outcome.FAILED if fails else Outcome.SUCCEEDED
        if execution.outcome is not expected:
            raise SystemExit(f"job {number} ({isolation}) ended as {execution.outcome}: {execution.message}")
    console.print(f"{jobs} jobs, {isolation}: {jobs / (time.monotonic() - began):.1f} a second", style="dim")


def _figures(*, shared: bool) -> list[Figure]:
    ours = ["--filter", f"label=windtunnel.host={HOST}"] if shared else []
    temporary = f"windtunnel-{HOST}*" if shared else "*"
    return [
        Figure("this process: open file descriptors", lambda: len(os.listdir(PROC / "fd"))),
        Figure("this process: threads", lambda: len(os.listdir(PROC / "task"))),
        Figure("this process: child processes", _children),
        Figure("this process: resident memory", _resident_mb, RSS_ALLOWANCE_MB, " MB"),
        Figure("containers", lambda: _docker_lines("ps", "--all", "--quiet", *ours)),
        Figure("mounts that no container holds", _free_mounts),
        Figure("Docker networks", lambda: _docker_lines("network", "ls", "--quiet")),
        Figure("Docker volumes", lambda: _docker_lines("volume", "ls", "--quiet")),
        Figure(f"entries of {tempfile.gettempdir()}", lambda: len(list(Path(tempfile.gettempdir()).glob(temporary)))),
    ]


def _settled(figure: Figure, at_most: float | None = None) -> float:
    """The figure, once it is no higher than before; as it is after a while if it stays higher."""
    until = time.monotonic() + SETTLE_S
    value = figure.read()
    while at_most is not None and value > at_most + figure.allowance and time.monotonic() < until:
        time.sleep(1)
        value = figure.read()
    return value


def _children() -> int:
    return sum(len(task.read_text().split()) for task in PROC.glob("task/*/children"))


def _resident_mb() -> float:
    gc.collect()
    pages = int((PROC / "statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def _free_mounts() -> int:
    """Mounts of the host, without those of the containers that there are: those are counted as containers."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    held = [mark for container in _docker("ps", "--all", "--quiet").split() for mark in _marks(container)]
    return sum(not any(mark in mount for mark in held) for mount in mounts)


def _marks(container: str) -> list[str]:
    """By what a container's mounts are known: its id, its layer and its network namespace."""
    wanted = "{{.GraphDriver.Data.MergedDir}} {{.NetworkSettings.SandboxKey}}"
    try:
        found = _docker("inspect", "--format", wanted, container).split()
    except subprocess.CalledProcessError:
        return []  # it is gone
    # Docker says /var/run where the kernel says /run.
    return [container, *(path.removeprefix("/var") if "/netns/" in path else path for path in found)]


def _docker_lines(*arguments: str) -> int:
    return len(_docker(*arguments).split())


def _docker(*arguments: str) -> str:
    return subprocess.run(
        ["docker", *arguments],  # noqa: S607 - the one on the path
        check=True,
        text=True,
        capture_output=True,
    ).stdout


def _table(options: argparse.Namespace, before: dict[Figure, float], after: dict[Figure, float]) -> Table:
    table = Table(title=f"{options.cells} jobs through cells, {options.containers} through containers")
    table.add_column("")
    for heading in ("before", "after", "may grow by"):
        table.add_column(heading, justify="right")
    for figure, value in before.items():
        allowance = f"{figure.allowance:g}{figure.unit}" if figure.allowance else ""
        table.add_row(figure.name, f"{value:g}{figure.unit}", f"{after[figure]:g}{figure.unit}", allowance)
    return table


if __name__ == "__main__":
    main()
