"""Programs that return positions, from the sandbox to the score: each comes to the end that is stated for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support import CASES, ENOUGH, an_assignment

from windtunnel.client.datasets import Datasets
from windtunnel.contract import Execution, Fill, Isolation, Job, Limits, Outcome, Report, Scoring, Sight, Stage
from windtunnel.store import Store
from windtunnel_worker import SandboxManager
from windtunnel_worker.prices import PriceScorer
from windtunnel_worker.sandbox import Executor, images
from windtunnel_worker.settings import host_settings

DATA = {"five": "17-*/five.csv", "prices": "18-*/prices.csv", "bars": "20-*/bars.csv"}
RunJob = Callable[..., Report]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(str(tmp_path_factory.mktemp("store")))
    datasets = Datasets(None, lambda: store, max_bytes=2**30)
    for name, pattern in DATA.items():
        (file,) = CASES.glob(pattern)
        datasets.add(name, file)
    held = tmp_path_factory.mktemp("held") / "held.csv"
    rows = next(CASES.glob(DATA["prices"])).read_text().splitlines()
    held.write_text("\n".join(rows[:-1]))  # else a host keeps the whole of it as another dataset's columns
    datasets.add("held", held, holdout="20%")
    return store


@pytest.fixture(scope="module")
def score_job(docker_engine: images.Image, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunJob]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDTUNNEL_STORE_URL", store.name)
        patch.setenv("WINDTUNNEL_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        host_settings.cache_clear()
        manager = SandboxManager(docker_engine.name, strict_security=False)

    def run(
        code: str, *datasets: str, check: bool = False, fields: Mapping[str, object] | None = None, **scoring: object
    ) -> Report:
        scored = Scoring(**scoring)
        job = Job(code=code, datasets=datasets or ("prices",), scoring=scored, check_lookahead=check, limits=ENOUGH)
        return manager.run_job(job.model_copy(update=fields or {}))

    yield run
    manager.cleanup()
    host_settings.cache_clear()


def program(number: str) -> str:
    (file,) = CASES.glob(f"{number}-*/program.py")
    return file.read_text()


@pytest.mark.parametrize(
    ("scoring", "equity"),
    [
        ({}, 1.1),
        ({"fill": Fill.OPEN}, 0.7843137254901961),
        ({"commission_bps": 10.0}, 1.0956054978),
    ],
)
def test_five_bars_are_worth_what_they_are_by_hand(
    score_job: RunJob, scoring: dict[str, object], equity: float
) -> None:
    report = score_job(program("17"), "five", **scoring)
    assert report.outcome is Outcome.SUCCEEDED
    assert report.score is not None
    assert report.score.final_equity == pytest.approx(equity, abs=1e-12)
    assert len(report.positions_sha256) == 64
    assert report.execution is not None
    assert not report.execution.positions


def test_a_strategy_that_never_trades_has_no_ratio(score_job: RunJob) -> None:
    score = score_job(program("18")).score
    assert score is not None
    found, traded = score.metrics, score.trading
    assert (found.total_return, found.volatility, found.max_drawdown) == (0, 0, 0)
    assert (traded.trades, traded.exposure, traded.turnover) == (0, 0, 0)
    assert (found.sharpe, found.sortino, found.calmar, traded.hit_rate) == (None, None, None, None)
    assert score.undefined["sharpe"] == "it never traded"


def test_half_hour_bars_are_annualised_by_their_number(score_job: RunJob) -> None:
    report = score_job(program("20"), "bars")
    assert report.score is not None
    assert report.score.bars_a_year == 3276
    assert "counted" in report.score.bars_how
    assert report.score.metrics.sharpe == pytest.approx(4.9575, abs=1e-3)
    assert report.execution is not None
    assert report.execution.values["right"] == pytest.approx(4.753320931240278, rel=1e-12)


def test_a_forged_success_is_a_failure_with_its_line(score_job: RunJob) -> None:
    report = score_job(program("21"))
    assert (report.outcome, report.score, report.positions_sha256) == (Outcome.FAILED, None, "")
    assert report.execution is not None
    assert report.execution.error is not None
    assert (report.execution.error.type, report.execution.error.line) == ("RuntimeError", 8)
    assert report.execution.error.traceback.startswith(
        'Traceback (most recent call last):\n  File "strategy.py", line 8'
    )


FORMS = [
    "return data['prices'].Close * 0 + 1",
    "return (data['prices'].Close * 0 + 1).to_numpy()",
    "return [1.0] * len(data['prices'])",
    "return (data['prices'][['Close']] * 0 + 1).rename(columns=str.lower)",
    "return {'prices': data['prices'].Close * 0 + 1}",
    "return (data['prices'].Close * 0 + 1).reset_index(drop=True)",
    "return (data['prices'].Close * 0 + 1).tz_localize('UTC').tz_convert('Asia/Tokyo')",
    "return data['prices'].Close * 0 + 1\nimport sys\nsys.exit(0)",
]


def test_every_form_of_positions_gives_the_same_score(score_job: RunJob) -> None:
    reports = [score_job(f"def signals(data):\n    {form}") for form in FORMS]
    assert [report.message for report in reports] == [""] * len(FORMS)
    assert len({report.score.final_equity for report in reports if report.score}) == 1


REFUSED = {
    "def signals(data):\n    return None": "Line 1: TypeError: signals returned None (does it end without `return`?);",
    "def signals(data):\n    data['prices']": "signals returned None (does it end",
    "def signals(data):\n    return data['prices'].iloc[:, :2]": "with the columns Open, High: return one of them",
    "def signals(data):\n    return data['prices']['close']": "(data[\"prices\"] has a column 'Close')",
    "def signals(data):\n    return data['prices']['Date']": "('Date' is the index of data[\"prices\"]: use .index",
    "def signals(a, b, c):\n    return 1": "Line 1: TypeError: signals must take (data, params)",
    "import numpy\ndef signals(data):\n    return numpy.ones(599)": "Line 2: ValueError: there are 599 positions",
    "def signals(data):\n    return data['prices'].Close.iloc[:-3] * 0": "at bar 597 (2017-04-19): there is no",
    "def signals(data):\n    return data['prices'].Close * 0 + 2": "at bar 0 (2015-01-05): the absolute",
    "def signals(data):\n    return data['prices'].Close": "fractions of equity, not numbers of shares",
    "def signals(data):\n    return data['prices'].Close * float('nan')": "at bar 0 (2015-01-05): the position is not",
    "def signals(data):\n    return data['prices'].Close * 0j": "positions that are not numbers",
    "def signals(data):\n    return data['prices'].index.to_series().diff()": "positions that are not numbers",
    "import numpy\ndef signals(data):\n    return numpy.ma.array(numpy.zeros(600), mask=[False] * 599 + [True])": (
        "at bar 599 (2017-04-21): the position is not a finite number"
    ),
    "def signals(data):\n    return ['up'] * 600": "a list that is not all numbers",
    "def signals(data, params):\n    return params['window']": "KeyError: 'window' (the job has no params)",
    "def signals(data):\n    return data['prices'].Open, data['prices'].Close": "signals returned 2 Series: make one",
    "def signals(data):\n    return dict(data['prices'].Close)": "signals returned a dict by Timestamp: return",
    "def signals(data):\n    return data['prices'].Close / 0": "the position is infinite. Guard the division",
    "def signals(data):\n    yield 1.0": "signals returned generator: collect what it yields in a list",
    "import pandas\ndef signals(data):\n    prices = data['prices']\n    prices.index += pandas.Timedelta(hours=1)\n"
    "    return prices.Close * 0": "the data has no bar at this time",
}


def test_positions_that_cannot_be_scored_fail_with_the_reason(score_job: RunJob) -> None:
    for code, reason in REFUSED.items():
        report = score_job(code)
        assert (report.outcome, report.score) == (Outcome.FAILED, None)
        assert reason in report.message


def test_two_datasets_with_their_own_bars(score_job: RunJob) -> None:
    both = "{'prices': data['prices'].Close * 0 + 0.5, 'bars': data['bars'].Close * 0 + 0.5}"
    assert score_job(f"def signals(data):\n    return {both}", "prices", "bars").score is not None
    alone = "{'prices': data['prices'].Close * 0 + 1}"  # bars has times that prices lacks
    assert score_job(f"def signals(data):\n    return {alone}", "prices", "bars").score is not None
    one = score_job("def signals(data):\n    return data['prices'].Close * 0", "prices", "bars")
    assert "the columns Close for the datasets prices, bars" in one.message
    polars = "import polars\ndef signals(data):\n    return polars.DataFrame({'y': [1.0], 'x': [0.0]})"
    assert "it returned the columns y, x" in score_job(polars, "prices", "bars").message


def test_positions_leave_a_cell_as_they_leave_a_container(
    docker_engine: images.Image, store: Store, tmp_path: Path
) -> None:
    changes = {"default_image": docker_engine.name, "data_dir": tmp_path}
    executor = Executor(host_settings().model_copy(update=changes), "signals", store=store)
    job = Job(code=program("17"), datasets=("five",))
    try:
        execution = executor.execute(replace(an_assignment(job), isolation=Isolation.CELL, batch_id="signals"))
    finally:
        executor.close()
    scored = PriceScorer(store, 2**24).score(job, execution)
    assert scored.score is not None
    assert scored.score.final_equity == pytest.approx(1.1, abs=1e-12)


def test_a_strategy_that_was_scaled_by_the_whole_sample_looks_ahead(score_job: RunJob) -> None:
    report = score_job(program("19"), check=True)
    assert (report.outcome, report.message) == (Outcome.SUCCEEDED, "")
    found = report.look_ahead
    assert found is not None
    assert found.sight is Sight.LEAKS
    assert not any(one.failed for one in found.probes)
    assert report.execution is not None
    assert not report.execution.probe_runs


BY_FILE = """
import pandas as pd

