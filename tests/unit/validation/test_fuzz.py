"""Mutated real programs: no exception, no fault of the analyser, and the same verdict twice.

`WINDTUNNEL_FUZZ_EXAMPLES=20000 pytest tests/unit/validation/test_fuzz.py` runs it for long.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windtunnel.validation import SecurityValidator
from windtunnel.validation.policy import SHIPPED

CORPORA = Path(__file__).parents[2] / "corpora"
EXAMPLES = int(os.environ.get("WINDTUNNEL_FUZZ_EXAMPLES", "150"))
LANGUAGES = sorted(path.stem for path in SHIPPED.glob("*.toml") if "-" not in path.stem)
SOURCES = {
    language: [path.read_text("utf-8", "replace") for path in sorted((CORPORA / language).glob("*/*"))]
    for language in LANGUAGES
}
PIECES = [
    "(", ")", "[", "]", "{", "}", "'", '"', '"""', "\\", "\n", "\r", "\t", "\0", ":", ";", ",", ".", "=",
    ":=",
    "*", "**", "->", "@", "#", "lambda ", "async ", "await ", "yield ", "match x:\n case ", "class A(A):\n ",
    "def f(*a, **k):\n ", "f'{x!r:{y}}'", "global x\n", "nonlocal x\n", "import *", "\u202e", "\ufeff",
    "\ud800",
    "é", "𝓮", "0x", "1e999", "9" * 30, "__class__", "eval", "getattr", "del ", "try:\n", "except* E:\n",
    "else:\n",
    "<", ">", "`", "${", "/*", "*/", "//", "<<", "?.", "=>",
]  # fmt: skip


@st.composite
def programs(draw: st.DrawFn, language: str) -> str:
    """Take a program, cut and splice it with another, and put in pieces that parsers stumble over."""
    text = draw(st.sampled_from(SOURCES[language]))
    other = draw(st.sampled_from(SOURCES[language]))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(len(text), 1)))
        end = draw(st.integers(at, min(at + 60, max(len(text), at))))
        middle = draw(st.sampled_from([*PIECES, "", other[at : at + 80], text[at:end] * 2]))
        text = text[:at] + middle + text[end:]
    return text


def _check(text: str, language: str) -> None:
    validator = SecurityValidator()
    first, second = validator.validate_code(text, language), validator.validate_code(text, language)
    assert first.model_copy(update={"duration_ms": 0.0}) == second.model_copy(update={"duration_ms": 0.0})
    assert "input.analyser" not in {issue.rule for issue in first.issues}
    assert validator.format_report(first)
    assert validator.format_prompt(first)


@pytest.mark.parametrize("language", LANGUAGES)
def test_mutated_programs_get_one_verdict(language: str) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(programs(language))
    def check(text: str) -> None:
        _check(text, language)

    check()


@settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
@given(st.binary(max_size=400))
def test_any_bytes_get_a_verdict(source: bytes) -> None:
    verdict = SecurityValidator().validate_bytes(source)
    assert "input.analyser" not in {issue.rule for issue in verdict.issues}
