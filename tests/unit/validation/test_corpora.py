"""The aims on our own corpora: at least 99% of the attacks found, at most 1% of honest programs rejected."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.validation import SecurityValidator
from windtunnel.validation.policy import SHIPPED

CORPORA = Path(__file__).parents[2] / "corpora"
EXAMPLES = Path(__file__).parents[3] / "examples"
SIZES = {"python": (200, 100)}
LANGUAGES = sorted(path.stem for path in SHIPPED.glob("*.toml") if "-" not in path.stem)


def _unsafe(folder: Path, language: str) -> tuple[int, set[str]]:
    validator = SecurityValidator()
    verdicts = {path.name: validator.validate_bytes(path.read_bytes(), language) for path in sorted(folder.iterdir())}
    for name, verdict in verdicts.items():
        assert "input.analyser" not in {issue.rule for issue in verdict.issues}, name
    return len(verdicts), {name for name, verdict in verdicts.items() if not verdict.safe}


@pytest.mark.parametrize("language", LANGUAGES)
def test_attacks_are_found(language: str) -> None:
    count, unsafe = _unsafe(CORPORA / language / "attacks", language)
    assert count >= SIZES.get(language, (40, 40))[0]
    missed = {path.name for path in (CORPORA / language / "attacks").iterdir()} - unsafe
    assert len(missed) <= count * 0.01, sorted(missed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_honest_programs_pass(language: str) -> None:
    count, unsafe = _unsafe(CORPORA / language / "honest", language)
    assert count >= SIZES.get(language, (40, 40))[1]
    assert len(unsafe) <= count * 0.01, sorted(unsafe)


def test_a_library_that_the_sandbox_does_not_hold_is_refused_for_its_import_alone() -> None:
    validator = SecurityValidator()
    for path in sorted((CORPORA / "python" / "unavailable").iterdir()):
        verdict = validator.validate_bytes(path.read_bytes())
        refused = {issue.rule for issue in verdict.issues if issue.severity.value >= 3}
        assert refused == {"imports.not_allowed"}, (path.name, refused)


def test_attacks_are_programs() -> None:
    validator = SecurityValidator()
    for kind in ("attacks", "honest"):
        for path in sorted((CORPORA / "python" / kind).iterdir()):
            issues = validator.validate_bytes(path.read_bytes()).issues
            assert "input.syntax" not in {issue.rule for issue in issues}, path.name


def test_the_misbehaving_examples_are_refused_where_their_text_shows_it() -> None:
    _, unsafe = _unsafe(EXAMPLES / "misbehaving", "python")
    assert unsafe == {f"{name}.py" for name in ("import_os", "open_socket", "fork_bomb", "eval_input", "syntax_error")}
