"""Cascades: cheap stages first, and only what does well there goes on, whoever has submitted it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from windtunnel.cli.job_options import stages_of
from windtunnel.cli.render import batch as rendered_batch
from windtunnel.cli.render import console
from windtunnel.cli.render_report import report as rendered
from windtunnel.cli.render_report import reports as rendered_reports
from windtunnel.cli.render_results import board as rendered_board
from windtunnel.cli.render_results import plain_board
from windtunnel.contract import Execution, Job, JobState, Outcome, Stage
from windtunnel.errors import InvalidInput
from windtunnel.reports.job import job_page
from windtunnel.testing import Tunnel, ended, returned, succeeded
from windtunnel_worker.datasets import DatasetCache

BARS = 60
INDEX = pd.date_range("2024-01-01", periods=BARS, freq="D", name="Date")
UP = 100 * 1.01 ** np.arange(BARS) + np.tile([0.0, 0.1], BARS // 2)
STAGES = [{"bars": 20, "datasets": ["prices"], "metric": "total_return", "at_least": 0.05}]
Script = Callable[[Job], Execution]


def long_or_short(job: Job) -> Execution:
    """Positions of the job's parameter on all that it finds: 20 bars of one dataset, or all of both."""
    bars = BARS if len(job.datasets) == 2 else 20
    return returned(INDEX[:bars], np.full((bars, len(job.datasets)), job.params["side"]), *job.datasets)


class App:
    """A tunnel with two datasets."""

    def __init__(self, folder: Path, script: Script = long_or_short, *, paused: bool = False) -> None:
        self.seen: list[Job] = []
        self.script = script
        self.tunnel = Tunnel(self.run, paused=paused)
        self.client = self.tunnel.client
        for name in ("prices", "other"):
            pd.DataFrame({"Close": UP}, index=INDEX).to_csv(folder / f"{name}.csv")
            self.client.datasets.add(name, folder / f"{name}.csv")
        self.tunnel.run()  # so that its host is known

    def run(self, assignment: Any) -> Execution:
        self.seen.append(assignment.job)
        return self.script(assignment.job)

    def submit(self, *sides: float, stages: Any = STAGES, **options: Any) -> str:
        jobs = [{"code": "print(1)", "datasets": ["prices", "other"], "params": {"side": side}} for side in sides]
        return self.client.submit_batch(jobs, stages=stages, **options)

    def step(self, *, execute: bool = True) -> None:
        """One round of each role."""
        self.tunnel.pipeline.validate()
        if execute:
            self.tunnel.pipeline.execute("default")
        self.tunnel.pipeline.finalize()


def test_only_what_reaches_the_threshold_goes_on(tmp_path: Path) -> None:
    app = App(tmp_path)
    batch = app.submit(0.5, -0.5)
    good, bad = app.client.reports(batch)
    assert [(len(job.datasets), job.params["side"]) for job in app.seen] == [(1, 0.5), (1, -0.5), (2, 0.5)]
    assert (good.outcome, bad.outcome) == (Outcome.SUCCEEDED, Outcome.SUCCEEDED)
    assert (good.stopped, bad.stopped, good.message) == (False, True, "")
    assert bad.message.startswith("Stopped after stage 1 of 2: its total return is -")
    assert bad.message.endswith("and at least 5.0% is asked for.")
    assert [[(run.stage, run.passed, run.bars, run.datasets) for run in one.stages] for one in (good, bad)] == [
        [(1, True, 20, ("prices",))],
        [(1, False, 20, ("prices",))],
    ]
    assert good.score is not None
    assert bad.score is not None
    assert (good.score.bars, good.score.datasets, bad.score.bars) == (BARS, ("prices", "other"), 20)
    assert [attempt.number for attempt in good.attempts] == [1, 2]
    statuses = app.client.jobs(batch)
    assert [(one.stage, one.stages) for one in statuses] == [(2, 2), (1, 2)]
    assert "Stopped after stage 1" in statuses[1].message
    assert [one.what for one in app.client.history(good.job_id)].count("advanced") == 1
    status = app.tunnel.records.reading.batch_status(batch)
    assert (status.done, status.outcomes) == (True, {Outcome.SUCCEEDED: 2})