def read(name):
    return pd.read_csv(name, index_col=0, parse_dates=True)["Close"]

def signals(data, params):
    assert abs(read("prices.csv").sum() - data["prices"]["Close"].sum()) < 1e-6
    close = read("/data/prices.csv")
    return (close > close.mean()).astype(float)
"""


@pytest.mark.parametrize("path", ["/data/prices.csv", "/data/../data/prices.csv"])
def test_a_program_that_reads_its_data_by_file_is_checked_on_changed_data_too(score_job: RunJob, path: str) -> None:
    found = score_job(BY_FILE.replace("/data/prices.csv", path), check=True).look_ahead
    assert found is not None
    assert found.sight is Sight.LEAKS
    assert not any(one.failed for one in found.probes)


def test_a_file_that_would_show_the_unchanged_data_is_not_there_in_a_check(score_job: RunJob) -> None:
    code = BY_FILE.replace('read("/data/prices.csv")', 'pd.read_feather("/data/prices.arrow")["Close"]')
    report = score_job(code, check=True)
    assert report.look_ahead is not None
    assert (report.outcome, report.look_ahead.sight) == (Outcome.SUCCEEDED, Sight.UNCHECKED)
    assert "FileNotFoundError" in report.look_ahead.message


REMEMBERS = """
import numpy as np
import pandas as pd

