"""What the contract takes and what it refuses, and that a refusal names the field."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from pydantic import ValidationError

from windtunnel.cli.job_options import aliases_of
from windtunnel.contract import (
    DEFAULT_CEILING,
    MAX_CODE_BYTES,
    MAX_PARAMS_BYTES,
    Batch,
    Contract,
    Job,
    Limits,
    Outcome,
)
from windtunnel.errors import InvalidInput

LOOP: dict[str, Any] = {}
LOOP["self"] = LOOP


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


REFUSED_JOBS: list[tuple[str, dict[str, Any]]] = [
    ("code", {"code": ""}),
    ("code", {"code": " \n\t"}),
    ("code", {"code": "x" * (MAX_CODE_BYTES + 1)}),
    ("code", {"code": "é" * (MAX_CODE_BYTES // 2 + 1)}),
    ("code", {"code": "\ud800"}),
    ("code", {"code": None}),
    ("code", {"code": b"print(1)\xff"}),
    ("language", {"language": "rust"}),
    ("language", {"language": "Python"}),
    ("name", {"name": ""}),
    ("name", {"name": "two words"}),
    ("name", {"name": "../escape"}),
    ("name", {"name": "-rf"}),
    ("name", {"name": "line\n"}),
    ("name", {"name": "x" * 129}),
    ("params", {"params": {"x": "y" * MAX_PARAMS_BYTES}}),
    ("params", {"params": {"x": float("nan")}}),
    ("params", {"params": {"x": float("inf")}}),
    ("params", {"params": [1]}),
    ("datasets.0", {"datasets": ["../passwd"]}),
    ("datasets.1", {"datasets": ["good", ""]}),
    ("datasets", {"datasets": ["d"] * 65}),
    ("seed", {"seed": -1}),
    ("seed", {"seed": 2**32}),
    ("seed", {"seed": 1.5}),
    ("limits.timeout_s", {"limits": {"timeout_s": 0}}),
    ("limits.timeout_s", {"limits": {"timeout_s": float("nan")}}),
    ("limits.timeout_s", {"limits": {"timeout_s": float("inf")}}),
    ("limits.cpus", {"limits": {"cpus": 0}}),
    ("limits.cpu_time_s", {"limits": {"cpu_time_s": 0.5}}),
    ("limits.memory_mb", {"limits": {"memory_mb": 63}}),
    ("limits.processes", {"limits": {"processes": 3}}),
    ("limits.disk_mb", {"limits": {"disk_mb": 0}}),
    ("limits.output_kb", {"limits": {"output_kb": 16_385}}),
    ("limits.io_operations", {"limits": {"io_operations": 0}}),
    ("limits.network", {"limits": {"network": True}}),
    ("image", {"image": "x" * 257}),
    ("priority", {"priority": 10}),
    ("priority", {"priority": -1}),
    ("labels.team", {"labels": {"team": "x" * 257}}),
    ("labels", {"labels": {f"k{index}": "" for index in range(33)}}),
    ("idempotency_key", {"idempotency_key": ""}),
    ("idempotency_key", {"idempotency_key": "x" * 257}),
    ("colour", {"colour": "red"}),
]


def refused(kind: type[Contract], **fields: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        kind(**fields)
    return caught.value


def test_a_parameter_that_is_not_json_is_named_in_short() -> None:
    assert "'stop'" in str(refused(Job, code="x = 1", params={"fast": 5, "stop": [float("nan")]}))
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    assert len(str(refused(Job, code="x = 1", params={"window": deep}))) < 300


@pytest.mark.parametrize(("field", "fields"), REFUSED_JOBS, ids=lambda value: str(value)[:40])
def test_a_refused_job_names_the_field(field: str, fields: dict[str, Any]) -> None:
    error = refused(Job, **{"code": "print(1)", **fields})
    assert [problem.field for problem in error.problems] == [field]
    assert error.problems[0].message
    assert field in str(error)


def test_a_job_without_code_is_refused() -> None:
    assert [problem.field for problem in refused(Job).problems] == ["code"]


def test_params_that_are_no_json_are_refused() -> None:
    for params in ({"x": object()}, {"x": {1, 2}}, LOOP, {"x": nested(100_000)}):
        problems = refused(Job, code="print(1)", params=params).problems
        assert all(problem.field.split(".")[0] == "params" for problem in problems)


def test_datasets_given_as_a_text_are_told_how_to_be_written() -> None:
    (problem,) = refused(Job, code="print(1)", datasets="sp500").problems
    assert (problem.field, '("sp500",)' in problem.message) == ("datasets", True)
    (problem,) = refused(Job, code="print(1)", datasets="no name").problems
    assert "no name" not in problem.message


def test_a_label_of_a_bad_name_is_refused() -> None:
    (problem,) = refused(Job, code="print(1)", labels={"a b": "x"}).problems
    assert problem.field.startswith("labels.a b")


def test_every_wrong_field_is_named_at_once() -> None:
    error = refused(Job, code="", language="rust", limits={"memory_mb": 1, "disk_mb": 0})
    assert {problem.field for problem in error.problems} == {
        "code",
        "language",
        "limits.memory_mb",
        "limits.disk_mb",
    }


def test_what_is_exactly_at_its_bound_is_taken() -> None:
    job = Job(
        code="#" * MAX_CODE_BYTES,
        name="x" * 128,
        params={"k": "v" * (MAX_PARAMS_BYTES - len('{"k": ""}'))},
        datasets=("d",) * 64,
        seed=2**32 - 1,
        priority=9,
        labels={f"k{index}": "v" * 256 for index in range(32)},
        idempotency_key="k" * 256,
    )
    assert len(job.code.encode()) == MAX_CODE_BYTES


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("jobs", {"jobs": ()}),
        ("jobs", {}),
        ("jobs.1.code", {"jobs": [{"code": "print(1)"}, {"code": ""}]}),
        ("jobs.0.limits.memory_mb", {"jobs": [{"code": "print(1)", "limits": {"memory_mb": 1}}]}),
        ("name", {"jobs": [{"code": "print(1)"}], "name": "a/b"}),
        ("idempotency_key", {"jobs": [{"code": "print(1)"}], "idempotency_key": ""}),
    ],
    ids=str,
)
def test_a_refused_batch_names_the_whole_path(field: str, fields: dict[str, Any]) -> None:
    assert [problem.field for problem in refused(Batch, **fields).problems] == [field]


def test_limits_above_the_ceiling_are_named_one_by_one() -> None:
    most = {name: getattr(DEFAULT_CEILING, name) for name in Limits.model_fields}
    assert Limits(**most).above(DEFAULT_CEILING) == []
    for name, value in most.items():
        if value is not None:
            problems = Limits(**{**most, name: value + 1}).above(DEFAULT_CEILING)
            assert [problem.field for problem in problems] == [f"limits.{name}"]


def test_unlimited_is_above_any_ceiling() -> None:
    ceiling = Limits(cpu_time_s=10, io_operations=5)
    problems = Limits(cpu_time_s=None, io_operations=None).above(ceiling)
    assert {problem.field for problem in problems} == {"limits.cpu_time_s", "limits.io_operations"}


def test_jobs_limits_and_batches_are_frozen() -> None:
    job = Job(code="print(1)")
    for model, field in ((job, "code"), (job.limits, "memory_mb"), (Batch(jobs=(job,)), "name")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(model, field, getattr(model, field))


def test_the_digest_is_the_same_for_the_same_job_and_another_for_any_difference() -> None:
    job = Job(code="print(1)", params={"fast": 12})
    assert Job.model_validate_json(job.model_dump_json()).digest == job.digest
    others: list[dict[str, Any]] = [
        {"code": "print(2)"},
        {"name": "other"},
        {"params": {"fast": 13}},
        {"datasets": ("sp500",)},
        {"seed": 1},
        {"limits": Limits(memory_mb=64)},
        {"priority": 1},
        {"labels": {"a": "b"}},
    ]
    digests = {Job(**{"code": "print(1)", "params": {"fast": 12}, **other}).digest for other in others}
    assert len(digests | {job.digest}) == len(others) + 1


def test_the_digest_of_a_batch_depends_on_the_order_of_its_jobs() -> None:
    first, second = Job(code="print(1)"), Job(code="print(2)")
    assert Batch(jobs=(first, second)).digest == Batch(jobs=(first, second)).digest
    assert Batch(jobs=(first, second)).digest != Batch(jobs=(second, first)).digest


def test_the_code_hash_is_of_the_exact_bytes() -> None:
    assert Job(code="a\r\n").code_sha256 != Job(code="a\n").code_sha256


MARKER = "alpha_secret_7731"


def test_code_shows_in_no_text_form_of_a_job_or_a_batch() -> None:
    job = Job(code=f"print('{MARKER}')")
    for text in (repr(job), str(job), repr(Batch(jobs=(job,)))):
        assert MARKER not in text


@pytest.mark.parametrize(
    "fields",
    [
        {"code": MARKER + "#" * MAX_CODE_BYTES},
        {"code": MARKER + "\ud800"},
        {"code": MARKER, "name": "a b"},
        {"code": [MARKER]},
    ],
    ids=["too-large", "no-utf8", "other-field", "wrong-type"],
)
def test_code_shows_in_no_refusal_nor_its_traceback(fields: dict[str, Any]) -> None:
    error = refused(Job, **fields)
    error.__traceback__ = None
    assert MARKER not in "".join(traceback.format_exception(error, limit=0))


def test_the_outcomes_are_the_agreed_ones() -> None:
    assert {outcome.value for outcome in Outcome} == {
        "succeeded",
        "rejected",
        "failed",
        "timed_out",
        "memory_exceeded",
        "cpu_exceeded",
        "io_exceeded",
        "output_exceeded",
        "disk_exceeded",
        "processes_exceeded",
        "cancelled",
        "lost",
        "infrastructure_error",
    }


def test_aliases_are_file_names_of_the_jobs_datasets() -> None:
    job = Job(code="1", datasets=("a",), aliases={"data.csv": "a"})
    assert job.digest != Job(code="1", datasets=("a",)).digest
    for aliases in ({"data.csv": "b"}, {"x/data.csv": "a"}, {"": "a"}):
        with pytest.raises(InvalidInput, match="aliases"):
            Job(code="1", datasets=("a",), aliases=aliases)


def test_aliases_are_written_at_a_terminal_as_name_and_dataset() -> None:
    assert aliases_of(["data.csv=a", "x=y.csv=b"]) == {"data.csv": "a", "x=y.csv": "b"}
    assert aliases_of(None) == {}
    with pytest.raises(InvalidInput, match=r"'data\.csv=' is not understood"):
        aliases_of(["data.csv="])