def test_what_a_stage_says_can_be_read(tmp_path: Path) -> None:
    app = App(tmp_path)
    batch = app.submit(0.5, -0.5)
    good, bad = app.client.reports(batch)
    with (shown := console()).capture() as text:
        shown.print(rendered(bad))
        shown.print(rendered(good))
        shown.print(rendered_batch(app.tunnel.records.reading.batch_status(batch), app.client.jobs(batch)))
    said = " ".join(text.get().split())
    assert "stage 1: stopped with total return -" in said
    assert "stage 1: passed with total return" in said
    assert "2 of 2" in said
    assert "Stage 1" in job_page(bad)
    board = app.client.leaderboard(batch)
    assert ([row.report.job_id for row in board.ranked], [row.why for row in board.unranked]) == (
        [good.job_id],
        [bad.message],
    )


def test_every_table_has_the_stage(tmp_path: Path) -> None:
    app = App(tmp_path)
    batch = app.submit(0.5, -0.5)
    board = app.client.leaderboard(batch)
    assert [(one.stage, one.asked, one.passed) for one in board.stages] == [(1, 2, 1)]
    told = plain_board(board)
    assert [(row["stage"], row["stages"], row["stopped"]) for row in told["jobs"]] == [(2, 2, False), (1, 2, True)]
    exported = json.loads(app.client.export(batch, "json"))
    for rows in (exported, app.client.frame(batch).to_dict("records")):
        assert [(row["stage"], row["stages"], row["stopped"]) for row in rows] == [(2, 2, False), (1, 2, True)]
    assert [run["passed"] for row in exported for run in json.loads(row["stage_runs"])] == [True, False]
    assert '"1 of 2"' in app.client.page(batch)
    for shown in (rendered_board(board, 20), rendered_reports(app.client.reports(batch))):
        with (printer := console()).capture() as text:
            printer.print(shown)
        assert all(word in text.get() for word in ("stage", "1 of 2", "2 of 2"))
    plain = app.submit(0.5, stages=())
    assert [row["stages"] for row in json.loads(app.client.export(plain, "json"))] == [1]
    with (printer := console()).capture() as text:
        printer.print(rendered_board(app.client.leaderboard(plain), 20))
    assert "stage" not in text.get().splitlines()[0]


def test_what_a_stage_stopped_is_not_promoted(tmp_path: Path) -> None:
    app = App(tmp_path)
    batch = app.submit(-0.5)
    assert "No job came through the stages" in app.client.leaderboard(batch).verdict
    with pytest.raises(InvalidInput, match="was stopped at a stage"):
        app.client.promote(f"{batch}-0")


def test_each_stage_is_a_trial(tmp_path: Path) -> None:
    app = App(tmp_path)
    batch = app.submit(0.5, -0.5)
    assert app.client.ledger("default", "prices").trials.count == 3
    assert app.client.ledger("default", "other").trials.count == 1
    assert app.client.leaderboard(batch).all_trials.count == 3


def test_nobody_has_to_wait_for_the_survivors(tmp_path: Path) -> None:
    """Whoever submitted is gone: the records alone say what is to be done, and a lost message costs nothing."""
    app = App(tmp_path, paused=True)
    batch = app.submit(0.5)
    app.client.close()
    app.step()
    (status,) = app.client.jobs(batch)
    assert (status.state, status.stage) == (JobState.READY, 2)
    assert app.tunnel.pipeline.reconcile()
    app.step()
    (report,) = app.client.reports(batch)
    assert (report.outcome, len(report.attempts)) == (Outcome.SUCCEEDED, 2)


