"""Failures of one kind form one group, and a model is told of them in a few kilobytes."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

from tests.scored import report

from windtunnel.analysis.clusters import clusters, prompt
from windtunnel.analysis.failures import failure_of, normal
from windtunnel.contract import Execution, Failure, Issue, Outcome, ProgramError, Report, SecurityLevel, Verdict
from windtunnel.contract.dataset import Column, Facts

TRACE = """Traceback (most recent call last):
  File "strategy.py", line 9, in <module>
  File "strategy.py", line {}, in {}
"""


def failed(number: int, kind: str, message: str, line: int = 3, function: str = "signals") -> Report:
    error = ProgramError(
        type=kind,
        message=message,
        line=line,
        source="close = frame['close']",
        advice="Print list(frame.columns).",
        traceback=TRACE.format(line, function),
    )
    execution = Execution(attempt=1, outcome=Outcome.FAILED, error=error)
    return report(number, outcome=Outcome.FAILED, message=f"{kind}: {message}", execution=execution)


def rejected(number: int, rule: str) -> Report:
    low = Issue(
        severity=SecurityLevel.LOW, rule="a.low", category="a", message="low", line=1, column=1, text="", fix=""
    )
    high = low.model_copy(
        update={"severity": SecurityLevel.HIGH, "rule": rule, "message": "no network", "line": 4, "fix": "Use `data`."}
    )
    verdict = Verdict(
        safe=False,
        score=0,
        security_level=SecurityLevel.HIGH,
        issues=(low, high),
        language="python",
        duration_ms=1,
        policy="p",
    )
    return report(number, outcome=Outcome.REJECTED, message="rejected", validation=verdict)


def test_what_varies_from_job_to_job_makes_no_new_kind() -> None:
    reports = [
        failed(n, "ValueError", f"Length mismatch: expected {n}, got {n * 3.5} at 0x7f{n:04x}") for n in range(9)
    ]
    (kind,) = clusters(reports)
    assert (kind.count, kind.example, kind.line) == (9, "b-0", 3)
    assert kind.failure.message == "Length mismatch: expected <n>, got <n> at 0x…"
    assert kind.failure.frame == "signals"
    assert kind.jobs == ("b-0", "b-1", "b-2", "b-3", "b-4")


def test_ids_and_digests_make_no_new_kind() -> None:
    ids = [f"{uuid.UUID(int=n * 7919 + 5)} of {hashlib.sha256(b'%d' % n).hexdigest()}" for n in range(12)]
    (kind,) = clusters([failed(n, "ValueError", f"request {one} failed") for n, one in enumerate(ids)])
    assert kind.failure.message == "request <id> of <id> failed"
    assert len(clusters([failed(1, "KeyError", "'feedface'"), failed(2, "KeyError", "'facade'")])) == 2


def test_units_thousands_and_lists_of_any_length_make_no_new_kind() -> None:
    reports = [
        failed(n, "ValueError", f"row {n * 137:,} took {n}ms, .{n} of {n}.5%, shape ({n}, {n}), at {list(range(n))}")
        for n in range(12)
    ]
    (kind,) = clusters(reports)
    assert kind.failure.message == "row <n> took <n>ms, <n> of <n>%, shape (<n>), at [<n>]"


def test_names_types_functions_and_rules_make_kinds() -> None:
    reports = [
        failed(1, "KeyError", "'close'"),
        failed(2, "KeyError", "'volume'"),
        failed(3, "KeyError", "'close'", function="prepare"),
        failed(4, "TypeError", "'close'"),
        rejected(5, "network.socket"),
        rejected(6, "network.socket"),
        rejected(7, "files.open"),
        report(8, outcome=Outcome.TIMED_OUT, message="It ran for 60.2 s."),
        report(9, outcome=Outcome.TIMED_OUT, message="It ran for 61 s."),
        report(10),
    ]
    kinds = clusters(reports)
    assert [kind.count for kind in kinds] == [2, 2, 1, 1, 1, 1, 1]
    assert {kind.failure.type for kind in kinds} == {
        "network.socket",
        "files.open",
        "timed_out",
        "KeyError",
        "TypeError",
    }
    (socket,) = [kind for kind in kinds if kind.failure.type == "network.socket"]
    assert (socket.line, socket.remedy) == (4, "Use `data`.")


def test_what_to_do_about_a_limit_is_the_remedy() -> None:
    message = "Needed more than 256 MB. Keep fewer copies of the data."
    (kind,) = clusters([report(1, outcome=Outcome.MEMORY_EXCEEDED, message=message)])
    assert (kind.message, kind.remedy) == ("Needed more than 256 MB", "Keep fewer copies of the data.")


def test_a_report_says_itself_why_it_failed() -> None:
    said = Failure(type="KeyError", message="'close'", frame="signals")
    reports = [failed(n, f"Error{n}", f"{n}", function=f"f{n}").model_copy(update={"failure": said}) for n in range(3)]
    (kind,) = clusters(reports)
    assert (kind.count, kind.failure, kind.outcome) == (3, said, Outcome.FAILED)


def test_a_success_is_no_failure() -> None:
    assert failure_of(report(1)) is None
    assert prompt([report(1), report(2)]) == "No program failed.\n"
    returned = f"signals must return positions{', or so' * 35}; it returned nothing"  # what matters is at its end
    assert returned in prompt([failed(1, "TypeError", returned)])


def test_times_and_long_texts_are_left_out() -> None:
    assert normal("no row 2024-01-02 03:04:05 in '" + "x" * 50 + "'") == "no row <time> in '…'"
    assert normal("column 'sma_20'\n  is missing") == "column 'sma_20' is missing"
    assert len(normal("y" * 10**6)) == 200


def test_the_prompt_names_counts_examples_remedies_and_data() -> None:
    facts = Facts(
        rows=2500,
        columns=(Column(name="Date", type="time"), Column(name="Close", type="number")),
        first=datetime(2015, 1, 5, tzinfo=UTC),
        last=datetime(2024, 1, 5, tzinfo=UTC),
    )
    text = prompt([failed(1, "KeyError", "'close'"), failed(2, "KeyError", "'close'"), report(3)], {"sp500": facts})
    assert text.startswith("2 of 3 programs failed, in one way.")
    for part in (
        'data["sp500"]: 2,500 rows, from 2015-01-05 to 2024-01-05; columns: Date (the index), Close.',
        "2x KeyError: 'close' (line 3: `close = frame['close']`)",
        "Fix: Print list(frame.columns).",
    ):
        assert part in text


def test_the_prompt_stays_within_its_bound_and_prints_safely() -> None:
    hostile = "\x1b[31m\u202e" + "é" * 500
    reports = [failed(n, f"Error{'ABCDEFGHIJ'[n % 10]}{chr(97 + n // 10)}", hostile) for n in range(200)]
    text = prompt(reports)
    assert len(text.encode()) <= 4096
    assert "more kinds of failure left out" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_wide_data_leaves_room_for_the_failures() -> None:
    wide = Facts(rows=9, columns=tuple(Column(name=f"{n} " + "é" * 40, type="number") for n in range(300)))
    text = prompt([failed(1, "KeyError", "'close'")], {f"set{n}": wide for n in range(9)})
    assert len(text.encode()) <= 4096
    assert "more datasets left out" in text
    assert " and 29" in text
    assert "1x KeyError" in text
