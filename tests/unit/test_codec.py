"""Stored documents: what newer versions add is passed over, and what is broken is said to be."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime

import pytest
from tests.support import a_report, a_verdict, an_execution

from windtunnel.contract import SCHEMA_VERSION, Execution, JobSpec, Outcome, Verdict
from windtunnel.errors import UnreadableRecord
from windtunnel.records.codec import (
    MOST_BYTES,
    Stored,
    decode,
    decode_history,
    decode_report,
    encode,
    encode_report,
    pack,
    round_began,
)

SPEC = JobSpec(name="ema", params={"fast": 12}, seed=7, labels={"team": "a"}, datasets=("sp500",))


def stored(**changes: object) -> Stored:
    fields = {
        "job_id": "b-0", "batch_id": "b", "spec": SPEC, "program": "ab:python", "attempt": 1, "verdict": a_verdict(),
        "earlier": (), "began": round_began(b"1700000000000 submitted client\n"),
    }  # fmt: skip
    return Stored(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "document", [SPEC, a_verdict(), an_execution(stdout="x" * 5000)], ids=lambda one: type(one).__name__
)
def test_a_document_comes_back_as_it_was(document: JobSpec | Verdict | Execution) -> None:
    assert decode(type(document), encode(document)) == document


def test_defaults_take_no_room_and_long_texts_little() -> None:
    assert encode(JobSpec()) == b"%dj{}" % SCHEMA_VERSION
    assert len(encode(an_execution(stdout="\0" * 4_000_000))) < 4_000_000 / 30  # each NUL is six characters of JSON


def test_fields_of_a_newer_version_are_passed_over() -> None:
    text = json.dumps({"name": "ema", "colour": "red", "limits": {"memory_mb": 64, "colour": 1}}).encode()
    for document in (text, b"1j" + text, b"99j" + text, b"7z" + zlib.compress(text)):
        spec = decode(JobSpec, document)
        assert (spec.name, spec.limits.memory_mb) == ("ema", 64)


BROKEN = {
    "nothing": b"",
    "no version": b"hello",
    "truncated": b'1j{"name":"e',
    "not an object": b"1j[1]",
    "null": b"1jnull",
    "wrong type": b'1j{"seed":"many"}',
    "unknown value": b'1j{"language":"klingon"}',
    "nan": b'1j{"limits":{"cpus":NaN}}',
    "infinity": b'1j{"limits":{"timeout_s":1e999}}',
    "nan in params": b'1j{"params":{"a":NaN}}',
    "too deep": b'1j{"params":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    "not utf-8": b'1j{"name":"\xff"}',
    "lone surrogate": b'1j{"labels":{"a":"\\ud800"}}',
    "broken compression": b"1z" + b"\x00\x01\x02",
    "cut-off compression": b"1z" + zlib.compress(b'{"name":"ema"}' * 100)[:-9],
    "bomb": b"1z" + zlib.compress(b" " * (MOST_BYTES + 1)),
    "unknown form": b"1q{}",
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_said_to_be(document: bytes) -> None:
    with pytest.raises(UnreadableRecord) as caught:
        decode(JobSpec, document)
    assert "JobSpec" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_missing_document_is_said_to_be_missing() -> None:
    with pytest.raises(UnreadableRecord, match="JobSpec is missing"):
        decode(JobSpec, None)


def test_what_a_newer_version_wrote_is_said_to_be_newer() -> None:
    with pytest.raises(UnreadableRecord, match="newer version"):
        decode(Verdict, b'9j{"safe":"perhaps"}')


def test_no_value_of_a_broken_document_is_in_the_message() -> None:
    with pytest.raises(UnreadableRecord) as caught:
        decode(JobSpec, b'1j{"seed":"alpha_secret_7731"}')
    assert "alpha_secret" not in str(caught.value)


# -- reports ---------------------------------------------------------------------------------------------


def test_a_report_keeps_each_fact_once() -> None:
    execution = an_execution(message="Line 1: it failed.", outcome=Outcome.FAILED, stdout="once " * 3)
    report = a_report("b-0", Outcome.FAILED).model_copy(update={"execution": execution, "message": execution.message})
    text = encode_report(report)
    assert text.count(b"it failed") == 1
    again = decode_report(text, stored())
    assert again.execution is not None
    assert (again.execution.message, again.execution.stdout) == (execution.message, execution.stdout)
    assert (again.params, again.seed, again.labels, again.language) == (SPEC.params, 7, SPEC.labels, "python")


@pytest.mark.parametrize("text", [*BROKEN.values(), b'1j{"execution":[1]}', b'1j{"outcome":"lost"}'], ids=str)
def test_a_broken_report_is_said_to_be(text: bytes) -> None:
    with pytest.raises(UnreadableRecord, match="report of b-0"):
        decode_report(text, stored())


def test_a_report_can_be_read_without_what_its_record_lost() -> None:
    text = encode_report(a_report("b-0"))
    report = decode_report(text, stored(spec=None, program="", verdict=None, began=None))
    assert (report.name, report.validation, report.submitted_at) == ("unreadable", None, report.finished_at)


# -- histories -------------------------------------------------------------------------------------------


def test_lines_of_a_history_that_cannot_be_read_are_passed_over() -> None:
    text = (
        b"1700000000000 submitted client\nx y z\n\xff\n\n1 2\n"
        + b"9" * 400
        + b" a b\n1700000001000 executed h:1:a failed\n"
    )
    assert [(line.what, line.who, line.detail) for line in decode_history(text)] == [
        ("submitted", "client", ""),
        ("executed", "h:1:a", "failed"),
    ]
    assert decode_history(None) == ()


@pytest.mark.parametrize(
    ("lines", "second"),
    [
        (b"1000 submitted client\n2000 claimed slot\n", 1),
        (b"1000 submitted client\n2000 finished finalizer\n3000 retried client\n4000 claimed slot\n", 3),
        (b"1000 submitted client\n99999999999999999999 retried client\n", 1),
        (b"2000 claimed slot\n", None),
        (None, None),
    ],
)
def test_the_round_began_when_it_was_submitted_or_last_retried(lines: bytes | None, second: int | None) -> None:
    assert round_began(lines) == (None if second is None else datetime.fromtimestamp(second, UTC))


def test_a_text_that_looks_compressed_is_not_taken_for_it() -> None:
    assert pack(b"z" * 10).startswith(b"1j")


def test_a_report_whose_artifacts_were_in_it_can_still_be_read() -> None:
    stored = pack(
        b'{"outcome":"succeeded","timings":{"total_s":1},"finished_at":"2024-01-02T03:04:05Z","execution":{"outcome":'
        b'"succeeded","artifacts":[{"name":"a","bytes":1,"sha256":"ca978112ca1b","content":"YQ=="}]}}'
    )
    job = Stored("b-0", "b", SPEC, "abc:python", 1, None, (), None)
    execution = decode_report(stored, job).execution
    assert execution
    assert [(one.name, one.bytes) for one in execution.artifacts] == [("a", 1)]