@pytest.mark.parametrize("end", ["failed", "unreported", "undefined"])
def test_what_has_no_figure_does_not_go_on(end: str, tmp_path: Path) -> None:
    def script(_: Job) -> Execution:
        flat = returned(INDEX[:20], np.zeros(20), "prices")
        return {"failed": ended(Outcome.FAILED), "unreported": succeeded(sharpe=9.0), "undefined": flat}[end]

    app = App(tmp_path, script)
    batch = app.submit(1.0, stages=[{**STAGES[0], "metric": "sharpe"}])
    (report,) = app.client.reports(batch)
    messages = {
        "failed": "As the test scripted it.",
        "unreported": "Stopped after stage 1 of 2: it returned no positions, so its sharpe is not known.",
        "undefined": "Stopped after stage 1 of 2: its sharpe is undefined.",
    }
    assert (report.message, len(app.seen), report.stopped) == (messages[end], 1, end != "failed")


def test_what_just_misses_a_threshold_is_told_with_the_digits_that_show_it(tmp_path: Path) -> None:
    app = App(tmp_path)
    (report,) = app.client.reports(app.submit(1.0))
    value = report.stages[0].value or 0.0
    stage = {**STAGES[0], "at_least": value + 1e-9}
    (missed,) = app.client.reports(app.submit(1.0, stages=[stage]))
    found = re.search(r"its total return is (\S+)%, and at least (\S+)% is asked for", missed.message)
    assert found is not None
    assert float(found[1]) < float(found[2])


def test_several_stages_come_one_after_the_other(tmp_path: Path) -> None:
    def script(job: Job) -> Execution:
        bars = [20, 40, BARS, BARS][len(app.seen) - 1]
        return returned(INDEX[:bars], np.ones((bars, len(job.datasets))) / 2, *job.datasets)

    app = App(tmp_path, script)
    stages = [Stage(bars=bars, metric="total_return", at_least=0.0) for bars in (20, 40, 1000)]
    (report,) = app.client.reports(app.submit(1.0, stages=stages))
    assert [(run.stage, run.bars, run.passed) for run in report.stages] == [
        (1, 20, True),
        (2, 40, True),
        (3, BARS, True),
    ]
    assert (report.score and report.score.bars, report.summary.number) == (BARS, 4)
    assert app.seen[2].dataset_digests == app.seen[3].dataset_digests


def test_a_cancelled_job_does_not_go_on_and_a_retry_goes_on_where_it_was(tmp_path: Path) -> None:
    app = App(tmp_path, paused=True)
    batch = app.submit(0.5, 0.5)
    first, second = (one.job_id for one in app.client.jobs(batch))
    app.tunnel.pipeline.validate()
    app.tunnel.pipeline.execute("default")
    app.client.cancel(first)  # it has run, and its report is not written
    app.tunnel.pipeline.finalize()
    assert app.client.report(first).outcome is Outcome.CANCELLED
    assert app.client.jobs(batch)[1].state is JobState.READY
    app.client.cancel(batch)
    app.tunnel.pipeline.finalize()
    assert app.client.report(second).outcome is Outcome.CANCELLED
    assert [run.passed for run in app.client.report(second).stages] == [True]
    assert sorted(app.client.retry(batch)) == [first, second]
    app.tunnel.run()
    assert [one.outcome for one in app.client.jobs(batch)] == [Outcome.SUCCEEDED] * 2
    assert [len(job.datasets) for job in app.seen] == [1, 1, 2, 2]
    assert app.tunnel.records.reading.batch_status(batch).done


def test_a_batch_that_was_cancelled_meanwhile_stops_between_two_stages(tmp_path: Path) -> None:
    app = App(tmp_path, paused=True)
    batch = app.submit(0.5)
    app.tunnel.pipeline.validate()
    app.tunnel.pipeline.execute("default")
    app.tunnel.records.submissions.close_batch(batch, "me")
    app.tunnel.pipeline.finalize()
    (report,) = app.client.reports(batch)
    assert (report.outcome, report.message) == (Outcome.CANCELLED, "Cancelled by me.")


