"""Input that attacks the analyser: a verdict within a second and 256 MiB, never an exception."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.validation import SecurityValidator, format_prompt, format_report
from windtunnel.validation.policy import SHIPPED

HOSTILE = {
    "brackets": "(" * 100_000,
    "balanced brackets": "x = " + "[" * 40_000 + "]" * 40_000,
    "brackets on lines": "x = " + "[\n" * 40_000 + "]\n" * 40_000,
    "a line of 1 MiB": "x = '" + "a" * 1_048_560 + "'",
    "a million names": "a;" * 500_000,
    "not": "not " * 70_000 + "x",
    "signs": "-" * 15_000 + "x",
    "powers": "x" + "**x" * 4_000,
    "attributes": "(x" + "\n.a" * 20_000 + ")",
    "calls": "x" + "()" * 5_000,
    "lambdas": "lambda:" * 2_000 + "x",
    "choices": "x if x else " * 1_500 + "x",
    "elif": "if x: pass\n" + "elif x: pass\n" * 10_000,
    "indents": "".join(" " * level + "if x:\n" for level in range(1_000)),
    "nested f-strings": 'f"{' + "(" * 5_000 + '}"',
    "unfinished strings": "'''" + "\\'''" * 200_000,
    "continued lines": "\\\n" * 500_000,
    "NUL": "x = 1\0" * 10_000,
    "half a surrogate": "x = '\ud800'",
    "a chain of calls": "".join(f"def f{i}(): return f{i + 1}()\n" for i in range(5_000)),
    "a growing string": "s = 'a'\n" + "s = s + s\n" * 10_000,
    "many methods": "".join(f"class A{i}:\n def run(self, a): return a\n" for i in range(1_500)) + "x.run(1)\n" * 2_000,
    "aliases that change each other": "x0 = ['a']\n"
    + "".join(f"x{i + 1} = x{i}\nx{i}[0] = 'b'\n" for i in range(3_500)),
    "attributes set by unknown names": "class A: ...\na = A()\n"
    + "".join(f"setattr(a, n{i}, v{i})\na.x{i} = 1\nprint(a.x{i})\n" for i in range(1_500)),
    "long inheritance": "".join(f"class A{i + 1}(A{i}): pass\n" for i in range(5_000)),
    "huge constants": "x = 'a' * 10 ** 10\ny = 9 ** 9 ** 9\nz = 1 << 10 ** 9\n'{:>999999999}'.format(1)",
    "lists that hold one another": "x0 = [a, 'a'.upper()]\n"
    + "".join(f"x{i + 1} = [x{i}, x{i}]\n" for i in range(60))
    + "f(x60)\n','.join(x60)\n'%s' % x60\ndf.agg(x60)\n",
    "wide lists that hold one another": f"x0 = [{'a, ' * 64}]\n"
    + "".join(f"x{i + 1} = [{f'x{i}, ' * 64}]\n" for i in range(4))
    + "f(x4)\n" * 300,
    "repeated lists": "x0 = ['a'] * 4000\nx1 = [x0] * 4000\nx2 = [x1] * 4000\nprint(x2, str(x2), sum(x1, []))\n",
    "joined lists": "x0 = [a]\ny0 = {a: a}\n"
    + "".join(f"x{i + 1} = x{i} + x{i}\ny{i + 1} = y{i} | y{i}\n" for i in range(40)),
    "numbered texts": "x = list(enumerate('a' * 4096))\n" * 3_000,
    "wide numbers": "'%88888888d' % 1\n'{:{}}'.format(1, 99999999)\n" * 100,
    "many bases": "class A0: pass\n"
    + "".join(f"class A{i + 1}({f'A{i}, ' * 12}): pass\n" for i in range(9))
    + "A9(1)\n",
    "many fields": "class A:\n" + "".join(f" b{i}: int\n" for i in range(5_000)) + "A(**x)\n" * 5_000,
    "numbers too long to write": f"x = 0x{'f' * 15_000}\nf'{{x}}'\n'%s' % x\nint('f' * 4000, 16)\n[1] * x\n",
    "long templates": f"x = '{'{a.b}' * 3000}'\n" + "x.format(1)\n" * 4_000,
    "replaced texts": "x = [('a' * 4000).replace('a', 'b' * 16) for c in 'a' * 256]\n" * 1_500,
    "as large as is taken": "x = y + 1\n" * 11_100,
    "as many imports as are taken": "import os\n" * 29_000,
}
OTHER = {
    "operators": "x = 1" + " + 1\n" * 10_000,
    "brackets": "f(" * 30_000,
    "members": "x" + ".a\n" * 15_000,
    "angles": "x = " + "a<" * 8_000 + "b",
    "generics": "f<a, b>(c)\n" * 5_000,
    "assignments": "a =\n" * 15_000 + "1",
    "casts": "(int)" * 9_000 + "1",
    "open comments": "/*" * 5_000,
    "variables that multiply": "".join(
        f"let x{i} = x{i + 1} + x{i + 1};\n" + f"x{i} = x{i + 1} + x{i + 1};\n" * 3 for i in range(14)
    )
    + "let x14 = 'a';\nq[x0];\n",
    "templates that multiply": "".join(f"let x{i} = `{f'${{x{i + 1}}}' * 300}`;\n" for i in range(4))
    + "let x4 = 'a';\nq[x0];\n",
    "numbers that multiply": "".join(f"let x{i} = x{i + 1} + x{i + 1};\n" * 3 for i in range(23))
    + "let x23 = 0;\nq[x0](1)();\n",
    "unions": "union A { " * 90 + "int a;\n" * 9_000 + "};" * 90,
    "nested functions": "function f(){" * 90 + "module;\n" * 9_000 + "}" * 90,
    "imports": "import {a} from 'lodash'\n" * 6_500,
    "goroutines": "package m\nfunc f() {" + "for { b := 1 }\n" * 3_000 + "}\nfunc main() {" + "go f()\n" * 5_000 + "}",
}
LANGUAGES = sorted(path.stem for path in SHIPPED.glob("*.toml") if path.stem != "python" and "-" not in path.stem)


@pytest.fixture(scope="module")
def validator() -> SecurityValidator:
    ready = SecurityValidator()
    for language in ("python", *LANGUAGES):
        ready.validate_code("x", language)
    return ready


MOST_LOOPS = 50_000_000
"""A verdict may cost as much as so many turns of an empty loop: about a second on a usual machine."""


def _loops_a_second() -> float:
    turns = 200_000
    started = time.process_time()
    for _ in range(turns):
        pass
    return turns / (time.process_time() - started)


def _checked(validator: SecurityValidator, code: str, language: str = "python") -> bool:
    for _ in range(5):  # other work of the machine may disturb some of them
        started = time.process_time()
        verdict = validator.validate_code(code, language)
        loops = (time.process_time() - started) * _loops_a_second()
        if loops < MOST_LOOPS:
            break
    assert loops < MOST_LOOPS
    assert "input.analyser" not in {issue.rule for issue in verdict.issues}
    assert len(format_report(verdict)) < 200_000
    assert len(format_prompt(verdict)) < 50_000
    return verdict.safe


@pytest.mark.parametrize("name", HOSTILE)
def test_python_gets_a_verdict_in_time(validator: SecurityValidator, name: str) -> None:
    _checked(validator, HOSTILE[name])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OTHER)
def test_other_languages_get_a_verdict_in_time(validator: SecurityValidator, name: str, language: str) -> None:
    _checked(validator, OTHER[name], language)


def test_hostile_input_stays_within_256_mib() -> None:
    program = (
        "import importlib.util\n"
        "from windtunnel.validation import SecurityValidator\n"
        f"spec = importlib.util.spec_from_file_location('hostile', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        "validator = SecurityValidator()\n"
        "for code in module.HOSTILE.values(): validator.validate_code(code)\n"
        # The process's own peak: that of getrusage counts what pytest had when it started this process.
        "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) // 1024 < 256


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (b"# -*- coding: latin-1 -*-\nx = 1", "input.encoding"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=utf-7 :\nx = 1", "input.encoding"),
        (b"x = '\xff'", "input.encoding"),
        ("x = 1".encode("utf-16"), "input.encoding"),
        (b"x = 1\0", "input.nul"),
        (b"\xef\xbb\xbf\xef\xbb\xbfx = 1", "input.bom"),
        (b"\xef\xbb\xbf# coding: latin-1\nx = 1", "input.encoding"),
        (b"\xef\xbb\xbf", "input.empty"),
    ],
)
def test_bytes_are_judged_as_they_would_run(source: bytes, rule: str) -> None:
    verdict = SecurityValidator().validate_bytes(source)
    assert rule in {issue.rule for issue in verdict.issues}
    assert not verdict.safe


@pytest.mark.parametrize("language", ["python", *LANGUAGES])
def test_a_files_byte_order_mark_is_dropped_and_a_programs_is_refused(
    validator: SecurityValidator, language: str
) -> None:
    text = {"python": "x = 1\n", "javascript": "const x = 1;\n", "typescript": "const x = 1;\n"}.get(language)
    text = text or ("package main\nfunc main() {}\n" if language == "go" else "class A { int x; };\n")
    plain = validator.validate_code(text, language)
    marked = validator.validate_bytes(b"\xef\xbb\xbf" + text.encode(), language)
    assert marked.safe
    assert (marked.code_sha256, marked.score) == (plain.code_sha256, plain.score)
    for strict in (True, False):
        refused = SecurityValidator(strict_mode=strict).validate_code("\ufeff" + text, language)
        assert not refused.safe
        assert [issue.rule for issue in refused.issues] == ["input.bom"]


@pytest.mark.parametrize("language", ["python", *LANGUAGES])
@pytest.mark.parametrize("text", ["", "\n", " \t\r\n"])
def test_an_empty_program_is_refused(validator: SecurityValidator, text: str, language: str) -> None:
    verdict = validator.validate_code(text, language)
    assert not verdict.safe
    assert [issue.rule for issue in verdict.issues] == ["input.empty"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *[(text, "python") for text in ("# later\n", '"""A plan."""\n', "pass", "...\n# x", '{"code": "x = 1"}')],
        *[("// later\n/* or never */", language) for language in LANGUAGES],
    ],
)
def test_a_program_that_does_nothing_is_told_so(validator: SecurityValidator, text: str, language: str) -> None:
    verdict = validator.validate_code(text, language)
    assert verdict.safe
    assert verdict.score < 100
    assert [issue.rule for issue in verdict.issues] == ["input.no_statement"]


@pytest.mark.parametrize("cookie", [b"# coding: utf-8\n", b"# -*- coding: UTF_8 -*-\n", b"x = 'coding: latin-1'\n"])
def test_utf8_by_any_name_passes(cookie: bytes) -> None:
    assert SecurityValidator().validate_bytes(cookie + b"y = 1\n").safe


@pytest.mark.parametrize("language", ["ruby", "", "../python", "python-surface", "PYTHON", "x" * 9_999, "py\0"])
def test_a_language_without_a_policy_is_refused(language: str) -> None:
    verdict = SecurityValidator(strict_mode=False).validate_code("x", language)
    assert not verdict.safe
    assert verdict.issues[0].rule == "input.language"


@pytest.mark.parametrize(("field", "arguments"), [("code", (None,)), ("code", (b"x",)), ("language", ("x", ["c"]))])
def test_code_that_is_not_text_is_named(field: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput) as caught:
        SecurityValidator().validate_code(*arguments)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_values_that_depend_too_deeply_are_refused() -> None:
    chain = "".join(f"def f{i}(): return f{i + 1}()\n" for i in range(200))
    rules = {issue.rule for issue in SecurityValidator().validate_code(chain).issues}
    assert "dataflow.too_deep" in rules


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("python", "x = [a, b].copy()\n"),
        ("javascript", "x = f(a);\n"),
        ("java", "class A { int x = f(1); }\n"),
        ("cpp", "int x = f(1);\n"),
        ("go", "var x = fmt.Sprint(1)\n"),
    ],
)
def test_what_takes_too_long_is_refused(tmp_path: Path, language: str, line: str) -> None:
    policy = (SHIPPED / f"{language}.toml").read_text()
    assert "seconds = 10" in policy
    shutil.copytree(SHIPPED, tmp_path / "policies")
    (tmp_path / f"policies/{language}.toml").write_text(policy.replace("seconds = 10", "seconds = 0"))
    verdict = SecurityValidator(policies=tmp_path / "policies").validate_code(line * 500, language)
    assert not verdict.safe
    assert "input.too_large" in {issue.rule for issue in verdict.issues}


def test_a_report_shows_no_control_characters() -> None:
    verdict = SecurityValidator().validate_code("import os  # \x1b[2J \u202e")
    assert not verdict.safe
    assert "\x1b" not in format_report(verdict) + format_prompt(verdict)
    assert "\u202e" not in format_report(verdict) + format_prompt(verdict)


def test_columns_are_counted_in_characters() -> None:
    [issue] = SecurityValidator().validate_code("let é = 'é'; fetch('x');", "javascript").issues
    assert (issue.line, issue.column) == (1, 14)


@pytest.mark.parametrize(("written", "safe"), [(r"\\u0041", True), (r"\u0041", False), (r"\\\u0041", False)])
def test_an_escaped_backslash_begins_no_unicode_escape_of_java(written: str, safe: bool) -> None:
    assert SecurityValidator().validate_code(f'class A {{ String s = "{written}"; }}', "java").safe is safe
