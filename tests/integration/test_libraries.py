"""The libraries of the sandbox's image: each is used by an ordinary strategy that passes the validator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support import Run, an_assignment

from windtunnel.contract import Isolation, Job, Limits, Outcome
from windtunnel.validation import SecurityValidator
from windtunnel_worker.sandbox import Executor, images
from windtunnel_worker.settings import HostSettings

PROGRAMS = sorted((Path(__file__).parents[1] / "corpora/python/honest").glob("lib_*.py"))
CODE = "\n".join(path.read_text() for path in PROGRAMS)
"""One program of all: starting a sandbox and importing pandas costs more than most of them."""
LIMITS = Limits(timeout_s=300, memory_mb=1536)
"""For all libraries at once; each alone runs with the limits of any job."""
EXPECTED = {
    "boosting": True,
    "cash": 900.0,
    "charts": 3,
    "checked": True,
    "columns": 18,
    "cvxpy": True,
    "horizon": 5,
    "indicators": True,
    "models": True,
    "plotly": True,
}


def test_the_programs_pass_the_validator() -> None:
    verdict = SecurityValidator().validate_code(CODE)
    assert verdict.safe, verdict.issues
    wanted = "arch cvxpy hmmlearn lightgbm mplfinance numba pandas_ta plotly polars seaborn tabulate talib tqdm xgboost"
    assert set(wanted.split()) <= set(verdict.imports)


def test_every_library_works_in_a_container(run: Run) -> None:
    execution = run(CODE + "\nimport os\nemit(files=' '.join(os.listdir()))", limits=LIMITS)
    assert execution.outcome is Outcome.SUCCEEDED, (execution.message, execution.stderr)
    assert {name: execution.values[name] for name in EXPECTED} == EXPECTED
    charts = {"candles.png", "line.png", "returns.png", "plotly-1.html", "plotly-prices.html", "polars-signals.csv"}
    assert charts <= set(str(execution.values["files"]).split())


@pytest.mark.usefixtures("run")
def test_every_library_works_in_a_cell(docker_engine: images.Image, settings: HostSettings) -> None:
    executor = Executor(settings.model_copy(update={"default_image": docker_engine.name}), "tests")
    try:
        assignment = an_assignment(Job(code=CODE, limits=LIMITS))
        execution = executor.execute(replace(assignment, isolation=Isolation.CELL, batch_id="libraries"))
    finally:
        executor.close()
    assert execution.outcome is Outcome.SUCCEEDED, (execution.message, execution.stderr)
    assert {name: execution.values[name] for name in EXPECTED} == EXPECTED