def signals(data, params):
    close = data["prices"]["Close"]
    try:
        seen = np.fromfile("/tmp/seen")[: len(close)]
    except FileNotFoundError:
        seen = (close.shift(-1) > close).to_numpy(dtype=float)
        seen.tofile("/tmp/seen")
    return pd.Series(seen, index=close.index[: len(seen)])
"""


def test_a_run_of_a_check_finds_nothing_that_another_left(score_job: RunJob) -> None:
    found = score_job(REMEMBERS, check=True).look_ahead
    assert found is not None
    assert found.sight is Sight.LEAKS


CHECKED = Job(code="pass", datasets=("prices",), check_lookahead=True, limits=ENOUGH)
NAMES = """
import os, socket
import numpy as np
import pandas as pd

def signals(data, params):
    close = data["prices"]["Close"]
    names = [line.split("@seen")[1] for line in open("/proc/net/unix").read().splitlines() if "@seen" in line]
    seen = dict(name.split(",") for name in names)
    if not seen:
        ahead = (close.shift(-1) > close).to_numpy()
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for start in range(0, len(close), 80):
            bits = "".join("01"[int(up)] for up in ahead[start : start + 80])
            seen[str(start)] = bits
            named = socket.socket(socket.AF_UNIX)
            named.bind(f"\\0seen{start},{bits}")
            named.listen()
            for end in ends: socket.send_fds(end, [b"x"], [sock.fileno() for sock in (named, *ends)])
    bits = "".join(seen[start] for start in sorted(seen, key=int))[: len(close)]
    return pd.Series([float(bit) for bit in bits], index=close.index[: len(bits)])
