"""What a program finds in its sandbox, and what comes back from it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.support import EXAMPLES, PATIENCE_S, Run

from windtunnel.client.datasets import Datasets
from windtunnel.contract import MAX_CODE_BYTES, Limits, Outcome
from windtunnel_worker.settings import HostSettings

# -- values ----------------------------------------------------------------------------------------------


def test_values_of_every_kind_come_back_as_json(run: Run) -> None:
    execution = run(
        """
        import math
        import numpy as np
        import pandas as pd

        emit(number=1, real=1.5, text="é", flag=True, nothing=None)
        emit(nan=math.nan, inf=-math.inf, array=np.array([1.0, np.nan]), scalar=np.float32(0.5))
        emit(whole=np.int64(7), truth=np.bool_(True), nested={"a": (1, [2, {"b": 3}])}, keys={1: 2})
        emit(series=pd.Series([1, 2], index=["x", "y"]), day=pd.Timestamp("2020-01-02"))
        emit(frame=pd.DataFrame({"c": [1.5]}, index=["r"]))
        emit({"number": 2}, flag=True)
        """
    )
    assert execution.values == {
        "number": 2,
        "real": 1.5,
        "text": "é",
        "flag": True,
        "nothing": None,
        "nan": None,
        "inf": None,
        "array": [1.0, None],
        "scalar": 0.5,
        "whole": 7,
        "truth": True,
        "nested": {"a": [1, [2, {"b": 3}]]},
        "keys": {"1": 2},
        "series": {"x": 1, "y": 2},
        "day": "2020-01-02T00:00:00",
        "frame": {"c": {"r": 1.5}},
    }
    assert execution.stdout == ""
    assert execution.not_finite == {"nan": "NaN", "inf": "-Infinity", "array[1]": "NaN"}


def test_values_of_pythons_own_kinds_have_stated_forms(run: Run) -> None:
    execution = run(
        """
        import collections, dataclasses, datetime as dt, decimal, enum, fractions, pathlib, uuid, zoneinfo

        @dataclasses.dataclass
        class Trade:
            price: float
            day: dt.date

        Pair = collections.namedtuple("Pair", "fast slow")
        Side = enum.Enum("Side", "LONG SHORT")
        Level = enum.IntEnum("Level", "LOW HIGH")
        Mode = enum.Flag("Mode", "READ WRITE")
        class Word(enum.StrEnum): LONG = "long"

        emit(trade=Trade(1.5, dt.date(2020, 1, 2)), pair=Pair(5, 20), side=Side.SHORT, level=Level.HIGH, word=Word.LONG)
        emit(mode=Mode.READ | Mode.WRITE, zone=zoneinfo.ZoneInfo("Asia/Tokyo"), time=dt.time(9, 30), real=5j)
        emit(aware=dt.datetime(2020, 7, 1, tzinfo=zoneinfo.ZoneInfo("America/New_York")), span=dt.timedelta(days=1))
        emit(money=decimal.Decimal("0.10"), third=fractions.Fraction(1, 3), none=decimal.Decimal("NaN"))
        emit(path=pathlib.Path("/a/b"), id=uuid.UUID(int=1), raw=[b"a", bytearray(b"b"), memoryview(b"c")])
        emit(numbers={10, 9, 2}, mixed={1, "a", None}, queue=collections.deque([1, 2]), range=range(3))
        emit(keys={"b": 1, "a": 2}.keys(), counts=collections.Counter("aab"), large=10**4000)
        """
    )
    values = execution.values
    assert values.pop("large") == 10**4000, execution.message
    assert values == {
        "trade": {"price": 1.5, "day": "2020-01-02"},
        "pair": {"fast": 5, "slow": 20},
        "side": "SHORT",
        "level": 2,
        "word": "long",
        "mode": "READ|WRITE",
        "zone": "Asia/Tokyo",
        "time": "09:30:00",
        "real": {"real": 0.0, "imag": 5.0},
        "aware": "2020-07-01T00:00:00-04:00",
        "span": 86400.0,
        "money": "0.10",
        "third": "1/3",
        "none": None,
        "path": "/a/b",
        "id": "00000000-0000-0000-0000-000000000001",
        "raw": [{"$bytes": "YQ=="}, {"$bytes": "Yg=="}, {"$bytes": "Yw=="}],
        "numbers": [2, 9, 10],
        "mixed": [None, 1, "a"],
        "queue": [1, 2],
        "range": [0, 1, 2],
        "keys": ["a", "b"],
        "counts": {"a": 2, "b": 1},
    }
    assert execution.not_finite == {"none": "NaN"}


def test_values_of_numpys_and_pandas_kinds_have_stated_forms(run: Run) -> None:
    execution = run(
        """
        import numpy as np
        import pandas as pd

        days = ["2024-01-01", "NaT"]
        emit(days=np.array(days, dtype="M8[D]"), times=np.array(days, dtype="M8[ns]"), no_time=np.datetime64("NaT"))
        emit(span=np.timedelta64(1500, "ms"), spans=np.array([1, "NaT"], dtype="m8[m]"), text=np.str_("x"))
        emit(long=np.longdouble("1.5"), short=np.float16(0.5), z=np.complex64(1 + 2j), whole=np.uint64(2**64 - 1))
        emit(rows=np.array([(1, 2.5)], dtype=[("a", int), ("b", float)]), masked=np.ma.masked_array([1, 2], [0, 1]))
        emit(same=pd.Series([1, 2], index=["a", "a"]))
        emit(levels=pd.Series([1.5], index=pd.MultiIndex.from_tuples([("a", 1)])))
        emit(columns=pd.DataFrame([[1, 2.5]], columns=["c", "c"], index=["r"]), empty=pd.DataFrame())
        emit(index=pd.Index(["a", "a"]), ranged=pd.date_range("2024-01-01", periods=1, tz="Asia/Tokyo"))
        emit(kinds=pd.Series(["x", "y"], dtype="category"), kind=pd.Categorical(["x"]), part=pd.Interval(0, 1))
        emit(month=pd.Period("2024-01", "M"), months=pd.period_range("2024-01", periods=2, freq="M"))
        emit(missing=[pd.NA, pd.NaT, None], whole_or_none=pd.Series([1, None], dtype="Int64"))
        emit(moments=pd.Series(pd.to_datetime(["2024-01-01", None])), hour=pd.Timedelta("1h"))
        """
    )
    assert execution.values == {
        "days": ["2024-01-01", None],
        "times": ["2024-01-01T00:00:00.000000000", None],
        "no_time": None,
        "span": 1.5,
        "spans": [60.0, None],
        "text": "x",
        "long": 1.5,
        "short": 0.5,
        "z": {"real": 1.0, "imag": 2.0},
        "whole": 2**64 - 1,
        "rows": {"a": [1], "b": [2.5]},
        "masked": [1, None],
        "same": {"index": ["a", "a"], "values": [1, 2]},
        "levels": {"('a', 1)": 1.5},
        "columns": {"index": ["r"], "columns": ["c", "c"], "data": [[1, 2.5]]},
        "empty": {},
        "index": ["a", "a"],
        "ranged": ["2024-01-01T00:00:00+09:00"],
        "kinds": {"0": "x", "1": "y"},
        "kind": ["x"],
        "part": "(0, 1]",
        "month": "2024-01",
        "months": ["2024-01", "2024-02"],
        "missing": [None, None, None],
        "whole_or_none": {"0": 1, "1": None},
        "moments": {"0": "2024-01-01T00:00:00", "1": None},
        "hour": 3600.0,
    }, execution.message


def test_what_has_no_form_is_refused_by_its_name(run: Run) -> None:
    execution = run(
        """
        import math
        class Plain: pass
        def refused(**values):
            try: emit(**values)
            except (TypeError, ValueError) as error: print(type(error).__name__, error)
        refused(gen=(n for n in [1]))
        refused(kind=Plain)
        refused(one=Plain())
        refused(module=math)
        refused(func=len)
        refused(keys={1: "a", "1": "b"})
        refused(digits=10**5000)
        refused(items=range(10**9))
        """
    )
    told = execution.stdout.splitlines()
    starts = [
        "TypeError emit(gen=…): cannot send a generator, which is empty once it was read",
        "TypeError emit(kind=…): cannot send a class, Plain",
        "TypeError emit(one=…): cannot send a Plain",
        "TypeError emit(module=…): cannot send a module",
        "TypeError emit(func=…): cannot send a builtin_function_or_method",
        "ValueError emit(keys=…): two keys are '1' as text",
        "ValueError emit(digits=…): an integer of more than 4,200 digits",
        "ValueError emit(items=…): 1,000,000,000 items",
    ]
    assert [line[: len(start)] for line, start in zip(told, starts, strict=True)] == starts
    assert execution.values == {}


def test_numbers_written_past_emit_are_finite_too(run: Run) -> None:
    execution = run(
        """
        import os
        for pipe in range(3, 20):
            try: os.write(pipe, b'V{"x": 1e999, "y": [NaN], "z": {"$float": "-inf"}}\\nV{"h": ' + b"9" * 5000 + b"}\\n")
            except OSError: pass
        """
    )
    assert execution.values == {"x": None, "y": [None], "z": None}
    assert execution.not_finite == {"x": "Infinity", "y[0]": "NaN", "z": "-Infinity"}


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("emit(x=object())", "TypeError", "emit(x=…): cannot send a object"),
        ("emit(x='y' * 900_000)", "ValueError", "emit(x=…)"),
        ("x = []\nfor _ in range(50): x = [x]\nemit(x=x)", "ValueError", "nested deeper"),
        ("x = []\nx.append(x)\nemit(x=x)", "ValueError", "nested deeper"),
    ],
)
def test_a_value_that_cannot_be_sent_is_an_error_at_its_line(run: Run, code: str, kind: str, told: str) -> None:
    execution = run(code)
    assert execution.outcome is Outcome.FAILED
    assert execution.error is not None
    assert execution.error.type == kind
    assert told in execution.error.message


def test_a_refused_value_leaves_the_others(run: Run) -> None:
    execution = run("emit(a=1)\ntry: emit(b=object())\nexcept TypeError: pass\nemit(c=3)")
    assert (execution.outcome, execution.values) == (Outcome.SUCCEEDED, {"a": 1, "c": 3})


def test_what_can_be_sent_of_a_call_is_kept_and_each_other_value_is_named(run: Run) -> None:
    code = """
        class Odd:
            def tolist(self): raise RuntimeError("no list today")
        emit(sharpe=1.5, model=object(), curve=[1.0, 2.0], large="y" * 900_000, odd=Odd())
    """
    execution = run(code)
    assert execution.values == {"sharpe": 1.5, "curve": [1.0, 2.0]}
    assert execution.outcome is Outcome.FAILED
    for told in ("Line 4: TypeError", "emit(model=…): cannot send a object", "emit(large=…): 900,", "no list today"):
        assert told in execution.message
    assert "the other values were kept" in execution.message


def test_values_of_one_call_may_be_larger_than_a_record(run: Run) -> None:
    execution = run("emit(a='x' * 400_000, b='y' * 400_000, c=1)")
    assert (execution.outcome, sorted(execution.values)) == (Outcome.SUCCEEDED, ["a", "b", "c"])


def test_values_that_are_dropped_are_never_dropped_silently(run: Run) -> None:
    execution = run("for name in 'abcd': emit(**{name: 'y' * 400_000})")
    assert len(execution.values) < 4
    assert execution.outcome is Outcome.SUCCEEDED
    assert "emit" in execution.message + execution.stderr


def test_text_that_is_no_unicode_comes_back_all_the_same(run: Run) -> None:
    execution = run("emit(x='\\ud800', **{'\\ud801': 1})\nprint('\\ud800')\nraise ValueError('\\ud800')")
    assert execution.outcome is Outcome.FAILED
    assert execution.model_dump_json()


# -- output ----------------------------------------------------------------------------------------------


def test_stdout_and_stderr_come_back_apart(run: Run) -> None:
    execution = run("import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out2')")
    assert (execution.stdout, execution.stderr) == ("out\nout2\n", "err\n")
    assert (execution.stdout_truncated, execution.stderr_truncated) == (False, False)


@pytest.mark.parametrize(("written", "cut"), [(1024, False), (1025, True), (10_000, True)])
def test_output_is_cut_at_its_limit_and_labelled(run: Run, written: int, cut: bool) -> None:
    execution = run(f"print('x' * {written}, end='')", limits=Limits(output_kb=1))
    assert execution.outcome is Outcome.SUCCEEDED
    assert (len(execution.stdout), execution.stdout_truncated) == (1024, cut)
    assert not execution.stderr_truncated


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("while True: pass", 2),
        ("sum(iter(int, 1))", 2),  # within one call of C, where no handler of Python runs
        ("import signal\nsignal.signal(signal.SIGRTMAX, signal.SIG_DFL)\nwhile True: pass", None),
        ("import os, signal\nsignal.signal(signal.SIGRTMAX, lambda *_: os._exit(0))\nwhile True: pass", None),
    ],
)
def test_a_program_at_its_time_limit_says_where_it_is_and_gains_nothing(run: Run, code: str, line: int | None) -> None:
    execution = run(f"print('before')\n{code}", limits=Limits(timeout_s=0.5))
    assert (execution.outcome, execution.stdout) == (Outcome.TIMED_OUT, "before\n")
    assert (execution.error.line if execution.error else None) == line
    assert (f"at line {line}" in execution.message) is (line is not None)


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        (Limits(timeout_s=0.5), Outcome.TIMED_OUT),
        (Limits(cpu_time_s=1, timeout_s=PATIENCE_S), Outcome.CPU_EXCEEDED),
    ],
)
def test_output_without_a_newline_survives_a_limit_of_time(run: Run, limits: Limits, outcome: Outcome) -> None:
    code = (
        "import sys\nprint('half', end='')\nprint('too', end='', file=sys.stderr)\ndef f():\n    while True: pass\nf()"
    )
    execution = run(code, limits=limits)
    assert (execution.outcome, execution.stdout, execution.stderr) == (outcome, "half", "too")
    assert "at line 5 (while True: pass)" in execution.message
    assert execution.error is not None
    assert "line 6, in <module>\n    f()\n" in execution.error.traceback


def test_bytes_that_are_no_text_are_shown_as_such(run: Run) -> None:
    assert run("import sys\nsys.stdout.buffer.write(b'a\\xffb')").stdout == "a\ufffdb"


def test_output_of_child_processes_and_exit_hooks_counts(run: Run) -> None:
    execution = run(
        """
        import atexit, os
        atexit.register(print, "hook")
        print("first", flush=True)
        if os.fork() == 0:
            print("child", flush=True)
            os._exit(0)
        os.wait()
        """
    )
    assert execution.stdout == "first\nchild\nhook\n"


# -- params, seed, data ----------------------------------------------------------------------------------


def test_params_arrive_as_they_were_given(run: Run) -> None:
    params = {"fast": 12, "rates": [0.5, None], "deep": {"text": "é✓"}}
    assert run("emit(**params)", params=params).values == params


def test_the_largest_code_arrives_however_long_its_json_is(run: Run) -> None:
    end = "\nprint('ran')"
    execution = run("#" + "\x01" * (MAX_CODE_BYTES - 1 - len(end)) + end)
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "ran\n"), execution.message


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(run: Run) -> None:
    code = "import random\nimport numpy as np\nemit(plain=random.random(), numeric=np.random.rand())"
    first, again, other = (run(code, seed=seed).values for seed in (7, 7, 8))
    assert first == again
    assert first["plain"] != other["plain"]
    assert first["numeric"] != other["numeric"]


def test_sets_are_ordered_the_same_in_every_run(run: Run) -> None:
    code = "emit(order=list({'alpha', 'beta', 'gamma', 'delta', 'epsilon'}), hash=hash('x'))"
    first, again = run(code).values, run(code).values
    assert first == again != {}


def test_a_csv_dataset_arrives_as_a_frame_with_its_dates(run: Run, datasets: Datasets) -> None:
    dataset = datasets.add("sp500", EXAMPLES / "data" / "sp500.csv")
    execution = run(
        """
        frame = data["sp500"]
        emit(names=list(data), rows=len(frame), first=frame.index[0], columns=list(frame.columns))
        emit(same=data["sp500"] is frame, known="sp500" in data, close=frame["Close"].iloc[0])
        """,
        datasets=("sp500",),
    )
    assert execution.outcome is Outcome.SUCCEEDED, execution
    lines = (EXAMPLES / "data" / "sp500.csv").read_text().splitlines()
    values = execution.values
    assert (values["names"], values["rows"]) == (["sp500"], len(lines) - 1)
    assert values["first"] == f"{lines[1].split(',')[0]}T00:00:00"
    assert (values["same"], values["known"]) == (True, True)
    assert values["columns"] == lines[0].split(",")[1:]
    assert execution.dataset_digests == {"sp500": dataset.sha256}


def test_a_parquet_dataset_arrives_as_it_was_written(run: Run, datasets: Datasets, tmp_path: Path) -> None:
    written = run(
        """
        import base64, io
        import pandas as pd
        file = io.BytesIO()
        pd.DataFrame({"Close": [1.5, 2.5]}, index=pd.to_datetime(["2020-01-01", "2020-01-02"])).to_parquet(file)
        emit(file=base64.b64encode(file.getvalue()).decode())
        """
    )
    path = tmp_path / "prices.parquet"
    path.write_bytes(base64.b64decode(str(written.values["file"])))
    datasets.add("prices", path)
    execution = run("emit(prices=data['prices']['Close'].to_dict())", datasets=("prices",))
    assert execution.values == {"prices": {"2020-01-01 00:00:00": 1.5, "2020-01-02 00:00:00": 2.5}}


FILES = {
    "dates": "Date,Open,Volume\n2020-01-01,1.5,7\n2020-01-02,,8\n",
    "times_with_zone": "Time,Close\n2020-01-01T00:00:00+00:00,1\n2020-01-01T00:01:00+00:00,2\n",
    "numbers_as_index": "n,Close,Up\n1,1.5,True\n2,2.5,False\n",
    "words": "Date,Symbol\n2020-01-01,SPY\n2020-01-02,QQQ\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_program_gets_the_same_frame_from_columns_as_from_the_file(
    run: Run, datasets: Datasets, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(FILES[name])
    datasets.add("columns", path)
    execution = run(
        """
        import os
        import pandas
        assert os.path.exists("/data/columns.arrow")
        columns, plain = data["columns"], pandas.read_csv("/data/columns.csv", index_col=0, parse_dates=True)
        pandas.testing.assert_frame_equal(columns, plain, check_exact=True, check_freq=True)
        for frame in (columns, plain):
            frame.iloc[:, 0] = frame.iloc[::-1, 0].to_numpy()
            frame.iloc[:, -1].to_numpy()[:] = frame.iloc[:, -1].to_numpy().copy()
        assert columns.equals(plain)
        """,
        datasets=("columns",),
    )
    assert execution.outcome is Outcome.SUCCEEDED, execution


def test_a_dataset_that_does_not_fit_in_memory_exceeds_it(run: Run, datasets: Datasets, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("n,Close\n" + "1,1.5\n" * 4_000_000)
    datasets.add("large", path)
    execution = run("print('begun')\ndata['large']", datasets=("large",), limits=Limits(memory_mb=96))
    assert (execution.outcome, execution.stdout) == (Outcome.MEMORY_EXCEEDED, "begun\n"), execution


def test_a_dataset_cannot_be_changed(run: Run, datasets: Datasets) -> None:
    datasets.add("sp500", EXAMPLES / "data" / "sp500.csv")
    execution = run("open('/data/sp500.csv', 'w')", datasets=("sp500",))
    assert execution.outcome is Outcome.FAILED
    assert "Read-only file system" in execution.message
    datasets.verify("sp500")
    assert run("emit(rows=len(data['sp500']))", datasets=("sp500",)).values == {"rows": 5031}


def test_mounts_tell_no_digest_and_not_who_else_has_the_dataset(run: Run, datasets: Datasets) -> None:
    datasets.add("sp500", EXAMPLES / "data" / "sp500.csv")
    code = "import os\nprint(open('/proc/self/mountinfo').read())\nemit(links=os.stat('/data/sp500.csv').st_nlink)"
    first, second = (run(code, datasets=("sp500",)) for _ in range(2))
    assert (first.outcome, first.values) == (Outcome.SUCCEEDED, second.values), first
    assert "/data/sp500.csv" in first.stdout
    (digest,) = first.dataset_digests.values()
    assert digest not in first.stdout


def test_the_standard_streams_can_be_opened_by_name(run: Run) -> None:
    execution = run("open('/dev/stdout', 'w').write('out')\nopen('/dev/stderr', 'w').write('err')")
    assert (execution.outcome, execution.stdout, execution.stderr) == (Outcome.SUCCEEDED, "out", "err")


def test_a_dataset_that_the_job_did_not_name_is_not_there(run: Run, datasets: Datasets) -> None:
    for name in ("sp500", "nasdaq"):
        datasets.add(name, EXAMPLES / "data" / f"{name}.csv")
    execution = run("import os\nemit(files=sorted(os.listdir('/data')))\ndata['nasdaq']", datasets=("sp500",))
    assert execution.values == {"files": ["sp500.arrow", "sp500.csv"]}
    assert execution.error is not None
    assert execution.error.type == "KeyError"
    assert "'nasdaq' is not among this job's datasets: sp500" in execution.error.message


def test_a_job_without_datasets_is_told_to_name_them(run: Run) -> None:
    assert "name them in the job's `datasets`" in run("data['sp500']").message


# -- the record of the run -------------------------------------------------------------------------------


def test_a_run_says_what_ran_where_and_with_which_versions(run: Run, settings: HostSettings) -> None:
    execution = run("import numpy\nimport pandas")
    assert execution.host == settings.host
    assert execution.image == settings.default_image
    assert execution.image_digest.startswith("sha256:")
    assert len(execution.container_id) == 64
    assert execution.versions.keys() >= {"python", "numpy", "pandas", "docker"}
    assert execution.started_at is not None
    assert execution.resources.memory_mb_peak > 0
    assert execution.resources.duration_s > 0


def test_a_program_runs_as_main_without_the_wardens_names(run: Run) -> None:
    execution = run(
        """
        emit(name=__name__, file=__file__, names=sorted(n for n in globals() if not n.startswith("_")))
        class Strategy: pass
        emit(module=Strategy.__module__)
        """
    )
    assert execution.values == {
        "name": "__main__",
        "file": "strategy.py",
        "names": ["data", "emit", "params"],
        "module": "__main__",
    }
