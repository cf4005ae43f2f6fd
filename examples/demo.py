"""The demo: real strategies on real prices through the whole stack, good and bad ones together.

Starts a stack of its own, submits `sweeps.toml`, follows it, checks that each bad program ended as it must, and
shows the outcomes and the best strategies. Programs with a grid of parameters run as one batch in cells, as sweeps do;
the others, most of which must fail, each get a container. Figures that a strategy emits are unchecked. Strategies that
define `signals` are scored by Windtunnel and make up the trusted leaderboard at the end.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from windtunnel import Client, Isolation, Job, Limits, Outcome, Report, Scoring
from windtunnel.cli import render, render_results
from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.cli.following import follow

HERE = Path(__file__).parent
LIMITS = Limits(timeout_s=60)
SHORT = Limits(timeout_s=5)
"""For the program that would run for ever."""
PAGE = Path(tempfile.gettempdir()) / "windtunnel-demo.html"
console = Console(highlight=False)


Expected = list[tuple[Job, Outcome]]


def batches() -> tuple[Expected, Expected]:
    """The sweeps and the single jobs of `sweeps.toml`, each job with the outcome it must have."""
    entries = tomllib.loads((HERE / "sweeps.toml").read_text())["job"]
    swept = [entry for entry in entries if entry.get("grid")]
    return list(jobs(swept)), list(jobs(entry for entry in entries if entry not in swept))


def jobs(entries: Iterable[dict[str, Any]]) -> Iterator[tuple[Job, Outcome]]:
    """A job for every combination of the values in each entry's grid."""
    for entry in entries:
        file = HERE / entry["file"]
        expected = Outcome(entry.get("expect", "succeeded"))
        grid: dict[str, list[Any]] = entry.get("grid", {})
        for values in itertools.product(*grid.values()):
            job = Job(
                code=file.read_text(),
                name=file.stem,
                params=dict(zip(grid, values, strict=True)),
                datasets=tuple(entry.get("datasets", ())),
                limits=SHORT if expected is Outcome.TIMED_OUT else LIMITS,
                scoring=Scoring(commission_bps=5),
            )
            yield job, expected


@contextmanager
def stack(state: Path, flower: int) -> Iterator[Client]:
    """A client of a private stack with the example prices, and Flower at this port. Nothing of the stack is left."""
    redis = free_port()
    os.environ["WINDTUNNEL_DATA_DIR"] = str(state)
    os.environ["WINDTUNNEL_STORE_URL"] = f"{state}/store"
    os.environ["WINDTUNNEL_HOST"] = f"demo{redis}"
    os.environ.pop("WINDTUNNEL_REDIS_URL", None)
    command = [sys.executable, "-m", "windtunnel.cli", "up", f"--redis-port={redis}", f"--flower={flower}"]
    process = subprocess.Popen([*command, f"--state={state}"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            console.print(f"[dim]stack: {line.rstrip()}[/]")
            if line.startswith("logs:"):
                break
        else:
            raise SystemExit(f"The stack did not start; see {state}/logs.")
        with Client((state / "redis.url").read_text().strip()) as client:
            for name in ("sp500", "nasdaq"):
                client.datasets.add(name, HERE / "data" / f"{name}.csv")
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def show(reports: list[Report], expected: list[Outcome]) -> bool:
    """Print what came out; True when every job ended as it must."""
    outcomes = Fitted(Shown("outcome"), figure_column("jobs"), figure_column("as expected"), title="Outcomes")
    for outcome in Outcome:
        found = [wanted for report, wanted in zip(reports, expected, strict=True) if report.outcome is outcome]
        if found:
            outcomes.add_row(render.outcome_text(outcome), str(len(found)), str(found.count(outcome)))
    console.print(outcomes)

    message = Shown("message to its author", wraps=True, least=30)
    bad = Fitted(Shown("program", wraps=True), Shown("outcome"), message, title="Programs that must not succeed")
    for report, wanted in zip(reports, expected, strict=True):
        if wanted is not Outcome.SUCCEEDED or report.outcome is not wanted:
            bad.add_row(report.name, render.outcome_text(report.outcome), report.message)
    console.print(bad)

    best = Fitted(
        Shown("strategy", wraps=True),
        Shown("parameters", wraps=True),
        figure_column("Sharpe"),
        figure_column("annual"),
        figure_column("drawdown", rank=1),
        figure_column("trades", rank=2),
        title="Best strategies by their own figures, after costs, S&P 500 and NASDAQ 1999-2018",
    )
    ranked = [report for report in reports if isinstance(_value(report, "sharpe"), float)]
    for report in sorted(ranked, key=lambda one: _value(one, "sharpe"), reverse=True)[:12]:
        parameters = ", ".join(f"{name}={value}" for name, value in report.params.items())
        best.add_row(
            report.name,
            parameters,
            f"{_value(report, 'sharpe'):.2f}",
            f"{_value(report, 'annual_return'):.1%}",
            f"{_value(report, 'max_drawdown'):.1%}",
            str(_value(report, "trades")),
        )
    console.print(best)
    return all(report.outcome is wanted for report, wanted in zip(reports, expected, strict=True))


def _value(report: Report, name: str) -> Any:
    return report.execution.values.get(name, 0.0) if report.execution else None


def main() -> int:
    """Run the demo. Exit code 0 when every job has its report and every outcome is as expected."""
    swept, single = batches()
    with tempfile.TemporaryDirectory(prefix="windtunnel-demo-") as state:
        with stack(Path(state), free_port()) as client:
            console.print(f"{len(swept)} jobs of sweeps in cells, {len(single)} single programs in containers")
            started = time.monotonic()
            sweep = client.submit_batch([job for job, _ in swept], name="sweeps", isolation=Isolation.CELL)
            singles = client.submit_batch([job for job, _ in single], name="singles")
            for name in (sweep, singles):
                follow(client, name)
            seconds = time.monotonic() - started
            reports = [*client.reports(sweep), *client.reports(singles)]
            board = client.leaderboard(sweep)
            PAGE.write_text(client.page(sweep), "utf-8")
    expected = [outcome for _, outcome in (*swept, *single)]
    right = len(reports) == len(expected) and show(reports, expected)
    console.print(f"{len(reports)} reports in {seconds:.0f} s ({len(reports) / seconds:.1f} jobs/s).")
    console.print("[bold]The trusted leaderboard[/]: positions that strategies returned, scored after costs of 5 bps")
    console.print(render_results.board(board, 12))
    console.print(f"All of it, for a browser: {PAGE}", soft_wrap=True)
    verdict = "[green]Every job ended as it must.[/]" if right else "[red]Some jobs did not end as they must.[/]"
    console.print(verdict)
    console.print(
        "Next: `.venv/bin/windtunnel up --flower 5555` in one terminal; in another\n"
        "  .venv/bin/windtunnel datasets add sp500 examples/data/sp500.csv\n"
        "  .venv/bin/windtunnel run examples/strategies/rsi_reversal.py --dataset sp500\n"
        "Flower is then at http://127.0.0.1:5555; `windtunnel report JOB` shows any report again."
    )
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