"""


@pytest.fixture
def check(docker_engine: images.Image, store: Store, tmp_path: Path) -> Iterator[Callable[..., Execution]]:
    """Runs a program with a look-ahead check and without the validator."""
    changes = {"default_image": docker_engine.name, "data_dir": tmp_path}
    executor = Executor(host_settings().model_copy(update=changes), "signals", store=store)

    def run(code: str, **fields: object) -> Execution:
        return executor.execute(an_assignment(CHECKED.model_copy(update={"code": code, **fields})))

    yield run
    executor.close()


def test_a_run_of_a_check_finds_no_names_of_sockets_that_another_left(
    check: Callable[..., Execution], store: Store
) -> None:
    found = PriceScorer(store, 2**24).score(CHECKED, check(NAMES)).look_ahead
    assert found is not None
    assert found.sight is Sight.LEAKS


ANSWERS_LATE = """
import os, time
import positions

def signals(data, params):
    close = data["prices"]["Close"]
    time.sleep(0.3)
    ahead = (close.shift(-1) > close).astype(float)
    if close.iloc[-1] != params["last"]:
        time.sleep(60)
    if os.getcwd() != "/tmp/check":
        for number in range(1, 40): emit.__self__.probe(number, positions.encode(ahead, data), b"")
    return ahead
"""


def test_a_program_cannot_answer_for_the_runs_of_a_check_that_were_not_made(
    check: Callable[..., Execution], store: Store
) -> None:
    (file,) = CASES.glob(DATA["prices"])
    last = float(file.read_text().split(",")[-2])
    execution = check(ANSWERS_LATE, limits=Limits(timeout_s=5), params={"last": last})
    found = PriceScorer(store, 2**24).score(CHECKED, execution).look_ahead
    assert execution.outcome is Outcome.SUCCEEDED, execution.message
    assert found is not None
    assert found.sight is Sight.UNCHECKED


def test_a_program_cannot_answer_for_a_check_that_nobody_asked_for(check: Callable[..., Execution]) -> None:
    execution = check("emit.__self__.probe(1, b'x', b'')", check_lookahead=False)
    assert (execution.outcome, execution.probe_runs) == (Outcome.SUCCEEDED, ())


LOCKS = """
from pathlib import Path

def signals(data, params):
    kept = Path("/tmp/kept/in")
    kept.mkdir(parents=True)
    kept.parent.chmod(0)
    return data["prices"]["Close"] * 0.0
"""


def test_what_a_run_of_a_check_left_for_good_is_told(score_job: RunJob) -> None:
    report = score_job(LOCKS, check=True)
    assert report.outcome is Outcome.FAILED
    assert "left files that cannot be removed" in report.message


CONVERTS = """
import pandas as pd

def signals(data, params):
    close = pd.read_parquet("prices.parquet")["Close"]
    return pd.Series((close.diff() > 0).to_numpy(dtype=float), index=data["prices"].index[: len(close)])
"""


def test_the_run_after_a_check_reads_unchanged_data_by_file(score_job: RunJob) -> None:
    checked, plain = score_job(CONVERTS, check=True), score_job(CONVERTS)
    assert checked.score is not None
    assert checked.score == plain.score


HONEST = """
close = data["prices"]["Close"]
slow = close.ewm(span=30).mean()
data["prices"]["Close"] = 0.0
print("once")
emit(once=1)
open("left.txt", "w").write("once")

