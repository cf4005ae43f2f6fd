"""Policies are data: named, digested, overridable; and the public face of the package."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from windtunnel import validation
from windtunnel.errors import InvalidInput
from windtunnel.validation import SecurityLevel, SecurityValidator, Verdict
from windtunnel.validation.policy import SHIPPED, load_policy, policy_for

OTHER_RULES = {
    "javascript": {
        "imports.dangerous": "require('fs')",
        "imports.not_allowed": "require('left-pad')",
        "imports.dynamic": "import('x')",
        "names.execution": "eval('1')",
        "names.process": "process.exit()",
        "names.network": "fetch('x')",
        "names.threads": "new Worker('x')",
        "names.global": "globalThis.x",
        "names.memory": "WebAssembly.compile(x)",
        "names.reflection": "Reflect.ownKeys({})",
        "members.inside": "x.constructor('y')",
        "members.process": "x.readFileSync('y')",
        "members.unknown_name": "x[String.fromCharCode(99)]",
        "structure.prototype": "Array.prototype.x = 1",
        "structure.with": "with (x) { y }",
        "structure.global_this": "(function () { return this })()",
    },
    "java": {
        "members.reflection": "class A { void f() throws Exception { x.invoke(null); } }",
        "members.files": "class A { void f() throws Exception { x.readAllBytes(); } }",
        "structure.native": "class A { native void f(); }",
        "structure.hook": "class A { protected void finalize() {} }",
        "structure.escapes": "class A { \\u0069nt x; }",
        "names.files": "class A { File f; }",
    },
    "cpp": {
        "structure.preprocessor": "#define J(a, b) a##b\nint main() {}",
        "structure.assembly": 'int main() { asm("nop"); }',
        "structure.attribute": "__attribute__((constructor)) void f() {}",
        "structure.raw_call": "int main() { char c[1]; ((void (*)())c)(); }",
        "structure.raw_memory": "int main() { auto p = reinterpret_cast<long*>(0); }",
        "names.files": 'int main() { fopen("x", "r"); }',
    },
    "go": {
        "imports.hidden": 'package main\nimport . "fmt"\nfunc main() {}',
        "structure.directive": "package main\n//go:linkname x y\nfunc x()\nfunc main() {}",
        "structure.race": "package main\nvar x any\nfunc main() { go func() { for { x = 1; x = &x } }() }",
        "names.process": 'package main\nimport "os"\nfunc main() { os.Getenv("x") }',
    },
}


@pytest.mark.parametrize(
    ("language", "rule"), [(language, rule) for language, rules in OTHER_RULES.items() for rule in rules]
)
def test_other_languages_rules_are_found(language: str, rule: str) -> None:
    verdict = SecurityValidator().validate_code(OTHER_RULES[language][rule], language)
    assert rule in {issue.rule for issue in verdict.issues}, verdict.issues


def test_exports() -> None:
    assert set(validation.__all__) == {
        "Issue", "SecurityLevel", "SecurityValidator", "Verdict", "format_prompt", "format_report",
    }  # fmt: skip
    assert all(hasattr(validation, name) for name in validation.__all__)


def test_every_verdict_names_its_policy() -> None:
    verdict = SecurityValidator().validate_code("import numpy as np\nfrom pandas import DataFrame")
    assert re.fullmatch(r"python-1@[0-9a-f]{12}", verdict.policy)
    assert verdict.imports == ("numpy", "pandas")
    assert verdict.score == 100
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_a_deployment_can_replace_a_policy(tmp_path: Path) -> None:
    for path in SHIPPED.glob("python*.toml"):
        shutil.copy(path, tmp_path)
    own = tmp_path / "python.toml"
    text = own.read_text()
    own.write_text(text.replace('name = "python-1"', 'name = "ours"').replace('names = ""\n', 'names = "ourquant"\n'))
    program = "import ourquant"
    shipped = SecurityValidator().validate_code(program)
    replaced = SecurityValidator(policies=tmp_path).validate_code(program)
    assert not shipped.safe
    assert replaced.safe
    assert replaced.policy.startswith("ours@")
    assert replaced.policy.split("@")[1] != shipped.policy.split("@")[1]
    assert SecurityValidator(policies=tmp_path).validate_code("package main", "go").policy.startswith("go-1@")


def test_rules_that_a_deployments_policy_does_not_state_stay_as_shipped(tmp_path: Path) -> None:
    text = (SHIPPED / "go.toml").read_text()
    head, rules = text.split("[rules]\n")
    own = '"input.no_statement" = { severity = "HIGH", category = "input", fix = "Write a program." }\n'
    (tmp_path / "go.toml").write_text(head + "[rules]\n" + own + rules)
    validator = SecurityValidator(policies=tmp_path)
    assert [issue.rule for issue in validator.validate_code("", "go").issues] == ["input.empty"]
    assert not validator.validate_code("// nothing", "go").safe
    assert SecurityValidator().validate_code("// nothing", "go").safe


@pytest.mark.parametrize("broken", ["", "name = 1", "name = 'x'\n[rules]\n'a.b' = { severity = 'WORSE' }", "["])
def test_a_broken_policy_is_refused_by_name(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "python.toml"
    path.write_text(broken)
    with pytest.raises(InvalidInput, match=r"python\.toml"):
        load_policy(path)


def test_every_rule_says_what_to_do() -> None:
    for path in SHIPPED.glob("*.toml"):
        if "-" in path.stem:
            continue
        policy = policy_for(path.stem)
        for rule in policy.rules.values():
            assert rule.fix.endswith("."), rule.id
            assert rule.id.startswith(rule.category + "."), rule.id


def test_the_prompt_says_what_to_change() -> None:
    validator = SecurityValidator()
    prompt = validator.format_prompt(validator.validate_code("x = 1\nimport os\n"))
    assert "line 2" in prompt
    assert "import os" in prompt
    assert "data" in prompt
    assert "imports.dangerous" in prompt
    assert "passed" in validator.format_prompt(validator.validate_code("x = 1"))


def test_hints_change_nothing() -> None:
    verdict = SecurityValidator().validate_code("y = data['x'].shift(-1)")
    assert [issue.category for issue in verdict.issues] == ["lookahead"]
    assert verdict.safe
    assert verdict.score == 100
    assert verdict.security_level is SecurityLevel.SAFE
