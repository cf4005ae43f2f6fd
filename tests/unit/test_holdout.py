"""Bars that are held out: what programs see of them, what a promoted run gives back, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from windtunnel.cli import datasets as datasets_commands
from windtunnel.cli import submitting
from windtunnel.cli.commands import app as commands
from windtunnel.cli.render import console
from windtunnel.cli.render_datasets import version as rendered_version
from windtunnel.cli.render_report import report as rendered
from windtunnel.cli.render_report import reports as rendered_reports
from windtunnel.cli.render_results import comparison
from windtunnel.client import Client
from windtunnel.client.datasets import Datasets
from windtunnel.contract import DatasetVersion, Execution, Job, JobState, Outcome, ProgramError, Report, Resources
from windtunnel.datasets.options import ReadOptions
from windtunnel.errors import AlreadyPromoted, InvalidInput, ObjectUnusable
from windtunnel.records.essence import essence
from windtunnel.records.reports import build_record
from windtunnel.reports import batch_page
from windtunnel.reports.job import job_page
from windtunnel.store import Store
from windtunnel.testing import Tunnel, ended, returned
from windtunnel_worker.datasets import DatasetCache

BARS, HELD = 100, 20
INDEX = pd.date_range("2024-01-01", periods=BARS, freq="D", name="Date")
CLOSE = (100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0.0, 0.01, BARS)))).round(6)
SECRET = "told-by-the-program"
LOUD = {
    "stdout": SECRET,
    "stderr": SECRET,
    "values": {SECRET: 1},
    "not_finite": {SECRET: "NaN"},
    "message": SECRET,
    "exit_code": 42,
    "error": ProgramError(type="ValueError", message=SECRET),
    "resources": Resources(duration_s=7.125, memory_mb_peak=123.5),
}
"""What a program can say of the bars that it sees."""


def write(folder: Path, kind: str = "csv", **columns: Any) -> Path:
    frame = pd.DataFrame({"Close": CLOSE, **columns}, index=INDEX)
    file = folder / f"prices.{kind}"
    if kind == "csv":
        frame.to_csv(file)
    else:
        frame.attrs = {"note": SECRET}
        frame.to_parquet(file)
    return file


def positions(job: Job) -> Any:
    """Long on all bars that the program sees."""
    return np.ones(BARS if job.holdouts else BARS - HELD)


class App:
    """A tunnel with a dataset of which 20 bars are held out, and a job that was scored on the others."""

    def __init__(
        self, folder: Path, promoted: Callable[[Job], Execution] | None = None, *, paused: bool = False
    ) -> None:
        self.seen: list[Job] = []
        self.whole, self.visible = INDEX, INDEX[: BARS - HELD]
        self.promoted = promoted or self.usual
        self.tunnel = Tunnel(self.script, paused=paused)
        self.client: Client = self.tunnel.client
        self.version = self.client.datasets.add("prices", write(folder), holdout="20%")
        self.job = self.submit()
        self.tunnel.run()

    def submit(self, code: str = "print(1)", **fields: Any) -> str:
        return self.client.submit({"code": code, "datasets": ["prices"], **fields})

    def script(self, assignment: Any) -> Execution:
        self.seen.append(assignment.job)
        return self.promoted(assignment.job) if assignment.job.holdouts else self.usual(assignment.job)

    def usual(self, job: Job) -> Execution:
        index = self.whole if job.holdouts else self.visible
        return returned(index, np.ones(len(index)), "prices").model_copy(update=LOUD)

    def promote(self) -> Report:
        return self.client.report(self.client.promote(self.job))


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path)


# -- adding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_programs_find_has_nothing_of_the_bars_that_are_held_out(kind: str, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    names = pd.Categorical(["early"] * (BARS - HELD) + ["late-category"] * HELD)
    file = write(tmp_path, kind, Name=names)
    version = Datasets(None, lambda: store, max_bytes=2**20).add("prices", file, holdout=0.2)
    assert version.holdout is not None
    assert (version.facts.rows, version.holdout.bars) == (BARS - HELD, HELD)
    assert version.holdout.first == INDEX[-HELD].to_pydatetime()
    visible = [store.get(sha256) for sha256 in (version.sha256, str(version.columns_sha256))]
    sealed = [store.get(sha256) for sha256 in (version.holdout.sha256, version.holdout.columns_sha256)]
    described = version.model_dump_json(exclude={"holdout"}).encode()
    for number, close in enumerate(CLOSE):
        forms = (np.float64(close).tobytes(), repr(float(close)).encode())
        assert any(form in visible[1] for form in forms) == (number < BARS - HELD)
        assert any(form in sealed[1] for form in forms)
        assert number < BARS - HELD or not any(form in text for form in forms for text in (*visible, described))
    assert not any(text in one for one in (*visible, described) for text in (b"late-category", SECRET.encode()))
    assert str(INDEX[-HELD].date()).encode() not in described


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("0%", "is not a share"),
        ("100%", "is not a share"),
        ("1.5", "is not a share"),
        ("a fifth", "is not a share"),
        ("1%", "leaves one part empty"),
        (0.99, "leaves one part empty"),
    ],
)
def test_a_share_that_cannot_be_held_out_is_refused(given: str | float, reason: str, tmp_path: Path) -> None:
    tunnel = Tunnel()
    with pytest.raises(InvalidInput, match=reason):
        tunnel.client.datasets.add("prices", write(tmp_path), holdout=given)
    assert tunnel.client.datasets.list() == []


def test_bars_in_no_order_are_refused_unless_they_are_sorted(tmp_path: Path) -> None:
    datasets = Tunnel().client.datasets
    file = tmp_path / "prices.csv"
    pd.DataFrame({"Close": CLOSE[::-1]}, index=INDEX[::-1]).to_csv(file)
    with pytest.raises(InvalidInput, match="--sort"):
        datasets.add("prices", file, holdout="20%")
    found = datasets.add("prices", file, ReadOptions(sort=True), holdout="20%")
    assert found.facts.last == INDEX[-HELD - 1].to_pydatetime()
    pd.DataFrame({"Close": CLOSE}).to_csv(file, index=False)
    with pytest.raises(InvalidInput, match="one time for each bar"):
        datasets.add("untimed", file, holdout="20%")


def test_the_same_hold_out_again_is_no_new_version_and_another_one_is(tmp_path: Path) -> None:
    datasets = Tunnel().client.datasets
    file = write(tmp_path)
    first = datasets.add("prices", file, holdout="20%")
    assert datasets.add("prices", file, holdout=0.2) == first
    assert datasets.add("prices", file, holdout="30%").version == 2
    assert datasets.verify("prices")


def test_it_is_said_where_bars_that_are_held_out_can_be_seen(tmp_path: Path) -> None:
    datasets = Tunnel().client.datasets
    file = write(tmp_path)

    def notes(version: DatasetVersion) -> list[str]:
        return [one.message for one in version.facts.findings if one.kind == "holdout_seen"]

    assert notes(datasets.add("whole", file)) == []
    assert notes(datasets.add("prices", file, holdout="20%")) == [
        "Version 1 of whole shows bars that are held out here."
    ]
    assert notes(datasets.add("prices", file)) == ["It shows bars that version 1 of prices holds out."]


def test_show_says_from_when_bars_are_held_out_and_not_their_values(app: App) -> None:
    with (shown := console()).capture() as text:
        shown.print(rendered_version(app.version))
    assert f"{HELD} more bars from 2024-03-21" in " ".join(text.get().split())
    assert not any(f"{close:.4g}" in text.get() for close in CLOSE[-HELD:])


# -- sealed ----------------------------------------------------------------------------------------------


def test_no_job_can_name_what_is_held_out(app: App, tmp_path: Path) -> None:
    held_out = app.version.holdout
    assert held_out is not None
    for sha256 in (held_out.sha256, held_out.columns_sha256):
        with pytest.raises(InvalidInput, match="no version has the digest"):
            app.submit(dataset_digests={"prices": sha256})
    cache = DatasetCache(tmp_path / "cache", app.tunnel.store, tmp_path, 2**20)
    with cache.unsealed({"prices": app.version.sha256}, {"prices": held_out.sha256}, columns=True) as fetch:
        (found,) = fetch()
        assert found.columns is not None
        assert len(pd.read_csv(found.file)) == BARS
        with pytest.raises(ObjectUnusable):  # whoever wrote it past the client
            cache.fetch({"prices": held_out.sha256}, columns=True)
    assert [path.name for path in (tmp_path / "cache").rglob("*")] == []
    with (
        cache.unsealed({"prices": app.version.sha256}, {"prices": "0" * 64}, columns=True) as fetch,
        pytest.raises(ObjectUnusable, match="another hold-out"),
    ):
        fetch()


def test_the_folder_of_another_slots_run_may_go_at_any_time(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = DatasetCache(tmp_path / "cache", app.tunnel.store, tmp_path, 2**20)
    monkeypatch.setattr(Path, "glob", lambda folder, _: [folder / "unsealed-gone"])
    with cache.unsealed({}, {}, columns=True) as fetch:
        assert fetch() == ()


# -- promoting -------------------------------------------------------------------------------------------


def test_a_promoted_run_is_scored_on_the_bars_that_were_held_out(app: App) -> None:
    report = app.promote()
    assert (app.seen[-1].holdouts, app.seen[-1].dataset_digests) == (
        {"prices": app.version.holdout and app.version.holdout.sha256},
        {"prices": app.version.sha256},
    )
    found = report.promotion
    assert found is not None
    assert (report.outcome, report.score, found.bars, found.programs) == (Outcome.SUCCEEDED, None, HELD, 1)
    assert found.first == INDEX[-HELD].tz_localize("UTC").to_pydatetime()
    returns = np.concatenate(([0.0, 0.0], CLOSE[-HELD + 2 :] / CLOSE[-HELD + 1 : -1] - 1))
    assert found.metrics.total_return == round(CLOSE[-1] / CLOSE[-HELD + 1] - 1, 3)
    assert found.metrics.sharpe == round(returns.mean() / returns.std(ddof=1) * np.sqrt(365), 2)
    assert found.benchmark.total_return is not None


def test_a_job_is_compared_with_its_promoted_run(app: App) -> None:
    first, promoted = app.client.report(app.job), app.promote()
    found = promoted.promotion
    assert found is not None
    with (shown := console()).capture() as text:
        shown.print(comparison(first, promoted))
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in text.get().splitlines() if "│" in line]
    cells = {name: values for name, *values in rows}
    assert cells["sharpe"][1] == f"{found.metrics.sharpe:.2f}"
    assert cells["trades"] == ["1", "-"]
    assert cells["seconds"] == ["7.12", "-"]
    assert cells["evaluated"][1].startswith("20 held-out bars from")
    with (shown := console()).capture() as text:
        shown.print(rendered_reports([promoted]))
    assert f"on 20 held-out bars: Sharpe {found.metrics.sharpe:.2f}, return" in " ".join(text.get().split())
    assert '"duration_s"' not in job_page(promoted)
    assert "Ran for" not in batch_page([promoted])


def told(app: App, job: str) -> str:
    """All that can be read of a job."""
    client = app.client
    report = client.report(job)
    parts: list[Any] = [report.model_dump_json(), job_page(report), client.page(job.partition("-")[0])]
    parts += [client.export(report.batch_id, form).decode() for form in ("csv", "json")]
    parts += [one.model_dump_json() for one in client.jobs(report.batch_id)]
    parts += [str(client.errors(report.batch_id)), client.errors_prompt(report.batch_id)]
    with (shown := console()).capture() as text:
        shown.print(rendered(report))
    return "\n".join([*parts, text.get()])


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "timed_out", "unscorable"])
def test_nothing_else_of_a_promoted_run_comes_back(outcome: str, tmp_path: Path) -> None:
    def script(job: Job) -> Execution:
        if outcome == "unscorable":
            return returned(INDEX, np.full(BARS, 4321.125), "prices").model_copy(update=LOUD)
        end = returned(INDEX, positions(job), "prices") if outcome == "succeeded" else ended(outcome)
        return end.model_copy(update=LOUD)

    app = App(tmp_path, script)
    job = app.client.promote(app.job)
    report = app.client.report(job)
    assert report.outcome.value == ("failed" if outcome == "unscorable" else outcome)
    text = told(app, job)
    assert not any(one in text for one in (SECRET, "7.125", "123.5", "4321", "ValueError"))
    assert (report.positions_sha256, report.look_ahead, report.resources) == ("", None, Resources())
    assert report.execution is not None
    assert (report.execution.exit_code, report.execution.artifacts, report.execution.started_at) == (None, (), None)
    assert ("withheld" in report.message) == (outcome != "succeeded")
    assert report.dataset_digests == {"prices": app.version.sha256}


def test_no_record_holds_more_before_the_report_is_written(tmp_path: Path) -> None:
    app = App(tmp_path, paused=True)
    app.client.promote(app.job)
    app.tunnel.pipeline.validate()
    app.tunnel.pipeline.execute("default")
    (waiting,) = app.tunnel.records.reports.take(2)
    execution = build_record(waiting, None).execution
    assert execution is not None
    assert SECRET not in execution.model_dump_json()
    assert (execution.resources, bool(execution.positions)) == (Resources(), True)


def test_a_program_is_promoted_once_whatever_its_parameters(app: App) -> None:
    first = app.client.promote(app.job)
    other = app.submit(params={"fast": 7})
    for job in (app.job, other):
        with pytest.raises(AlreadyPromoted, match=r"a total return of .*% on 20 bars from 2024-03-21") as caught:
            app.client.promote(job)
        assert caught.value.existing == first
    app.job = app.submit("print(2)")
    promotion = app.promote().promotion
    assert promotion is not None
    assert promotion.programs == 2


def test_a_new_version_that_holds_out_the_same_bars_gives_no_second_look(app: App, tmp_path: Path) -> None:
    """Another bar at the end, or another share, makes another hold-out of the same bars."""
    first, datasets = app.client.promote(app.job), app.client.datasets

    def version(bars: slice, holdout: str) -> None:
        file = tmp_path / f"{bars.start}-{bars.stop}.csv"
        pd.DataFrame({"Close": CLOSE[bars]}, index=INDEX[bars]).to_csv(file)
        found = datasets.add("prices", file, holdout=holdout)
        app.whole, app.visible = INDEX[bars], INDEX[bars][: found.facts.rows]

    for bars, holdout in ((slice(0, 99), "20%"), (slice(0, 97), "40%")):
        version(bars, holdout)
        again = app.submit(params={"bars": bars.stop})
        with pytest.raises(AlreadyPromoted, match="on 20 bars from 2024-03-21") as caught:
            app.client.promote(again)
        assert caught.value.existing == first
    version(slice(0, 98), "20%")
    app.job = app.submit("print(2)")
    promotion = app.promote().promotion
    assert promotion is not None
    assert promotion.programs == 2
    app.client.datasets.remove("prices")
    version(slice(0, 96), "20%")  # what was removed has been seen all the same
    with pytest.raises(AlreadyPromoted):
        app.client.promote(app.submit(params={"bars": 96}))
    version(slice(0, 70), "10%")  # until a day before the first one that was held out
    app.job = app.submit(params={"bars": 70})
    assert app.promote().promotion is not None


@pytest.mark.parametrize(
    "again",
    [
        "# better\n\nprint(1)\n",
        '"""Better."""\npass\nprint(1)',
        "print(\n    (1),\n)",
        "'a'; print(1); 5",
    ],
)
def test_a_program_in_another_layout_is_the_same_program(app: App, again: str) -> None:
    app.promote()
    app.job = app.submit(again)
    app.tunnel.run()
    with pytest.raises(AlreadyPromoted):
        app.promote()


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("x = 1", "x = 1.0", "python"),
        ("x = 1", "x = True", "python"),
        ("x = '1'", "x = b'1'", "python"),
        ("if a:\n    b()\nc()", "if a:\n    b()\n    c()", "python"),
        ("def f():\n    return 1", "def f():\n    1", "python"),
        ("x = (", "x = ((", "python"),
        ("let x = 1", "let x  = 1", "javascript"),
        ("x = '\ud800'", "x = '\udfff'", "python"),
    ],
)
def test_programs_that_do_something_else_are_other_ones(one: str, other: str, language: str) -> None:
    assert essence(one, language) != essence(other, language)
    assert essence(one, language) == essence(one, language)


def test_an_essence_is_had_of_any_text() -> None:
    deep = "(" * 90 + "1" + ")" * 90
    assert essence(deep, "python") == essence("1", "python") == essence("", "python")
    assert len({essence("-" * 10**n + "1", "python") for n in range(6)}) == 6


def test_a_run_that_failed_was_the_one(tmp_path: Path) -> None:
    app = App(tmp_path, lambda _: ended(Outcome.FAILED))
    app.promote()
    with pytest.raises(AlreadyPromoted, match="it failed and gave no figures"):
        app.client.promote(app.job)


def test_the_workers_themselves_keep_to_once(app: App) -> None:
    """Whoever submits past `promote` gets no second look either."""
    app.promote()
    ran = len(app.seen)
    held_out = app.version.holdout
    assert held_out is not None
    job = app.submit(seed=3, holdouts={"prices": held_out.sha256})
    report = app.client.report(job)
    assert (report.outcome, len(app.seen)) == (Outcome.REJECTED, ran)
    assert "promoted before" in report.message
    assert report.promotion is not None
    assert report.promotion.bars == 0


def test_a_promoted_run_is_not_run_again(app: App) -> None:
    job = app.client.promote(app.job)
    for again in (app.client.retry, app.client.check, app.client.reproduce, app.client.promote):
        with pytest.raises(InvalidInput, match="promoted run"):
            again(job)
    assert app.client.reproduce(app.job).identical
    assert app.seen[-1].holdouts == {}


def test_a_fault_of_ours_may_be_retried_until_there_is_a_result(tmp_path: Path) -> None:
    app = App(tmp_path, lambda _: ended(Outcome.INFRASTRUCTURE_ERROR))
    job = app.client.promote(app.job)
    assert app.client.report(job).outcome is Outcome.INFRASTRUCTURE_ERROR
    with pytest.raises(AlreadyPromoted, match="no result yet"):
        app.client.promote(app.job)
    app.promoted = app.usual
    assert app.client.retry(job) == [job]
    report = app.client.report(job)
    assert (report.outcome, report.promotion and report.promotion.bars) == (Outcome.SUCCEEDED, HELD)
    with pytest.raises(InvalidInput, match="promoted run"):
        app.client.retry(job)


def test_only_scored_jobs_on_data_with_a_hold_out_are_promoted(app: App, tmp_path: Path) -> None:
    app.client.datasets.add("whole", write(tmp_path))
    app.tunnel.pipeline.finalize()
    whole = app.client.submit({"code": "print(1)", "datasets": ["prices", "whole"]})
    with pytest.raises(InvalidInput, match="has no score"):
        app.client.promote(whole)
    app.client.datasets.remove("prices")
    with pytest.raises(Exception, match="There is no dataset 'prices'"):
        app.client.promote(app.job)


def test_a_promoted_run_is_no_trial_and_is_not_ranked(app: App) -> None:
    before = app.client.ledger("default", "prices").trials
    job = app.client.promote(app.job)
    board = app.client.leaderboard(job.partition("-")[0])
    assert (board.ranked, board.unranked, board.self_reported) == ((), (), ())
    assert app.client.ledger("default", "prices").trials == before
    page = app.client.page(job)
    assert '"programs":1' in page.replace(" ", "")
    assert json.loads(app.client.report(job).model_dump_json())["promotion"]["bars"] == HELD
    assert app.client.status(job).state is JobState.FINISHED


def test_the_commands_say_what_is_held_out_and_what_came_of_it(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (datasets_commands, submitting):
        monkeypatch.setattr(module, "Client", lambda: app.client)

    def run(*words: str) -> Any:
        return CliRunner().invoke(commands, list(words))

    file = str(write(tmp_path))
    assert "20 more bars" in run("datasets", "add", "more", file, "--holdout", "20%").stdout
    shown = json.loads(run("datasets", "show", "more", "--json").stdout)
    assert (shown["holdout"]["bars"], shown["facts"]["rows"]) == (HELD, BARS - HELD)
    assert isinstance(run("datasets", "add", "more", file, "--holdout", "half").exception, InvalidInput)
    done = run("promote", app.job)
    assert (done.exit_code, "total return" in done.stdout, SECRET in done.output) == (0, True, False)
    assert isinstance(run("promote", app.job).exception, AlreadyPromoted)
