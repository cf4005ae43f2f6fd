"""Validation through its public face: what is safe, at which level, and that an issue can be acted on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support import EXAMPLES

from windtunnel.contract import SecurityLevel
from windtunnel_worker import SecurityValidator

MODULES = (
    *("os", "subprocess", "socket", "urllib", "requests", "shutil", "pathlib", "glob", "pickle", "shelve"),
    *("multiprocessing", "threading"),
)
FUNCTIONS = ("eval", "exec", "compile", "__import__", "open", "input")
METHODS = ("system", "popen", "spawn")
ATTRIBUTES = ("__dict__", "__class__", "__bases__", "__subclasses__", "__code__", "__globals__")

STRICT, LENIENT = SecurityValidator(strict_mode=True), SecurityValidator(strict_mode=False)


def assert_rejected(code: str) -> None:
    verdict = STRICT.validate_code(code, "python")
    assert not verdict.safe, code
    assert verdict.security_level >= SecurityLevel.HIGH
    assert verdict.score < 50


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    "form",
    [
        "import {}",
        "import {} as np",
        "import numpy, {}",
        "import {}.sub",
        "from {} import something",
        "from {}.sub import something as x",
        "def f():\n    import {}\n",
        "if False:\n    import {}\n",
        "try:\n    import {}\nexcept ImportError:\n    pass\n",
    ],
)
def test_a_dangerous_import_is_rejected_in_any_form(module: str, form: str) -> None:
    assert_rejected(form.format(module))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "form",
    ["{}('x')", "f = {}\nf('x')", "list(map({}, ['x']))", "from builtins import {}", "x = [{}]", "y = lambda: {}('x')"],
)
def test_a_dangerous_function_is_rejected_called_or_passed_on(function: str, form: str) -> None:
    assert_rejected(form.format(function))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", ["x = object()\nx.{}('ls')", "import numpy as np\nnp.{}('ls')"])
def test_a_method_that_starts_programs_is_rejected(method: str, form: str) -> None:
    assert_rejected(form.format(method))


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("form", ["x = 1\nx.{}", "(lambda: 0).{}", "x = [1]\nx[0].{} = 5", "print(''.{})"])
def test_an_attribute_of_the_interpreters_inside_is_rejected(attribute: str, form: str) -> None:
    assert_rejected(form.format(attribute))


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nprint(np.arange(3).sum())",
        "import pandas as pd\nimport math, statistics, json, datetime, collections, itertools",
        "from scipy.optimize import minimize",
        "prices = data['sp500']['Close']\nemit(total=float(prices.sum()))",
        "class Strategy:\n    def __init__(self):\n        self.position = 0\n",
        "import pandas as pd\npd.DataFrame({'open': [1]}).open",
        "if __name__ == '__main__':\n    print('ran')",
        "os = 1\nprint(os)",
        "text = 'import os; eval(1)'",
        "# import os\n",
    ],
)
def test_an_ordinary_program_is_safe(code: str) -> None:
    verdict = STRICT.validate_code(code, "python")
    assert verdict.safe, verdict.issues
    assert verdict.security_level < SecurityLevel.HIGH


@pytest.mark.parametrize("file", sorted((EXAMPLES / "strategies").glob("*.py")), ids=lambda file: file.stem)
def test_every_example_strategy_is_safe(file: Path) -> None:
    verdict = STRICT.validate_code(file.read_text(), "python")
    assert verdict.safe, verdict.issues


def test_a_spotless_program_scores_a_hundred() -> None:
    verdict = STRICT.validate_code("print(1)", "python")
    assert (verdict.score, verdict.security_level, verdict.issues) == (100, SecurityLevel.SAFE, ())


def test_the_worst_issue_decides_the_level() -> None:
    verdict = STRICT.validate_code("import pathlib\nimport os\n", "python")
    assert verdict.security_level == max(issue.severity for issue in verdict.issues)


@pytest.mark.parametrize("code", ["import os", "eval('1')", "(1).__class__", "import subprocess", "import pickle"])
def test_a_critical_program_is_rejected_without_strict_mode_too(code: str) -> None:
    verdict = LENIENT.validate_code(code, "python")
    assert verdict.security_level is SecurityLevel.CRITICAL
    assert not verdict.safe


def test_high_is_rejected_in_strict_mode_only() -> None:
    code = "import a_module_that_no_policy_knows"
    assert STRICT.validate_code(code, "python").security_level is SecurityLevel.HIGH
    assert not STRICT.validate_code(code, "python").safe
    assert LENIENT.validate_code(code, "python").safe


def test_an_issue_names_place_text_and_what_to_write_instead() -> None:
    verdict = STRICT.validate_code("import numpy\n\nif True:\n    import os  # why\n", "python")
    (issue,) = [found for found in verdict.issues if found.severity is SecurityLevel.CRITICAL]
    assert (issue.line, issue.column) == (4, 5)
    assert "import os" in issue.text
    assert "os" in issue.message
    assert issue.fix
    assert issue.rule


@pytest.mark.parametrize(
    "code",
    [
        "def f(:\n",
        "print 'hello'",
        "x = (",
        "\0",
        "(" * 5000,
        "x" + " + x" * 100_000,
        "-" * 100_000 + "1",
        "'''",
        "\ufeffimport os",
        "import os\r",
    ],
    ids=["syntax", "python2", "open", "nul", "parentheses", "sums", "minuses", "string", "bom", "return"],
)
def test_what_cannot_be_read_or_hides_is_never_called_safe(code: str) -> None:
    verdict = STRICT.validate_code(code, "python")
    assert not verdict.safe


def test_a_syntax_error_names_the_line() -> None:
    verdict = STRICT.validate_code("x = 1\ndef f(:\n    pass\n", "python")
    assert [issue.line for issue in verdict.issues] == [2]


def test_a_flood_of_findings_is_bounded() -> None:
    verdict = STRICT.validate_code("import os\n" * 20_000, "python")
    assert not verdict.safe
    assert 0 < len(verdict.issues) <= 1000
    assert verdict.score >= 0


def test_a_long_line_is_cut_in_the_issue() -> None:
    verdict = STRICT.validate_code("import os; x = '" + "y" * 10_000 + "'", "python")
    assert max(len(issue.text) for issue in verdict.issues) <= 200


def test_imports_are_listed_for_the_sandbox() -> None:
    code = "import pandas as pd\nfrom scipy.stats import norm\n\ndef f():\n    import numpy.linalg"
    assert STRICT.validate_code(code, "python").imports == ("numpy", "pandas", "scipy")


def test_a_verdict_is_read_like_a_dictionary_too() -> None:
    verdict = STRICT.validate_code("import os", "python")
    assert verdict["safe"] is False
    assert verdict["security_level"] is SecurityLevel.CRITICAL
    assert verdict["issues"] is verdict.issues
    assert set(verdict) == verdict.keys() == dict(verdict).keys() == set(type(verdict).model_fields)
    assert "score" in verdict
    assert verdict.get("sharpe", 3) == 3
    for name in ("sharpe", "model_dump", "__class__"):
        with pytest.raises(KeyError, match=name):
            verdict[name]
    with pytest.raises(TypeError):
        verdict["safe"] = True  # type: ignore[index]


def test_an_unknown_language_is_refused_by_name() -> None:
    verdict = LENIENT.validate_code("fn main() {}", "rust")
    assert not verdict.safe
    assert "rust" in verdict.issues[0].message


def test_the_report_shows_each_issue_with_line_and_fix() -> None:
    verdict = STRICT.validate_code("import os\n", "python")
    text = STRICT.format_report(verdict)
    assert "REJECTED" in text
    assert "line 1" in text
    assert verdict.issues[0].fix in text
    assert "REJECTED" not in STRICT.format_report(STRICT.validate_code("x = 1", "python"))
