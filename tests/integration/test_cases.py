"""Programs as people bring them, from public bug reports: each comes to the end that its `expect.txt` states."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from tests.support import CASES, ENOUGH

from windtunnel.contract import Execution, Isolation, Job, Outcome
from windtunnel_worker.pipeline.advice import advise
from windtunnel_worker.sandbox import Assignment, Executor, images
from windtunnel_worker.settings import host_settings

RunCase = Callable[[str], Execution]


@pytest.fixture(scope="module")
def executor(docker_engine: images.Image) -> Iterator[Executor]:
    executor = Executor(host_settings().model_copy(update={"default_image": docker_engine.name}), "cases")
    yield executor
    executor.close()


@pytest.fixture(params=list(Isolation))
def run_case(request: pytest.FixtureRequest, executor: Executor) -> RunCase:
    isolation: Isolation = request.param

    def run(number: str) -> Execution:
        (program,) = CASES.glob(f"{number}-*/program.*")
        language = "javascript" if program.suffix == ".js" else "python"
        job = Job(code=program.read_text(), language=language, limits=ENOUGH)
        return executor.execute(Assignment(f"test{secrets.token_hex(6)}-0", 1, job, (), isolation, "cases"))

    return run


def test_a_reason_for_leaving_is_the_message(run_case: RunCase) -> None:
    execution = run_case("06")
    assert (execution.outcome, execution.exit_code) == (Outcome.FAILED, 1)
    assert execution.message == "Line 3: SystemExit: no signal passed the threshold 0.5"
    assert execution.stderr == "no signal passed the threshold 0.5\n"


def test_an_exception_group_shows_all_its_leaves(run_case: RunCase) -> None:
    execution = run_case("07")
    assert execution.outcome is Outcome.FAILED
    error = execution.error
    assert error is not None
    assert (error.type, error.line) == ("ExceptionGroup", 15)
    for leaf in ("KeyError: 'xau'", "ValueError: price column has text: 'n/a'"):
        assert leaf in error.message
        assert leaf in error.traceback
    assert "2 symbols failed" in execution.message


def test_an_exit_hook_that_raises_is_told_and_changes_nothing(run_case: RunCase) -> None:
    execution = run_case("08")
    assert (execution.outcome, execution.values) == (Outcome.SUCCEEDED, {"sharpe": 1.25})
    assert "RuntimeError: could not save state" in execution.stderr


def test_a_runaway_recursion_is_folded_and_explained(run_case: RunCase) -> None:
    execution = run_case("09")
    error = execution.error
    assert error is not None
    assert (execution.outcome, error.type, error.line) == (Outcome.FAILED, "RecursionError", 7)
    assert "Python allows about 1,000 nested calls; use a loop" in advise(error)
    assert len(error.traceback) < 4096


def test_ten_megabytes_on_one_line_keep_their_ends(run_case: RunCase) -> None:
    execution = run_case("10")
    assert (execution.outcome, execution.values) == (Outcome.SUCCEEDED, {"before": 1, "after": 2})
    assert (execution.stdout_truncated, execution.stdout_bytes) == (True, 10_000_020)
    assert execution.stdout_dropped_bytes > 9_700_000
    head, gap, tail = execution.stdout.split("\n", 2)
    assert set(head) == {"x"}
    assert "10,000,020 bytes" in gap
    assert tail.endswith("x\nRESULT sharpe=0.42\n")


def test_text_that_is_no_text_comes_back(run_case: RunCase) -> None:
    execution = run_case("11")
    assert execution.outcome is Outcome.SUCCEEDED
    assert execution.values == {"half": "\\udcff", "nul": "a\x00b", "chart": "\U0001f4c8", "key_ok": True}
    assert "esc: \x1b[31mred" in execution.stdout  # kept; what prints it makes it harmless
    assert Execution.model_validate_json(execution.model_dump_json()) == execution


def test_values_of_every_kind_are_exact_or_marked(run_case: RunCase) -> None:
    execution = run_case("12")
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "end\n")
    assert execution.values == {
        "nan": None,
        "inf": None,
        "minus_zero": -0.0,
        "big": 9223372036854775809,
        "tenth": 0.30000000000000004,
        "flag": True,
        "i32": 7,
        "f32": 0.10000000149011612,
        "when": "2024-02-29T23:59:59.123456",
        "day": "2024-02-29",
        "stamp": "2024-03-10T01:30:00-05:00",
        "ns": "2024-01-02T03:04:05.000000006",
        "delta": 5400.0,
        "nat": None,
        "money": "0.1",
        "side": "LONG",
        "names": ["a", "b", "c"],
        "pair": [1, 2],
        "raw": {"$bytes": "YWJj"},
        "nested": {"a": {"b": [{"c": [0, 1, 2]}]}},
        "z": {"real": 3.0, "imag": 4.0},
    }
    assert execution.not_finite == {"nan": "NaN", "inf": "Infinity"}


@pytest.mark.parametrize("run_case", [Isolation.CONTAINER], indirect=True)
def test_javascripts_late_failure_is_a_failure_and_its_integers_are_exact(run_case: RunCase) -> None:
    execution = run_case("25")
    assert execution.outcome is Outcome.FAILED
    assert execution.message == "Line 7: Error: late failure"
    assert execution.values == {"count": 3, "nan": None, "big": "9007199254740993"}
    assert execution.not_finite == {"nan": "NaN"}
