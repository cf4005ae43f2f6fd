"""What may be imported is what the sandbox's image holds: policy and image cannot disagree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from windtunnel.validation import SecurityLevel, SecurityValidator
from windtunnel.validation.policy import SHIPPED, STANDARD_MODULES

LOCK = Path(__file__).parents[3] / "sandbox_image/requirements.txt"
HOW = "Run: python benchmarks/validation_surface.py"


def distributions() -> dict[str, dict[str, str]]:
    return dict(tomllib.loads((SHIPPED / "python-image.toml").read_text())["distributions"])


def test_the_policy_lists_what_the_image_is_built_of() -> None:
    locked = dict(re.findall(r"(?m)^([\w.-]+)==([^\s;\\]+)", LOCK.read_text()))
    listed = {name: entry["version"] for name, entry in distributions().items()}
    assert {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in locked.items()} == listed, HOW


def test_every_allowed_library_is_in_the_image() -> None:
    surface = tomllib.loads((SHIPPED / "python-surface.toml").read_text())["modules"]
    held = {module for entry in distributions().values() for module in entry["modules"].split()}
    roots = {path.split(".")[0] for path in surface}
    assert roots <= held | STANDARD_MODULES, HOW


def test_every_library_of_the_image_is_allowed_or_closed_with_a_reason() -> None:
    surface = tomllib.loads((SHIPPED / "python-surface.toml").read_text())["modules"]
    closed = tomllib.loads((SHIPPED / "python.toml").read_text())["imports"]["closed"]
    known = {path.split(".")[0] for path in surface} | {one for names in closed.values() for one in names.split()}
    for name, entry in distributions().items():
        assert set(entry["modules"].split()) <= known, f"{name}: list its names or close it. {HOW}"


def test_all_missing_libraries_are_named_at_once_with_what_to_use_instead() -> None:
    verdict = SecurityValidator().validate_code("import finta\nimport catboost\nimport nobody_knows_this\n")
    found = {issue.message.split()[-1].rstrip("."): issue.fix for issue in verdict.issues}
    assert set(found) == {"finta", "catboost", "nobody_knows_this"}
    assert "talib" in found["finta"]
    assert "lightgbm" in found["catboost"]


def test_a_missing_library_that_the_program_can_do_without_is_no_reason_to_refuse() -> None:
    guarded = "try:\n    import finta\nexcept ImportError:\n    finta = None\nprint(finta)"
    verdict = SecurityValidator().validate_code(guarded)
    assert verdict.safe
    assert verdict.security_level is SecurityLevel.LOW
    assert not SecurityValidator().validate_code(guarded.replace("finta", "os")).safe


OWN = "import networkx as nx\nprint(nx.Graph().number_of_nodes())"


def test_an_operators_image_opens_its_libraries_to_the_jobs_that_name_it() -> None:
    validator = SecurityValidator()
    assert not validator.validate_code(OWN).safe
    assert validator.validate_code(OWN, "python", {"networkx"}).safe
    assert not validator.validate_code(OWN, "python", {"sympy"}).safe
    assert validator.policy_id("python", ["a", "b"]) == validator.policy_id("python", ["b", "a"])
    assert len({validator.policy_id("python", names) for names in ([], ["a"], ["b"])}) == 3


@pytest.mark.parametrize("line", ["import os", "import cffi", "import joblib", "networkx.read_gpickle('x')"])
def test_what_opens_the_host_stays_closed_whatever_an_image_holds(line: str) -> None:
    code = f"import networkx\n{line}\n"
    assert not SecurityValidator().validate_code(code, "python", {"networkx", "os", "cffi", "joblib"}).safe
