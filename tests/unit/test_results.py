"""What the reports of a batch say together: ranking, ledger, failures, tables; forged figures have no place in it."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from rich.console import Console
from tests.scored import noise, prices, report
from typer.testing import CliRunner

from windtunnel.analysis.leaderboard import leaderboard
from windtunnel.cli import following, render_report, render_results, results
from windtunnel.cli.commands import app
from windtunnel.client import results as reading
from windtunnel.contract import Execution, Outcome, ProgramError, Report, Sample, Scoring, Sight, StageRun
from windtunnel.contract.lookahead import LookAhead
from windtunnel.errors import NotFound
from windtunnel.reports import batch_page, job_page, table
from windtunnel.testing import Tunnel, ended, returned, succeeded
from windtunnel_worker.scoring import Market, Positions, score

INDEX = pd.date_range("2020-01-01", periods=500, freq="D", name="Date")
CLOSE = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, 500)))
FORGED = {"trusted": True, "outcome": "succeeded", "sharpe": 9.99, "deflated_sharpe": 1.0, "rank": 1}
HOSTILE = "=cmd|'/c calc'!A1 \x1b[31m[bold]red"


def script(assignment: Any) -> Execution:
    kind, number = assignment.job.name, assignment.job.params.get("number", 0)
    if kind == "forger":
        return succeeded(**FORGED)
    if kind == "broken":
        error = ProgramError(type="KeyError", message=HOSTILE, line=3, source="data['x']")
        return ended(Outcome.FAILED, HOSTILE).model_copy(update={"error": error})
    draws = np.random.default_rng(number).choice([-1.0, 1.0], 500)
    bars = 450 if kind == "short" else 500
    return returned(INDEX[:bars], np.zeros(500) if kind == "flat" else draws[:bars], *assignment.job.datasets)


@pytest.fixture
def tunnel(tmp_path: Path) -> Tunnel:
    tunnel = Tunnel(script)
    pd.DataFrame({"Close": CLOSE}, index=INDEX).to_csv(tmp_path / "prices.csv")
    tunnel.client.datasets.add("prices", tmp_path / "prices.csv")
    return tunnel


def submit(tunnel: Tunnel, *kinds: str, first: int = 0, dataset: str = "prices") -> str:
    jobs = [
        {"code": "print(1)", "name": kind, "datasets": [dataset], "params": {"number": first + number}}
        for number, kind in enumerate(kinds)
    ]
    return tunnel.client.submit_batch(jobs)


def printed(what: Any, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_what_a_program_says_of_itself_is_named_so_and_nothing_is_no_value() -> None:
    values = {"sharpe": 9.99, "best": None, "parts": {"a": None}}
    found = report(1, execution=Execution(attempt=1, outcome=Outcome.SUCCEEDED, values=values))
    for text in (printed(render_report.report(found), 100), printed(render_report.reports([found]), 200)):
        assert [word for word in ("self-reported", "no value", '{"a": null}') if word not in text] == []
        assert [word for word in ("None", "emitted") if word in text] == []


TRACE = 'Traceback (most recent call last):\n  File "strategy.py", line 3, in <module>\nKeyError: x'


@pytest.mark.parametrize(
    ("outcome", "trace", "stderr", "shown", "title"),
    [
        ("failed", TRACE, f"slow data\n{TRACE}\n", "slow data\n", "Exception"),
        ("failed", TRACE, "slow data\nTraceback (most rec", "", "Exception"),
        ("failed", "", "no prices\n", "no prices\n", "Exception"),
        ("timed_out", TRACE, "slow data\n", "slow data\n", "Where it was"),
    ],
    ids=["logged-and-raised", "cut", "left-with-a-reason", "at-its-time-limit"],
)
def test_a_report_shows_stderr_beside_the_error_and_the_traceback_once(
    outcome: str, trace: str, stderr: str, shown: str, title: str
) -> None:
    error = ProgramError(type="KeyError", message="x", line=3, traceback=trace)
    execution = Execution(attempt=1, outcome=outcome, error=error, stderr=stderr)
    page, terminal = job_page(found := report(1, execution=execution)), printed(render_report.report(found), 100)
    told = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert (told["stderr"], told["error_title"]) == (shown, title)
    assert all(line in terminal for line in shown.splitlines())
    assert terminal.count("KeyError") == (1 if trace else 0)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_table_takes_no_memory_for_what_programs_printed(
    tunnel: Tunnel, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def printing(_: str) -> Iterator[Report]:
        for number in range(64):
            said = Execution(attempt=1, outcome=Outcome.SUCCEEDED, stdout="x" * 2**20)
            yield report(number, execution=said)

    tunnel.client.export(submit(tunnel, "noise"), form)  # loads what it needs
    monkeypatch.setattr(tunnel.client, "reports", printing)
    tracemalloc.start()
    try:
        tunnel.client.export("batch", form)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_a_small_file_that_is_a_giant_picture_is_not_shown() -> None:
    def png(width: int, height: int) -> bytes:
        return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)

    pictures = {"giant.png": png(30_000, 30_000), "a.png": png(10_000, 10_000), "b.png": png(10_000, 10_000)}
    assert job_page(report(1), pictures={**pictures, "c.png": png(640, 480)}).count("data:image/png") == 2


def test_a_score_on_a_terminal_says_what_costs_and_the_fill_change_and_what_is_open() -> None:
    market = Market([prices(300)], 252.0)
    held = np.repeat(np.random.default_rng(1).choice([-0.5, 0.5], (60, 1)), 5, axis=0)
    found = score(market, Positions(prices(300).times, held), Scoring(commission_bps=10, capital=2000))
    text = " ".join(printed(render_report.score(found), 200).split())
    twice = found.stress[1]
    assert [words for words in (
        f"max drawdown bars │ {found.metrics.max_drawdown_bars}",
        f"Equity began at 2,000.00 and ended at {found.final_equity:,.2f}.",
        f"last close: prices {held[-2, 0]:g}",
        f"Costs 2x: return {twice.total_return:.1%}, Sharpe {twice.sharpe:.2f}",
        "(not attainable): return",
    ) if words not in text] == []  # fmt: skip
    free = printed(render_report.score(score(market, Positions(prices(300).times, held), Scoring())), 200)
    assert [words for words in ("Costs", "Equity began") if words in free] == []
    board = leaderboard([report(1, held[:, 0], market)])
    assert board.ranked[0].haircut_sharpe is not None
    assert all(name in printed(render_results.board(board, 9), 200) for name in ("deflated", "after haircut"))


def test_two_jobs_compared_show_what_each_was_given() -> None:
    one = report(1, noise(1)[0], params={"kind": None, "on": True, "text": "", "[b]x[/b]": [1, "a"], "rate": 0.1 + 0.2})
    other = report(2, params={"kind": "ema"}, outcome=Outcome.FAILED, message="KeyError: 'Closing'. Print them.")
    text = printed(render_results.comparison(one, other.model_copy(update={"dataset_digests": {"x": "2" * 64}})), 120)
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines() if "│" in line]
    assert {name: cells for name, *cells in rows}.items() >= {
        "kind": ["null", "ema"],
        "on": ["true", "-"],
        "text": ["", "-"],
        "[b]x[/b]": ['[1, "a"]', "-"],
        "rate": ["0.30000000000000004", "-"],
        "data": ["prices 11111111", "x 22222222"],
        "evaluated": ["1,000 bars, 2015-01-01 to 2017-09-26", "not scored"],
        "message": ["", "KeyError: 'Closing'"],
    }.items()
    assert "figures cannot be compared" in text
    assert "kind=null on=true" in " ".join(printed(render_results.board(leaderboard([one]), 9), 200).split())


def test_data_without_times_has_bars_and_no_dates() -> None:
    rows = Market([replace(prices(300), times=np.arange(300))], None)
    found = report(1, noise(1, 300)[0], rows)
    assert found.score
    assert (found.score.months, found.score.curve.times[:2]) == ({}, (0, 1))
    board = leaderboard([found])
    assert board.verdict.startswith("No job has a Sharpe ratio: the bars a year are not known")
    texts = [printed(what, 100) for what in (render_report.report(found), render_results.comparison(found, found))]
    assert [text for text in (*texts, batch_page([found])) if "1970-" in text] == []
    assert all("300 bars without times" in text for text in (*texts, batch_page([found]), job_page(found)))
    assert "undefined: annual return, volatility, sharpe, sortino, calmar (the bars a year" in " ".join(
        texts[0].split()
    )


def test_a_forged_figure_is_ranked_nowhere(tunnel: Tunnel) -> None:
    batch = submit(tunnel, "forger", "flat", *["noise"] * 5, "broken")
    board = tunnel.client.leaderboard(batch)
    assert [row.report.name for row in board.ranked] == ["noise"] * 5
    assert [row.report.name for row in board.unranked] == ["flat"]
    assert [one.name for one in board.self_reported] == ["forger"]
    text = json.dumps(render_results.plain_board(board))
    assert "9.99" not in text
    assert json.loads(text)["jobs"][0]["rank"] == 1


def test_a_leaderboard_says_whether_the_best_is_superior(tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = submit(tunnel, *["noise"] * 5, "forger")
    monkeypatch.setattr(results, "Client", lambda: tunnel.client)
    shown = CliRunner().invoke(app, ["leaderboard", batch, "--spa"], env={"COLUMNS": "80"}).stdout
    assert "Against cash: p = " in shown
    assert "The best may be luck." in shown
    told = json.loads(CliRunner().invoke(app, ["leaderboard", batch, "--spa", "--json"]).stdout)
    assert [one["benchmark"] for one in told["superior_predictive_ability"]] == ["cash", "buy and hold"]
    assert "superior_predictive_ability" not in CliRunner().invoke(app, ["leaderboard", batch, "--json"]).stdout


def test_what_was_stopped_or_refuted_is_not_tested_for_superiority() -> None:
    stopped = StageRun(stage=1, metric="sharpe", at_least=9.0, passed=False)
    ahead = LookAhead(sight=Sight.LEAKS, message="Its positions change.")
    fields: list[dict[str, Any]] = [{}, {}, {}, {"stages": (stopped,)}, {"look_ahead": ahead}]
    reports = [report(number, one, **fields[number]) for number, one in enumerate(noise(5))]
    assert [(one.strategies, one.left_out) for one in reading.superior(reports)] == [(3, 0), (3, 0)]


def test_every_trial_counts_in_the_next_batch_once(tunnel: Tunnel) -> None:
    first = submit(tunnel, *["noise"] * 10)
    second = submit(tunnel, *["noise"] * 10, "flat", first=10)
    submit(tunnel, *["noise"] * 10)  # the same again
    ledger = tunnel.client.ledger("default", "prices")
    assert (len(ledger.known), ledger.trials.count, ledger.trials.flat) == (21, 21, 1)
    assert tunnel.client.leaderboard(second).all_trials.count == 21
    assert tunnel.client.leaderboard(first).earlier.count == 11
    assert tunnel.client.ledger("default", "other").trials.count == 0
    assert tunnel.client.ledger("somebody", "prices").trials.count == 0


def test_trials_count_whatever_the_same_bytes_are_called(tunnel: Tunnel, tmp_path: Path) -> None:
    submit(tunnel, *["noise"] * 10)
    tunnel.client.datasets.add("renamed", tmp_path / "prices.csv")
    assert tunnel.client.leaderboard(submit(tunnel, "noise", first=10, dataset="renamed")).all_trials.count == 11
    tunnel.client.datasets.add("shorter", tmp_path / "prices.csv", holdout="10%")
    assert tunnel.client.leaderboard(submit(tunnel, "short", first=11, dataset="shorter")).all_trials.count == 12
    for name in ("prices", "renamed"):
        tunnel.client.datasets.remove(name)
    tunnel.client.datasets.add("again", tmp_path / "prices.csv")
    assert tunnel.client.leaderboard(submit(tunnel, "noise", first=12, dataset="again")).all_trials.count == 13


def test_failures_are_grouped(tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = submit(tunnel, "broken", "noise", "broken")
    (kind,) = tunnel.client.errors(batch)
    assert (kind.failure.type, kind.count, kind.line) == ("KeyError", 2, 3)
    prompt = tunnel.client.errors_prompt(batch)
    assert "2 of 3 programs failed" in prompt
    assert 'data["prices"]: 500 rows' in prompt
    assert "\x1b" not in printed(render_results.clusters(tunnel.client.errors(batch)), 80)
    monkeypatch.setattr(results, "Client", lambda: tunnel.client)
    shown = CliRunner().invoke(app, ["errors", batch], env={"COLUMNS": "200"}).stdout.splitlines()
    assert shown[-1] == (
        'Dataset data["prices"]: 500 rows, from 2020-01-01 to 2021-05-14; columns: Date (the index), Close.'
    )
    (told,) = json.loads(CliRunner().invoke(app, ["errors", batch, "--json"]).stdout)
    assert told["datasets"] == ["prices"]


@pytest.mark.parametrize("width", [80, 200])
def test_what_is_printed_fits_and_is_harmless(tunnel: Tunnel, width: int) -> None:
    batch = submit(tunnel, "noise", "forger", "broken", "flat")
    reports = list(tunnel.client.reports(batch))
    shown = [
        render_results.board(tunnel.client.leaderboard(batch), 20),
        render_results.comparison(reports[0], reports[3]),
        render_results.clusters(tunnel.client.errors(batch)),
        *(render_report.report(one) for one in reports),
    ]
    for what in shown:
        text = printed(what, width)
        assert "\x1b" not in text
        assert max(map(len, text.splitlines())) <= width
    assert reports[0].job_id in printed(shown[0], width)


def test_tables_have_the_same_types_for_every_batch(tunnel: Tunnel) -> None:
    full = list(tunnel.client.reports(submit(tunnel, "noise", "forger", "broken")))
    empty, bare = table.frame([]), table.frame(full[1:])
    assert (table.frame(full).dtypes == empty.dtypes).all()
    assert (bare.dtypes == empty.dtypes).all()
    schemas = [parquet.read_schema(io.BytesIO(table.as_parquet(some))) for some in (full, full[1:], [])]
    assert all(schema.equals(schemas[0]) for schema in schemas)
    assert pa.types.is_floating(schemas[0].field("sharpe").type)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_begins_a_formula(start: str) -> None:
    text = table.as_csv([report(1, message=f"{start}1+1")]).decode()
    (cell,) = csv.DictReader(io.StringIO(text, newline=""))
    assert cell["message"] == f"'{start}1+1"


def test_no_emitted_key_becomes_a_column_and_no_cell_a_formula(tunnel: Tunnel) -> None:
    batch = submit(tunnel, "noise", "forger", "broken")
    found = json.loads(tunnel.client.export(batch, "json"))
    assert list(found[1]) == list(table.COLUMNS)
    assert (found[1]["sharpe"], json.loads(found[1]["self_reported"])) == (None, FORGED)
    cells = list(csv.DictReader(io.StringIO(tunnel.client.export(batch, "csv").decode())))
    assert cells[2]["message"].startswith("'=cmd")
    assert float(cells[0]["sharpe"]) == pytest.approx(found[0]["sharpe"])
    assert tunnel.client.frame(batch).shape == (3, len(table.COLUMNS))


def test_pages_say_what_the_ranking_says(tunnel: Tunnel) -> None:
    batch = submit(tunnel, *["noise"] * 3)
    assert tunnel.client.leaderboard(batch).verdict in tunnel.client.page(batch)
    assert "<!doctype html>" in tunnel.client.page(f"{batch}-0").lower()


def test_the_page_of_a_batch_without_reports_names_it() -> None:
    client = Tunnel(paused=True).client
    batch = client.submit_batch([{"code": "print(1)"}])
    assert f"batch {batch} " in client.page(batch)


def test_a_look_ahead_check_is_shown_wherever_its_job_is() -> None:
    ahead = LookAhead(sight=Sight.LEAKS, message="Its positions change.")
    found = report(1, noise(1)[0], look_ahead=ahead)
    assert '"look_ahead":{"sight":"leaks","message":"Its positions change."}' in job_page(found)
    assert '"leaks"' in batch_page([found])
    assert "Not ranked: 1 job (it looks ahead)." in printed(render_results.board(leaderboard([found]), 20), 100)
    assert "leaks" in printed(render_results.comparison(found, report(2, noise(1)[0])), 100)


def test_a_job_that_draws_lots_is_told_from_one_that_does_not(tunnel: Tunnel) -> None:
    same = tunnel.client.reproduce(f"{submit(tunnel, 'noise')}-0")
    assert (same.identical, same.differences, same.reasons) == (True, (), ())
    draws = iter(range(10))
    other = Tunnel(lambda _: succeeded(draw=next(draws)))
    job = other.client.submit({"code": "import numpy as np\nemit(draw=np.random.default_rng().random())"})
    found = other.client.reproduce(job)
    assert [(one.what, one.first, one.again) for one in found.differences] == [("values draw", "0", "1")]
    assert found.reasons == ("line 2: numpy.random.default_rng without a seed gives other numbers at each run.",)


def test_a_job_is_run_again_in_a_sandbox_of_the_same_kind() -> None:
    """In a cell, a program sees other process numbers and users than in a container of its own."""
    seen = []

    def script(assignment: Any) -> Execution:
        seen.append(assignment.isolation)
        return succeeded(x=1).model_copy(update={"isolation": assignment.isolation})

    tunnel = Tunnel(script)
    batch = tunnel.client.submit_batch([{"code": "emit(x=1)"}], isolation="cell")
    assert tunnel.client.reproduce(f"{batch}-0").identical
    assert seen == ["cell", "cell"]


def test_what_never_ran_is_run_again_on_its_data_and_in_its_pool(tmp_path: Path) -> None:
    tunnel = Tunnel(script, paused=True)
    pd.DataFrame({"Close": CLOSE}, index=INDEX).to_csv(tmp_path / "prices.csv")
    data = {"prices": tunnel.client.datasets.add("prices", tmp_path / "prices.csv").sha256}

    def cancelled(job: str) -> Report:
        tunnel.client.cancel(job)
        tunnel.pipeline.finalize()
        return tunnel.client.report(job)

    first = cancelled(tunnel.client.submit({"code": "print(1)", "datasets": ["prices"], "pool": "gpu"}))
    again = cancelled(tunnel.client.check(first.job_id))
    for one in (first, again):
        assert (one.outcome, one.pool, one.dataset_digests) == (Outcome.CANCELLED, "gpu", data)
    used = ["cpu_time_s", "memory_mb_peak", "io_operations"]  # not 0, which would be a measurement
    assert tunnel.client.frame(first.batch_id)[used].isna().all(axis=None)
    assert "0.00" not in printed(render_report.reports([first]), 120)


def test_the_prompt_on_rejected_programs_says_what_data_there_is(tunnel: Tunnel) -> None:
    batch = tunnel.client.submit_batch([{"code": "import socket\nsocket.socket()", "datasets": ["prices"]}])
    prompt = tunnel.client.errors_prompt(batch)
    assert 'data["prices"]: 500 rows, from 2020-01-01' in prompt
    assert "columns: Date (the index), Close" in prompt


def test_a_run_that_was_cut_off_is_named_as_the_reason() -> None:
    ends = iter([ended(Outcome.TIMED_OUT), succeeded(x=1)])
    tunnel = Tunnel(lambda _: next(ends))
    found = tunnel.client.reproduce(tunnel.client.submit({"code": "emit(x=1)"}))
    assert found.differences[0].what == "outcome"
    assert found.reasons == (
        f"{found.job_id} was cut off (timed_out): how far a run comes depends on how busy its host is.",
    )


def test_a_job_is_checked_again_as_it_was_submitted(tunnel: Tunnel) -> None:
    scoring, aliases = {"commission_bps": 7}, {"data.csv": "prices"}
    first = tunnel.client.submit({"code": "print(1)", "datasets": ["prices"], "aliases": aliases, "scoring": scoring})
    report = tunnel.client.report(tunnel.client.check(first))
    assert report.scoring == tunnel.client.report(first).scoring
    assert report.aliases == aliases
    assert report.score is not None
    assert "7 bps commission" in report.score.costs
    assert report.look_ahead is not None
    assert report.look_ahead.sight.value == "unchecked"


def test_a_running_job_is_charted_within_80_columns() -> None:
    samples = [
        Sample(elapsed_s=i, cpu_time_s=i, cpu_percent=i, memory_mb=2 * i, io_operations=0, processes=1)
        for i in range(100)
    ]
    processor, memory = (line.plain for line in following.used_so_far(samples))
    assert processor.startswith("  CPU       99 %")
    assert memory.endswith("█  highest 198")
    assert max(len(processor), len(memory)) <= 80
    assert following.used_so_far([]) == []


def test_a_job_that_ran_too_briefly_has_no_samples(tunnel: Tunnel) -> None:
    batch = submit(tunnel, "noise")
    assert tunnel.client.samples(f"{batch}-0") == []
    with pytest.raises(NotFound, match=f"There is no job {batch}"):
        tunnel.client.samples(batch)


def test_jobs_are_told_apart_by_their_parameters_and_long_ones_leave_room() -> None:
    one, other = report(1, params={"p" * 60: 1}, name="n" * 20), report(2, params={"fast": 5})
    assert "job-2 fast=5" in printed(render_report.reports([one, other]), 120)
    assert "n" * 20 in printed(render_results.comparison(one, other), 80)
