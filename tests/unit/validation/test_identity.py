"""A verdict depends on the text, the language and the policy's id, and on nothing else of its process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from windtunnel.errors import LanguageUnavailable
from windtunnel.validation import SecurityValidator, Verdict
from windtunnel.validation.policy import SHIPPED

CORPUS = Path(__file__).parents[2] / "corpora" / "python"
CALLS = "x = " + "f(" * 140 + "1" + ")" * 140
CHAIN = "".join(f"def f{i}(): return [f{i + 1}()]\n" for i in range(55)) + "def f55(): return 1\nf0()\n"
BEYOND_ANY_STACK = "".join(f"def f{i}(): return {'-' * 100}f{i + 1}()\n" for i in range(55)) + "f0()\n"


def fields(verdict: Verdict) -> dict[str, object]:
    return verdict.model_dump(exclude={"duration_ms"})


def at_depth(frames: int, judge: Callable[[], Verdict]) -> Verdict:
    return at_depth(frames - 1, judge) if frames else judge()


@pytest.mark.parametrize("program", [CALLS, CHAIN, BEYOND_ANY_STACK], ids=["calls", "chain", "beyond"])
def test_the_callers_stack_does_not_matter(program: str) -> None:
    validator = SecurityValidator()
    shallow = validator.validate_code(program)
    deep = at_depth(800, lambda: validator.validate_code(program))
    assert fields(deep) == fields(shallow)
    assert shallow.safe == (program != BEYOND_ANY_STACK)


PRINT_ALL = f"""
import builtins, json
from pathlib import Path
from windtunnel.validation import SecurityValidator
builtins._ = builtins.display = print
validator = SecurityValidator()
programs = [path.read_bytes() for path in sorted(Path({str(CORPUS)!r}).glob("*/*.py"))]
verdicts = [validator.validate_bytes(one) for one in [*programs, b"_(1)", b"display(2)"]]
judged = [one.model_dump(mode="json", exclude={{"duration_ms"}}) for one in verdicts]
print(json.dumps([validator.policy_id(), *judged]))
"""


def test_another_process_gives_the_same_verdicts() -> None:
    found = [
        subprocess.run(
            [sys.executable, *flags, "-c", PRINT_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True, timeout=120,
        ).stdout
        for seed, flags in (("1", []), ("2", ["-O"]))
    ]  # fmt: skip
    assert len(json.loads(found[0])) > 300
    assert found[0] == found[1]


def test_the_id_is_stable_and_tells_apart_what_may_judge_differently(tmp_path: Path) -> None:
    for path in SHIPPED.glob("python*.toml"):
        shutil.copy(path, tmp_path)
    same = SecurityValidator(policies=tmp_path).policy_id()
    assert same == SecurityValidator().policy_id() == SecurityValidator().policy_id("python")
    assert len(same) == 32
    assert same.strip("0123456789abcdef") == ""
    with (tmp_path / "python-surface.toml").open("a") as surface:
        surface.write("# reviewed again\n")
    others = {
        SecurityValidator(policies=tmp_path).policy_id(),
        SecurityValidator(strict_mode=False).policy_id(),
        *(SecurityValidator().policy_id(language) for language in ("go", "java", "cpp", "javascript", "typescript")),
    }
    assert len(others) == 7
    assert same not in others


def test_a_validator_judges_by_the_policy_that_its_id_names(tmp_path: Path) -> None:
    for path in SHIPPED.glob("python*.toml"):
        shutil.copy(path, tmp_path)
    validator = SecurityValidator(policies=tmp_path)
    before, verdict = validator.policy_id(), validator.validate_code("import nobody_knows_this")
    own = tmp_path / "python.toml"
    own.write_text(own.read_text().replace('names = ""\n', 'names = "nobody_knows_this"\n'))
    assert validator.policy_id() == before
    assert fields(validator.validate_code("import nobody_knows_this")) == fields(verdict)
    changed = SecurityValidator(policies=tmp_path)
    assert changed.policy_id() != before
    assert changed.validate_code("import nobody_knows_this").safe


def test_a_language_without_a_policy_has_an_id_too() -> None:
    assert SecurityValidator().policy_id("ruby") == SecurityValidator().policy_id("cobol")


def test_python_is_judged_without_any_grammar_and_others_say_what_to_install() -> None:
    program = (
        "import sys\n"
        "sys.modules['tree_sitter'] = None\n"
        "from windtunnel.errors import LanguageUnavailable\n"
        "from windtunnel.validation import SecurityValidator\n"
        "validator = SecurityValidator()\n"
        "assert validator.validate_code('import numpy').safe\n"
        "try:\n"
        "    validator.validate_code('package main', 'go')\n"
        "except LanguageUnavailable as error:\n"
        "    print(error)\n"
        "assert not [name for name in sys.modules if name.startswith('tree_sitter_')]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "go" in done.stdout
    assert "pip install 'windtunnel[languages]'" in done.stdout


def test_one_missing_grammar_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from windtunnel.validation import trees

    trees.grammar.cache_clear()
    monkeypatch.setitem(sys.modules, "tree_sitter_java", None)
    validator = SecurityValidator()
    with pytest.raises(LanguageUnavailable, match="java"):
        validator.validate_code("class A { int x; }", "java")
    assert validator.validate_code("package main\nfunc main() {}", "go").safe