def signals(data, params):
    return (close > slow).astype(float)
"""


def test_an_honest_program_is_not_accused_though_it_spoils_its_data(score_job: RunJob) -> None:
    report = score_job(HONEST, check=True)
    assert report.look_ahead is not None
    assert report.look_ahead.sight is Sight.CLEAN
    assert report.execution is not None
    assert (report.execution.stdout, report.execution.values) == ("once\n", {"once": 1})
    assert [one.name for one in report.execution.artifacts] == ["left.txt"]


SLOW = "import time\n\ndef signals(data):\n    time.sleep({})\n    return (data['prices']['Close'] > 0) * 1.0"


@pytest.mark.parametrize(("seconds", "timeout_s", "sight"), [(0.5, 5.0, Sight.CLEAN), (3.0, 6.0, Sight.UNCHECKED)])
def test_a_check_leaves_the_program_the_time_for_its_own_run(
    score_job: RunJob, seconds: float, timeout_s: float, sight: Sight
) -> None:
    report = score_job(SLOW.format(seconds), check=True, fields={"limits": Limits(timeout_s=timeout_s)})
    assert (report.outcome, report.message) == (Outcome.SUCCEEDED, "")
    assert report.score is not None
    found = report.look_ahead
    assert found is not None
    assert found.sight is sight
    assert "the time limit left too little" in found.message.lower()


def test_a_program_without_positions_is_not_checked(score_job: RunJob) -> None:
    report = score_job("emit(one=1)", check=True)
    assert (report.outcome, report.look_ahead) == (Outcome.SUCCEEDED, None)


def test_a_generator_that_is_not_seeded_is_named(score_job: RunJob) -> None:
    code = "import numpy\ndef signals(data):\n    return numpy.random.default_rng().choice([0.0, 1.0], 600)"
    found = score_job(code, check=True).look_ahead
    assert found is not None
    assert found.sight is Sight.UNSTABLE


TELLING = """
frame = data["held"]
print("told", len(frame))
emit(last=float(frame.Close.iloc[-1]))
frame.to_csv("told.csv")

def signals(data):
    found = data["held"].Close
    return (found * 0 + 1).where(found.index < found.index[-1], 0.5)
"""


def test_a_promoted_run_sees_all_bars_and_its_author_only_figures(score_job: RunJob, store: Store) -> None:
    version = Datasets(None, lambda: store, max_bytes=2**30).show("held")
    assert version.holdout is not None
    usual = score_job(TELLING, "held")
    assert usual.execution is not None
    assert usual.execution.stdout == f"told {version.facts.rows}\n"
    assert usual.score is not None
    assert usual.score.bars == version.facts.rows
    before = {one.sha256 for one in store.objects()}
    holdouts = {"held": version.holdout.sha256}
    report = score_job(TELLING, "held", fields={"holdouts": holdouts})
    assert report.promotion is not None
    assert (report.outcome, report.promotion.bars) == (Outcome.SUCCEEDED, version.holdout.bars)
    assert "told" not in report.model_dump_json(exclude={"validation"})
    assert {one.sha256 for one in store.objects()} == before
    kept = [path.name for path in (host_settings().data_dir / "cache").iterdir()]
    assert not [name for name in kept if name.startswith("unsealed") or name == version.holdout.sha256]
    again = score_job(TELLING + "#", "held", fields={"dataset_digests": {"held": version.sha256}})
    assert again.score is not None
    assert again.score.bars == version.facts.rows


def test_a_cascade_runs_on_the_first_bars_and_then_on_all(score_job: RunJob) -> None:
    stages = (Stage(bars=101, metric="max_drawdown", at_least=-1.0),)
    report = score_job("def signals(data):\n    return data['prices'].Close * 0 + 1", fields={"stages": stages})
    assert report.score is not None
    assert ([run.bars for run in report.stages], report.score.bars, len(report.attempts)) == ([101], 600, 2)
