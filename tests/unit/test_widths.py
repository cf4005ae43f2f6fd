"""What commands print at 80 and at 200 columns: no figure, id or header is cut off, and more room shows more."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tests import scored
from tests.support import a_version

from windtunnel.analysis.clusters import clusters
from windtunnel.analysis.leaderboard import leaderboard
from windtunnel.cli import render, render_datasets, render_figures, render_report, render_results, render_stats
from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.contract import (
    BatchStatus,
    DeadLetter,
    Execution,
    HostStatus,
    JobState,
    JobStatus,
    Outcome,
    OwnerUse,
    ProgramError,
    QueueStats,
    Report,
    Transition,
    Waiting,
)
from windtunnel.contract.dataset import Column, Facts
from windtunnel_worker.scoring import Market

NOW = datetime(2026, 11, 27, 16, 45, 12, tzinfo=UTC)
BATCH = "1a21de689de60582157"
NAME = "mean_reversion_with_a_volatility_filter"
WIDTHS = [80, 200]
CUT = re.compile(r"\S…(?! \()")
"""What a table leaves of a cell that is too wide for it; a text that says how much longer it is is none."""


def batch_reports() -> list[Report]:
    """Scored ones and others with long ids, names, figures and outcomes."""
    reports = []
    for number, positions in enumerate([*scored.noise(12, 250), np.zeros(250)]):
        market = Market([scored.prices(250)], 252.0)
        params = {"fast": 5 + number, "slow": 100, "threshold": -1.2345678901234e-05}
        reports.append(scored.report(number, positions, market, params=params))
    for outcome in (Outcome.PROCESSES_EXCEEDED, Outcome.INFRASTRUCTURE_ERROR, Outcome.FAILED):
        error = ProgramError(type="KeyError", message="'close'", line=123, source="frame['close']", advice="Print it.")
        execution = Execution(attempt=1, outcome=outcome, error=error)
        message = "Line 123: 'close' is not a column. Print list(frame.columns)."
        reports.append(scored.report(len(reports), outcome=outcome, message=message, execution=execution))
    values = {"sharpe": -1.2345678901234e-05, "equity": 123456789.25}
    execution = Execution(attempt=1, outcome=Outcome.SUCCEEDED, values=values)
    reports.append(scored.report(len(reports), execution=execution))
    return [one.model_copy(update={"job_id": f"{BATCH}-{at}", "name": NAME}) for at, one in enumerate(reports, 995)]


REPORTS = batch_reports()
OUTCOMES = dict.fromkeys(Outcome, 12345)
STATUS = BatchStatus(
    batch_id=BATCH,
    name=NAME,
    owner="research-desk",
    total=160_485,
    finished=160_485,
    outcomes=OUTCOMES,
    submitted_at=NOW,
)
JOBS = [
    JobStatus(job_id=one.job_id, batch_id=BATCH, name=NAME, state=JobState.FINISHED, attempt=12, outcome=one.outcome)
    for one in REPORTS
]
FACTS = Facts(
    rows=12_345_678,
    columns=tuple(Column(name=f"column {at} of the file", type="number", missing=1_234_567) for at in range(12)),
    head=tuple(tuple(f"{10.0**at:.6f}" for at in range(12)) for _ in range(5)),
    first=NOW,
    last=NOW,
    bars_a_year=252,
)


def outputs() -> Iterator[tuple[str, Any, list[str]]]:
    """What is printed, and what must be in it unbroken at every width."""
    board = leaderboard(REPORTS)
    best = board.ranked[0]
    figures = [
        f"{best.score.metrics.sharpe:.2f}",
        f"{best.beyond_market:.1%}",
        f"{best.score.metrics.total_return:.1%}",
    ]
    yield (
        "leaderboard",
        render_results.board(board, 200),
        [
            *("job", "name", "Sharpe", "not luck", "return"),
            *(row.report.job_id for row in board.ranked),
            *figures,
        ],
    )
    ids = [one.job_id for one in REPORTS]
    outcomes = [outcome.value for outcome in Outcome]
    yield (
        "report of a batch",
        render_report.reports(REPORTS),
        [*ids, "processes_exceeded", "infrastructure_error", "outcome"],
    )
    yield "report of a job", render_report.report(REPORTS[0]), [ids[0], "total return", "buy & hold"]
    yield "status of a batch", render.batch(STATUS, JOBS), [*ids, BATCH, "160485/160485", *outcomes]
    yield "status", render.batches([STATUS] * 3), [BATCH, "160485/160485", "finished", *outcomes]
    yield "compare", render_results.comparison(REPORTS[0], REPORTS[1]), [*ids[:2], "-1.2345678901234e-05"]
    yield "errors", render_results.clusters(clusters(REPORTS)), ["KeyError", "line 123", ids[-2]]
    waiting = (Waiting(priority=5, owner="research-desk", jobs=1_234_567),)
    owners = (OwnerUse(owner="research-desk", running=12, slot_seconds=8_765_432.1),)
    found = QueueStats(ready=1_234_567, running=2, waiting=waiting, owners=owners, outcomes=OUTCOMES)
    yield "stats", render_stats.stats(found), ["1,234,567", "research-desk", "12345", "8,765,432"]
    version = a_version("sp500-futures").model_copy(update={"facts": FACTS})
    yield "datasets list", render_datasets.table([version]), ["sp500-futures", "12,345,678", "2026-11-27"]
    yield "datasets show", render_datasets.version(version), ["12,345,678", "1,234,567", version.sha256, "100.000000"]
    steps = [Transition(at=NOW, what="validated", who="a-host:1234:9f2c1b3a", detail="safe")] * 2
    yield "history", render.history(steps), ["2026-11-27 16:45:12.000", "validated", "+0.000 s"]
    host = HostStatus(host="backtest-host-01", last_seen=NOW, live=True, slots=128, busy=127, images=("own:1",) * 9)
    yield "hosts", render.hosts([host]), ["127/128", "busy"]
    letter = DeadLetter(at=NOW, queue="execute.default", reason="no list of ids", body="[" * 500)
    yield "dead", render.dead_letters([letter]), ["execute.default", "11-27 16:45:12"]


def printed(what: Any, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("what", "shown"), [(what, (shown, whole)) for what, shown, whole in outputs()])
def test_nothing_is_cut_off(what: str, shown: tuple[Any, list[str]], width: int) -> None:
    text = printed(shown[0], width)
    assert max(map(len, text.splitlines())) <= width
    for part in shown[1]:
        assert part in text, (what, part)
    assert not CUT.search(text), what


def test_more_room_shows_more_columns() -> None:
    board = render_results.board(leaderboard(REPORTS), 5)
    narrow, wide = (printed(board, width).splitlines()[0].split() for width in WIDTHS)
    assert set(narrow) < set(wide)
    assert {"Sortino", "Calmar", "drawdown", "trades"} <= set(wide)


def test_a_title_is_whole_above_a_narrow_table() -> None:
    table = Fitted(Shown("value", wraps=True), Shown("", wraps=True), title="self-reported")
    table.add_row("n", "1")
    assert printed(table, 80).splitlines()[0] == "self-reported"


def test_columns_join_by_rank_and_a_figure_of_any_length_is_whole() -> None:
    table = Fitted(
        Shown("id"), Shown("text", wraps=True), figure_column("second", rank=2), figure_column("first", rank=1)
    )
    table.add_row("a" * 30, "word " * 50, "2" * 20, "1" * 20)
    text = printed(table, 80)
    assert "1" * 20 in text
    assert "2" not in text
    assert "second" not in text
    assert text.split().count("word") == 50
    assert render_figures.figure("total_return", 1e300) == "1.0e+300"


def test_a_header_from_a_file_is_text_and_no_markup() -> None:
    table = Fitted(Shown("[red]close"), Shown("[/]"))
    table.add_row("[bold]1", "2")
    assert printed(table, 80).split() == ["[red]close", "[/]", "[bold]1", "2"]
