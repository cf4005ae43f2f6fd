"""Remedies name the datasets of the job they are for."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from windtunnel.cli.validate import validate
from windtunnel.validation import SecurityValidator
from windtunnel.validation.policy import SHIPPED
from windtunnel.validation.remedies import GENERIC, for_job, rejection

READS = "import pandas as pd\ndf = pd.read_csv('data.csv')\n"


def test_a_verdict_knows_no_datasets_and_has_no_placeholder() -> None:
    for path in SHIPPED.glob("*.toml"):
        assert "data['" not in path.read_text(), path.name
    verdict = SecurityValidator().validate_code(READS)
    assert GENERIC in verdict.issues[0].fix


def test_a_jobs_datasets_are_named() -> None:
    verdict = for_job(SecurityValidator().validate_code(READS), ("prices", "spy"))
    assert 'data["prices"] or data["spy"]' in verdict.issues[0].fix
    assert GENERIC not in verdict.issues[0].fix


def test_a_rejection_lists_all_missing_libraries() -> None:
    said = rejection(SecurityValidator().validate_code("import finta\nimport torch\nx = 1"), ("prices",))
    assert said.startswith("Line 1: The sandbox has no finta.")
    assert "Line 2: The sandbox has no torch." in said


def test_a_rejection_begins_with_the_worst() -> None:
    said = rejection(SecurityValidator().validate_code("import finta\nimport os\n"), ())
    assert said.startswith("Line 2: The module os opens")
    assert said.endswith("And 1 more.")


def test_the_command_line_names_the_dataset(tmp_path: Path) -> None:
    import typer

    program = tmp_path / "program.py"
    program.write_text(READS)
    app = typer.Typer()
    app.command()(validate)
    result = CliRunner().invoke(app, [str(program), "--dataset", "prices"])
    assert 'data["prices"]' in result.output