def test_a_fault_in_a_later_stage_is_retried_in_that_stage(tmp_path: Path) -> None:
    faults = [ended(Outcome.INFRASTRUCTURE_ERROR)] * 2

    def script(job: Job) -> Execution:
        return faults.pop() if len(job.datasets) == 2 and faults else long_or_short(job)

    app = App(tmp_path, script)
    (report,) = app.client.reports(app.submit(0.5))
    assert (report.outcome, [len(job.datasets) for job in app.seen]) == (Outcome.SUCCEEDED, [1, 2, 2, 2])


def test_equal_jobs_get_the_result_of_the_whole_cascade(tmp_path: Path) -> None:
    app = App(tmp_path)
    batch = app.submit(0.5, 0.5, -0.5, -0.5, cache=True)
    reports = list(app.client.reports(batch))
    assert [one.stopped for one in reports] == [False, False, True, True]
    assert [bool(one.cached_from) for one in reports] == [False, True, False, True]
    assert len(app.seen) == 3
    assert app.tunnel.records.reading.batch_status(batch).done


def test_a_stopped_job_can_be_run_again_on_the_same_bars(tmp_path: Path) -> None:
    app = App(tmp_path)
    (report,) = app.client.reports(app.submit(-0.5))
    found = app.client.reproduce(report.job_id)
    assert found.identical, found.differences


def test_hosts_find_the_first_bars_and_nothing_else(tmp_path: Path) -> None:
    app = App(tmp_path)
    sha256 = app.client.datasets.show("prices").sha256
    shorter = app.client.datasets.first_bars("prices", sha256, 20)
    assert app.client.datasets.first_bars("prices", sha256, 20) == shorter != sha256
    assert app.client.datasets.first_bars("prices", sha256, BARS) == sha256
    (found,) = DatasetCache(tmp_path / "cache", app.tunnel.store, tmp_path, 2**20).fetch(
        {"prices": shorter}, columns=True
    )
    assert found.columns is not None
    frames = pd.read_csv(found.file, index_col=0, parse_dates=True), pd.read_feather(found.columns)
    for frame in frames:
        pd.testing.assert_frame_equal(frame, pd.DataFrame({"Close": UP}, index=INDEX)[:20], check_freq=False)
    assert found.version.facts.last == INDEX[19].to_pydatetime()
    assert app.client.prune_store().objects == 0
    assert [one.name for one in app.client.datasets.list()] == ["other", "prices"]


@pytest.mark.parametrize(
    ("stages", "reason"),
    [
        ([{"at_least": 1, "datasets": ["none"]}], "name none, which `datasets` does not"),
        ([{"at_least": 1, "metric": "emitted"}], r"stages\.0\.metric"),
        ([{"bars": 10}], r"stages\.0\.at_least"),
        ([{"at_least": float("nan")}], r"stages\.0\.at_least"),
        ([{"at_least": 1}] * 9, "stages"),
    ],
)
def test_a_stage_that_cannot_be_is_refused(stages: Any, reason: str, tmp_path: Path) -> None:
    app = App(tmp_path)
    with pytest.raises(InvalidInput, match=reason):
        app.submit(1.0, stages=stages)
    with pytest.raises(InvalidInput, match="only Python programs"):
        app.client.submit_batch([{"code": "1", "language": "javascript"}], stages=[{"at_least": 1}])
    assert app.client.batches() == []


def test_stages_are_written_in_a_word_or_two_at_a_terminal() -> None:
    assert stages_of(["bars=500 dataset=a dataset=b sharpe>=0.5", "total_return>=-1e-3"]) == [
        {"bars": "500", "datasets": ["a", "b"], "metric": "sharpe", "at_least": "0.5"},
        {"datasets": [], "metric": "total_return", "at_least": "-1e-3"},
    ]
    assert Stage(**stages_of(["bars=500 sharpe>=.5"])[0]) == Stage(bars=500, at_least=0.5)
    with pytest.raises(InvalidInput, match=r"'sharpe>0\.5' is not understood"):
        stages_of(["sharpe>0.5"])
