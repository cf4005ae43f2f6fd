"""What programs leave in their working folder, and the habits they bring, in a container and in a cell."""

from __future__ import annotations

import secrets
import struct
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support import CASES, ENOUGH, PATIENCE_S, an_assignment

from windtunnel.client.datasets import Datasets
from windtunnel.contract import Execution, Isolation, Job, Limits, Outcome
from windtunnel.store import Store
from windtunnel.validation import SecurityValidator
from windtunnel_worker.sandbox import Assignment, Executor, images
from windtunnel_worker.settings import HostSettings, host_settings

Run = Callable[..., Execution]


@pytest.fixture(scope="module", params=list(Isolation), ids=str)
def run(request: pytest.FixtureRequest, docker_engine: images.Image) -> Iterator[Run]:
    """Run a program on `data["prices"]`; jobs of a cell follow each other in one."""
    settings = host_settings().model_copy(update={"default_image": docker_engine.name})
    prices = CASES / "02-figure-saved-beside-program" / "prices.csv"
    Datasets(None, store, max_bytes=2**30).add("prices", prices)
    executor = Executor(settings, "tests")

    def run(code: str, **fields: Any) -> Execution:
        job = Job(code=textwrap.dedent(code), datasets=("prices",), **{"limits": ENOUGH, **fields})
        imports = SecurityValidator().validate_code(job.code).imports
        name = f"test{secrets.token_hex(6)}-0"
        return executor.execute(Assignment(name, 1, job, imports, request.param, "one-batch"))

    yield run
    executor.close()


def store() -> Store:
    return Store(host_settings().store_url.get_secret_value())


def files(execution: Execution) -> dict[str, bytes]:
    return {artifact.name: store().get(artifact.sha256) for artifact in execution.artifacts}


