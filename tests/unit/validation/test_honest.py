"""Honest idioms by kind: what decides is what a text is used for, never the word itself."""

from __future__ import annotations

import pytest

from windtunnel.validation import SecurityLevel, SecurityValidator
from windtunnel.validation.policy import policy_for

HEAD = "import numpy as np\nimport pandas as pd\ndf = pd.DataFrame(data['x'])\n"
WORDS = "ticker system touch dump open save load kill fork spawn environ argv glob exec".split()
COLUMNS = """
df.groupby("{0}")["{0}"].sum(); df.set_index("{0}"); df.sort_values("{0}"); df.drop(columns=["{0}"])
df.rename(columns={{"{0}": "x", "y": "{0}"}}); df.pivot_table(index="{0}", columns="{0}", values="{0}", aggfunc="mean")
df.agg({{"{0}": "sum"}}); df.groupby("{0}").agg(total=("{0}", "sum"), n=pd.NamedAgg("{0}", "count"))
df["{0}"].map({{"a": "{0}"}}); df.filter(items=["{0}"]); df.melt(id_vars="{0}"); pd.crosstab(df["{0}"], df["{0}"])
df["{0}"] = 1; df.merge(df, on="{0}"); df.nlargest(2, "{0}"); df.resample("D", on="{0}").last()
"""


@pytest.mark.parametrize("word", WORDS)
def test_a_column_may_have_any_name(word: str) -> None:
    verdict = SecurityValidator().validate_code(HEAD + COLUMNS.format(word))
    assert verdict.safe, verdict.issues


GROWN = {
    "assigned": "{0} = {{}}\n{0}['v'] = 'sum'",
    "updated": "{0} = {{'c': 'last'}}\n{0}.update({{'v': 'sum'}})",
    "merged": "a = {{'c': 'last'}}\n{0} = {{**a, 'v': 'sum'}}",
    "joined": "{0} = {{'c': 'last'}} | {{'v': 'sum'}}",
    "appended": "{0} = []\nfor c in ('mean', 'std'):\n    {0}.append(c)",
    "made": "{0} = dict.fromkeys(['c', 'v'], 'last')",
    "zipped": "{0} = dict(zip(['c'], ['sum']), v='last')",
    "nested": "{0} = {{'c': ['last']}}\n{0}['c'].append('std')\n{0}.setdefault('v', []).append('sum')",
}


@pytest.mark.parametrize("name", ["agg", "how", "rules"])
@pytest.mark.parametrize("kind", sorted(GROWN))
def test_containers_that_grow_are_followed_whatever_they_are_called(kind: str, name: str) -> None:
    program = f"{HEAD}{GROWN[kind].format(name)}\ndf.resample('W').agg({name})"
    verdict = SecurityValidator().validate_code(program)
    assert verdict.safe, verdict.issues
    evil = (
        program.replace("'sum'", "'to_clipboard'").replace("'std'", "'to_clipboard'").replace("'last'", "'to_pickle'")
    )
    assert not SecurityValidator().validate_code(evil).safe


@pytest.mark.parametrize(
    "path",
    ["trades.csv", "out/trades.csv", "./trades.csv", "/tmp/artifacts/trades.csv"],
)
def test_artifacts_may_be_written(path: str) -> None:
    program = f"{HEAD}df.to_csv('{path}')\nwith open('{path}', 'w') as file:\n    file.write('x')\n"
    verdict = SecurityValidator().validate_code(program)
    assert verdict.security_level is SecurityLevel.SAFE, verdict.issues


@pytest.mark.parametrize(
    "path",
    ["/etc/x.csv", "../x.csv", "out/../../x.csv", "~/x.csv", "matplotlibrc", ".x.csv", "x.py", "x.mplstyle", "x", ""],
)
def test_nothing_else_may_be_written(path: str) -> None:
    for program in (f"df.to_csv('{path}')", f"open('{path}', 'w')", f"np.save('{path}', [1])"):
        assert not SecurityValidator().validate_code(HEAD + program).safe, program


def test_only_written_artifacts_may_be_read() -> None:
    written = "df.to_csv('a.csv')\nprint(pd.read_csv('a.csv'), open('a.csv').read())"
    assert SecurityValidator().validate_code(HEAD + written).safe
    assert not SecurityValidator().validate_code(HEAD + "pd.read_csv('a.csv')").safe
    assert not SecurityValidator().validate_code(HEAD + "open('a.csv')").safe


@pytest.mark.parametrize("name", ["maxsize", "float_info", "version_info", "argv", "stdout.write('x')", "exit(0)"])
def test_harmless_parts_of_sys_are_reported_low(name: str) -> None:
    verdict = SecurityValidator().validate_code(f"import sys\nprint(1)\nsys.{name}")
    assert verdict.security_level is SecurityLevel.LOW
    assert verdict.issues[0].fix != policy_for("python").rules["imports.reported"].fix


@pytest.mark.parametrize(
    "name", ["modules", "path", "_getframe()", "settrace(f)", "stdin", "stdout.buffer", "exc_info()"]
)
def test_the_rest_of_sys_is_refused(name: str) -> None:
    assert not SecurityValidator().validate_code(f"import sys\nsys.{name}").safe


@pytest.mark.parametrize(
    "line",
    [
        "# -*- coding: utf-8 -*-",
        "#-*-encoding=utf-8-*-",
        "# coding: utf8",
        "# coding=U8",
        "# coding: UTF_8",
        "# coding: cp65001",
    ],
)
def test_every_spelling_of_utf_8_is_taken(line: str) -> None:
    assert SecurityValidator().validate_bytes(line.encode() + b"\nprint(1)").safe


@pytest.mark.parametrize("line", ["# coding: latin-1", "# coding: utf-7", "# coding: utf-16", "# coding: idna"])
def test_no_other_encoding_is_taken(line: str) -> None:
    assert not SecurityValidator().validate_bytes(line.encode() + b"\nprint(1)").safe


EXPRESSIONS = [
    "close > open", "t.str.startswith('x')", "t.str.contains('import', case=False)", "close > @limit",
    "`adj close` > 3 and t in ['A', 'B']", "date.dt.year == 2020", "x = close.rolling(3).mean()", "not a & ~b",
    "abs(close - open) > 1",
]  # fmt: skip
CODE = [
    "@pd.io.common.os.system('id')", "__import__('os')", "close.to_csv('x')", "().__class__", "@f(1)", "[open][0]('x')",
    "(lambda: 1)()", "close.apply('to_csv')", "eval('1')", "@df.to_pickle('x')", "close.values.tofile('x')",
    "[x for x in ()]", "close.os", "f'{close}'",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_over_columns_pass(text: str) -> None:
    for engine in ("", ", engine='python'"):
        verdict = SecurityValidator().validate_code(f"{HEAD}limit = 3\ndf.query({text!r}{engine})\ndf.eval({text!r})")
        assert verdict.safe, verdict.issues


@pytest.mark.parametrize("text", CODE)
def test_expressions_with_code_are_refused(text: str) -> None:
    assert not SecurityValidator().validate_code(f"{HEAD}df.query({text!r})").safe
    assert (
        not SecurityValidator().validate_code(f"import statsmodels.formula.api as smf\nsmf.ols('y ~ ' + {text!r})").safe
    )
