"""The libraries of the sandbox's image, each used by an ordinary strategy; what a cell rehearses before any job."""

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

REHEARSES = """
import os, sys, warnings
import pandas
os.chdir("/tmp")
os.rmdir("/tmp/artifacts")
warnings.simplefilter("error")
import rehearsal
codes = rehearsal.rehearse()
os.mkdir("/tmp/artifacts")
emit(codes=codes, left=os.listdir("/tmp"), where=os.getcwd(), main="emit" in vars(sys.modules["__main__"]))
"""
LOOKS = """
import linecache, os, random, sys, threading
import numpy, pandas
main = sys.modules["__main__"]
emit(
    names=sorted(vars(main)), argv=sys.argv, where=os.getcwd(), scratch=os.listdir("/tmp"),
    threads=threading.active_count(),
    cached=[name for name in linecache.cache if "site-packages" not in name],
    classes=[one.__name__ for one in object.__subclasses__() if one.__module__ == "__main__"],
    modules=[name for name, one in sys.modules.items() if one is main],
    drawn=[random.random(), float(numpy.random.random())],
)
"""


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


def test_the_rehearsal_works_and_warns_of_nothing(run: Run) -> None:
    execution = run(REHEARSES)
    assert execution.values == {"codes": [0, 0], "left": ["artifacts"], "where": "/tmp", "main": True}
    assert (len(execution.stdout.splitlines()), execution.stderr) == (2, "")


def test_a_program_finds_nothing_of_the_rehearsal(
    run: Run, docker_engine: images.Image, settings: HostSettings
) -> None:
    executor = Executor(settings.model_copy(update={"default_image": docker_engine.name}), "tests")
    try:
        assignment = replace(an_assignment(Job(code=LOOKS)), isolation=Isolation.CELL)
        in_cell = executor.execute(assignment)
    finally:
        executor.close()
    assert in_cell.isolation is Isolation.CELL
    assert in_cell.values == run(LOOKS).values