def size_of_png(content: bytes) -> tuple[int, int]:
    """Width and height as the file's header says."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


# -- the folder ------------------------------------------------------------------------------------------


def test_what_is_written_beside_the_program_comes_back_whatever_becomes_of_it(run: Run) -> None:
    execution = run(
        """
        import os
        os.makedirs("plots/deep")
        open("trades.csv", "w").write("a,b")
        open("plots/deep/b c.txt", "w").write("é")
        open("/tmp/artifacts/named.txt", "wb").write(os.urandom(3_000_000))
        open("/tmp/elsewhere.txt", "w").write("not this")
        os.symlink("trades.csv", "a-link")
        open("big.bin", "wb").truncate(9 * 2**20)
        raise ValueError("the end")
        """
    )
    assert execution.outcome is Outcome.FAILED
    found = files(execution)
    assert found.pop("named.txt") != bytes(3_000_000)
    assert found == {"trades.csv": b"a,b", "plots/deep/b_c.txt": "é".encode()}
    assert [artifact.original for artifact in execution.artifacts if artifact.original] == ["plots/deep/b c.txt"]
    assert {file.name: file.reason for file in execution.dropped} == {
        "a-link": "is a link, not a file",
        "big.bin": "is larger than 8 MB",
    }
    assert execution.message == (
        "Line 10: ValueError: the end. "
        "Files left out of the artifacts: a-link is a link, not a file; big.bin is larger than 8 MB."
    )


@pytest.mark.parametrize(
    ("end", "outcome", "timeout_s"),
    [("import os; os._exit(0)", Outcome.SUCCEEDED, PATIENCE_S), ("while True: pass", Outcome.TIMED_OUT, 1)],
)
def test_what_was_written_before_a_sudden_end_comes_back(
    run: Run, end: str, outcome: Outcome, timeout_s: float
) -> None:
    execution = run(f"open('before.txt', 'w').write('x')\n{end}", limits=Limits(timeout_s=timeout_s))
    assert (execution.outcome, files(execution)) == (outcome, {"before.txt": b"x"})


def test_the_next_program_finds_an_empty_folder_and_the_libraries_files_stay_out_of_it(run: Run) -> None:
    run("open('mine.txt', 'w').write('x')")
    execution = run(
        """
        import os, tempfile, pathlib
        import matplotlib
        tempfile.mkstemp()
        (pathlib.Path.home() / "note").write_text("x")
        for name in ("MPLCONFIGDIR", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "JOBLIB_TEMP_FOLDER"):
            os.makedirs(os.environ[name], exist_ok=True)
            open(os.path.join(os.environ[name], "kept"), "w").close()
        emit(here=os.listdir("."), where=os.getcwd(), config=matplotlib.get_configdir())
        """
    )
    assert execution.values == {"here": [], "where": "/tmp/artifacts", "config": "/tmp"}
    assert files(execution) == {}


# -- figures ---------------------------------------------------------------------------------------------


def test_figures_that_are_shown_or_left_open_are_saved_once_each(run: Run) -> None:
    execution = run(
        """
        import warnings
        import matplotlib
        matplotlib.use("TkAgg")
        import matplotlib.pyplot as plt
        warnings.simplefilter("error")
        plt.figure(figsize=(5, 4)); plt.plot([1, 2]); plt.title("净值"); plt.show()
        plt.figure(); plt.plot([1, 2]); plt.savefig("own.png"); plt.show()
        figure, axes = plt.subplots(figsize=(6, 4)); figure.savefig("draft.png"); axes.plot([2, 1])
        plt.show(block=False)
        warnings.simplefilter("default")
        open("figure-3.png", "w").write("mine")
        data["prices"]["Close"].plot(figsize=(7, 4), ax=plt.figure(figsize=(7, 4)).gca())
        def broken(value, place): raise RuntimeError("no tick")
        plt.subplots()[1].xaxis.set_major_formatter(broken)
        print("no window waits")
        """
    )
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "no window waits\n"), execution
    found = files(execution)
    assert found.pop("figure-3.png") == b"mine"
    assert {name: size_of_png(content) for name, content in found.items()} == {
        "figure-1.png": (500, 400),
        "own.png": (640, 480),
        "draft.png": (600, 400),
        "figure-2.png": (600, 400),
        "figure-4.png": (700, 400),
    }
    assert found["draft.png"] != found["figure-2.png"]
    assert "Glyph" in execution.stderr
    assert [file.name for file in execution.dropped] == ["figure-5.png"]
    assert "no tick" in execution.message


def test_a_program_that_draws_nothing_saves_nothing(run: Run) -> None:
    assert files(run("import matplotlib.pyplot as plt\nplt.show()\nfigure = plt.figure()\nplt.close(figure)")) == {}


# -- habits ----------------------------------------------------------------------------------------------


def test_a_figure_saved_beside_the_program(run: Run) -> None:
    execution = run((CASES / "02-figure-saved-beside-program" / "program.py").read_text())
    assert (execution.outcome, execution.message) == (Outcome.SUCCEEDED, "")
    assert execution.values == {"last": pytest.approx(0.525697361292425)}
    assert {name: size_of_png(content) for name, content in files(execution).items()} == {
        "equity_curve.png": (800, 600)
    }


def test_a_file_name_that_programs_use_by_habit_is_refused_with_the_jobs_dataset(run: Run) -> None:
    execution = run((CASES / "03-read-csv-habit" / "program.py").read_text())
    assert (execution.outcome, execution.error and execution.error.line) == (Outcome.FAILED, 3), execution
    assert execution.message.startswith(
        "Line 3: FileNotFoundError: [Errno 2] No such file; this job's datasets are data["
    )


def test_a_file_name_that_is_an_alias_means_the_jobs_dataset(run: Run) -> None:
    aliases = {"data.csv": "prices"}
    execution = run((CASES / "03-read-csv-habit" / "program.py").read_text(), aliases=aliases)
    assert execution.outcome is Outcome.SUCCEEDED, execution
    told = "line 3: there is no file 'data.csv' here; it is answered with this job's dataset, data[\"prices\"]"
    assert told in execution.stderr
    execution = run(
        """
        import csv
        from pathlib import Path
        import numpy as np
        import pandas as pd
        import polars as pl

        rows = len(data["prices"])
        emit(
            open=len(list(csv.reader(open("data.csv")))) - rows - 1,
            path=len(pd.read_csv(Path("/data") / "data.csv")) - rows,
            numpy=len(np.genfromtxt("data.csv", delimiter=",", skip_header=1)) - rows,
            text=len(np.loadtxt("data.csv", delimiter=",", skiprows=1, usecols=4)) - rows,
            parquet=len(pd.read_parquet("./data/prices.parquet")) - rows,
            polars=len(pl.read_csv("data.csv")) - rows,
            scanned=len(pl.scan_csv("data.csv").collect()) - rows,
            columns=len(pl.read_parquet("data/prices.parquet")) - rows,
            written=len(pl.DataFrame({"a": [1]}).write_csv("prices-2.csv") or pl.read_csv("prices-2.csv")),
        )
        pl.read_csv("vix.csv")
        """,
        aliases=aliases,
    )
    assert execution.values == {
        **dict.fromkeys(("open", "path", "numpy", "text", "parquet", "polars", "scanned", "columns"), 0),
        "written": 1,
    }, execution
    assert execution.message.startswith("Line 20: FileNotFoundError")
    assert 'data["prices"]' in execution.message


def test_a_main_guard_with_argparse_dataclasses_and_logging(run: Run) -> None:
    execution = run((CASES / "01-main-guard-argparse-logging" / "program.py").read_text())
    assert execution.outcome is Outcome.SUCCEEDED, execution
    assert execution.values["sharpe"] == pytest.approx(-0.8244211645994766)
    assert execution.values["total_return"] == pytest.approx(-0.16004427523999332)
    assert "Sharpe: " in execution.stdout
    assert "INFO running Config(fast=10, slow=40" in execution.stderr


def test_a_search_on_all_cores_runs_in_one_process(run: Run) -> None:
    execution = run((CASES / "04-grid-search-all-cores" / "program.py").read_text())
    assert (execution.outcome, execution.values["alpha"]) == (Outcome.SUCCEEDED, 100.0), execution
    assert execution.stderr == ""


def test_seeded_generators_repeat(run: Run) -> None:
    code = (CASES / "05-unseeded-generator" / "program.py").read_text()
    first, again = (run(code, seed=7).stdout.splitlines() for _ in range(2))
    assert len(first) == 4
    assert first[1:] == again[1:]


def test_what_programs_take_for_granted_of_their_machine(run: Run) -> None:
    execution = run(
        """
        import dataclasses, inspect, multiprocessing, pickle, sys, typing
        from joblib import Parallel, delayed

        @dataclasses.dataclass
        class Trade:
            price: float = 1.0

        def double(trade: "Trade") -> int:
            return 2 * trade.price

        emit(
            arguments=sys.argv,
            cores=multiprocessing.cpu_count(),
            parallel=Parallel(n_jobs=4)(delayed(abs)(number) for number in (-1, 2)),
            again=pickle.loads(pickle.dumps(Trade(2.0))).price,
            hints=[hint.__name__ for hint in typing.get_type_hints(double).values()],
            source=inspect.getsource(double),
            lines=inspect.getsource(Trade).count("\\n"),
        )
        """
    )
    assert execution.values == {
        "arguments": ["strategy.py"],
        "cores": 1,
        "parallel": [1, 2],
        "again": 2.0,
        "hints": ["Trade", "int"],
        "source": 'def double(trade: "Trade") -> int:\n    return 2 * trade.price\n',
        "lines": 3,
    }, execution
    assert execution.stderr == ""


# -- libraries before the clock --------------------------------------------------------------------------

IMPORTS = "matplotlib.pyplot", "scipy.stats", "sklearn.linear_model", "statsmodels.api"


def test_a_prepared_sandbox_imports_what_it_lacks_before_the_first_line(
    docker_engine: images.Image, settings: HostSettings
) -> None:
    executor = Executor(settings.model_copy(update={"default_image": docker_engine.name}), "tests", warm=True)
    code = f"import sys\nemit(loaded=[name for name in {IMPORTS} if name in sys.modules])\n" + "".join(
        f"import {name}\n" for name in IMPORTS
    )
    try:
        executor.execute(an_assignment(Job(code="print('the next sandbox is to have nothing loaded')")))
        execution = executor.execute(an_assignment(Job(code=code)))
    finally:
        executor.close()
    assert execution.values == {"loaded": list(IMPORTS)}, execution
    assert execution.versions.keys() >= {"matplotlib", "scipy", "sklearn", "statsmodels", "pandas", "numpy"}
    assert (execution.message, execution.stderr) == ("", "")
