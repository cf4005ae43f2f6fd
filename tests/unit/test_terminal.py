"""Whatever a program said, nothing that acts on a terminal is printed: every command, as text and as JSON."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from windtunnel.cli import changing, following, machinery, reading, submitting
from windtunnel.cli.commands import app
from windtunnel.contract import Execution, Outcome, ProgramError
from windtunnel.testing import Tunnel
from windtunnel_worker.sandbox.assignment import Assignment

ODD = "\x1b[31mred \x1b]0;title\x07 \x00\x08\x7f\x85\x9b31m\u061c\u200b\u200e\u202e\u2066\u2028\ufeff\U000e0041 end"
SPOKEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Categories of characters that are not shown but act, or show what is not there."""
PROGRAM = f"x = '''{ODD}'''\n"


def hostile(_: Assignment) -> Execution:
    return Execution(
        attempt=1,
        outcome=Outcome.FAILED,
        message=ODD,
        error=ProgramError(type=ODD, message=ODD, line=1, source=ODD, traceback=ODD),
        stdout=f"{ODD}\n{ODD}",
        stderr=ODD,
        values={ODD: ODD, "deep": [{ODD: [ODD]}], "big": 2**64 + 1},
        not_finite={f"{ODD}[3]": "NaN"},
        versions={"python": ODD},
    )


@pytest.fixture
def job_id(monkeypatch: pytest.MonkeyPatch) -> str:
    """A job that said the worst, and a command line that reads it."""
    tunnel = Tunnel(hostile)
    for module in (changing, following, machinery, reading, submitting):
        monkeypatch.setattr(module, "Client", lambda: tunnel.client)
    jobs = [{"code": code, "labels": {"note": ODD}} for code in ("print(1)", PROGRAM)]  # the second is rejected
    batch = tunnel.client.submit_batch(jobs)
    return f"{batch}-0"


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code in (0, 1), done.output
    odd = {char for char in done.output if char not in "\n\t" and unicodedata.category(char) in SPOKEN}
    assert not odd, (arguments, odd)
    return done.stdout


COMMANDS = [
    "report {job}",
    "report {batch}",
    "status {job}",
    "status {batch}",
    "status",
    "history {job}",
    "hosts",
    "dead",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_what_acts_on_a_terminal(job_id: str, command: str) -> None:
    words = command.format(job=job_id, batch=job_id.partition("-")[0]).split()
    assert printed(*words)
    as_json = printed(*words, "--json")
    assert as_json.isascii()
    assert (
        json.loads(as_json.splitlines()[0] if words[0] == "report" and command.endswith("{batch}") else as_json)
        is not None
    )


def test_a_report_in_json_is_exact(job_id: str) -> None:
    execution = json.loads(printed("report", job_id, "--json"))["execution"]
    assert execution["stdout"] == f"{ODD}\n{ODD}"
    assert execution["values"]["big"] == 2**64 + 1


@pytest.mark.parametrize(
    "command", ["watch {job}", "watch {batch}", "retry {job}", "cancel {job}", "run {file}", "submit {file}"]
)
def test_no_command_that_follows_or_changes_prints_what_acts_on_a_terminal(
    job_id: str, command: str, tmp_path: Path
) -> None:
    file = tmp_path / "odd.py"
    file.write_text(PROGRAM)
    printed(*command.format(job=job_id, batch=job_id.partition("-")[0], file=file).split())


@pytest.mark.parametrize("form", ["text", "json", "prompt"])
def test_no_verdict_prints_what_acts_on_a_terminal(tmp_path: Path, form: str) -> None:
    file = tmp_path / "odd.py"
    file.write_text(f"import os  # {ODD.replace(chr(0), '')}\nos.system('''{ODD.replace(chr(0), '')}''')\n")
    assert printed("validate", str(file), "--format", form)
