"""The command line over a whole Windtunnel in this process: sweeps, short ids, JSON, suggestions, completion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import check_examples
from typer.main import get_command
from typer.testing import CliRunner, Result

from windtunnel.cli import (
    changing,
    following,
    grids,
    machinery,
    reading,
    results,
    storing,
    submitting,
    sweeping,
    waiting,
)
from windtunnel.cli.commands import app
from windtunnel.cli.grids import grid_of
from windtunnel.cli.table import COMMANDS, HOST_COMMANDS
from windtunnel.client import Client
from windtunnel.contract import Fill, Scoring
from windtunnel.errors import InvalidInput, NotFound, WindtunnelError
from windtunnel.testing import Tunnel


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """The client that every command uses."""
    client = Tunnel().client
    for module in (changing, following, machinery, reading, results, storing, submitting, sweeping):
        monkeypatch.setattr(module, "Client", lambda: client)
    return client


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "strategy.py"
    file.write_text("print(params)")
    return file


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def answered(*arguments: str | Path) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code in (0, 1), (arguments, done.output, done.exception)
    return json.loads(done.stdout)


# -- sweep -----------------------------------------------------------------------------------------------


def test_the_examples_in_the_docstrings() -> None:
    check_examples(grids)


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("a=5:50:15", [5, 20, 35, 50]),
        ("a=1:3", [1, 2, 3]),
        ("a=3:1:-1", [3, 2, 1]),
        ("a=0.1:0.5:0.1", [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("a=1:2:0.4", [1.0, 1.4, 1.8]),
        ("a=1e-3:3e-3:1e-3", [0.001, 0.002, 0.003]),
        ("a=20,50,100", [20, 50, 100]),
        ("a=true,null,1.5,sma", [True, None, 1.5, "sma"]),
        ("a=[1,2],[3,4]", [[1, 2], [3, 4]]),
        ('a="a,b",""', ["a,b", ""]),
        ("a=1: 3", [1, 2, 3]),
        ("a=09:30", [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]),
    ],
)
def test_an_axis_is_a_range_or_values(axis: str, values: list[object]) -> None:
    assert grid_of([axis]) == {"a": values}


@pytest.mark.parametrize(
    "axis",
    [
        *("a", "=1", "a=", "a=1:5:0", "a=5:1:1", "a=1:2:3:4:5e", "a=1:1e9:1", "a=1::2", "a=1:nan", "a=--1:2"),
        *("a=1,,2", "a=1,2,", "a=0:1e999999:1", "a=1e999999999:2", "a=[1", 'a="a,b",c', "a=" + "[" * 3_000),
    ],
)
def test_an_axis_that_is_none_is_refused(axis: str) -> None:
    if axis in ("a=1:nan", "a=1:2:3:4:5e"):  # texts, as no range is written like that
        assert grid_of([axis]) == {"a": [axis.partition("=")[2]]}
        return
    with pytest.raises(InvalidInput, match="Nothing was submitted"):
        grid_of([axis])
    with pytest.raises(InvalidInput, match="second time"):
        grid_of(["b=1", "b=2"])


def test_a_sweep_is_one_batch_in_the_order_of_its_grid(client: Client, program: Path) -> None:
    words = ["--grid", "fast=5:10:5", "--grid", "slow=20,50", "--params", '{"kind": "sma", "fast": 1}', "--seed", "3"]
    found = answered("sweep", program, *words)
    assert found["jobs"] == 4
    assert [dict(one.params) for one in client.jobs(found["batch_id"])] == [
        {"kind": "sma", "fast": fast, "slow": slow} for fast in (5, 10) for slow in (20, 50)
    ]
    assert {report.seed for report in client.reports(found["batch_id"])} == {3}


def test_a_sweeps_jobs_have_its_aliases(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    client = Tunnel(datasets=["sp500"]).client
    monkeypatch.setattr(sweeping, "Client", lambda: client)
    found = answered("sweep", program, "--grid", "fast=5,10", "--dataset", "sp500", "--alias", "data.csv=sp500")
    assert [one.aliases for one in client.reports(found["batch_id"])] == [{"data.csv": "sp500"}] * 2


def test_a_sweep_takes_the_options_of_a_batch(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    tunnel = Tunnel(paused=True)
    monkeypatch.setattr(sweeping, "Client", lambda: tunnel.client)
    words = ["--owner", "quant", "--priority", "2", "--pool", "gpu", "--max-running", "1"]
    batch = answered("sweep", program, "--grid", "fast=5,10", *words)["batch_id"]
    tunnel.pipeline.validate()
    assert tunnel.client.unserved_pools(batch) == ["gpu"]
    (waiting,) = tunnel.client.stats().waiting
    assert (waiting.owner, waiting.priority, waiting.jobs) == ("quant", 2, 2)


@pytest.mark.parametrize("command", [("submit",), ("sweep", "--grid", "fast=5")])
def test_how_positions_are_scored_is_said_by_options(client: Client, program: Path, command: tuple[str, ...]) -> None:
    scored = ["--fill", "open", "--commission-bps", "5", "--slippage-bps", "2", "--price", "Settle"]
    sized = ["--warmup", "50", "--leverage", "1.5", "--capital", "10000", "--bars-per-year", "365"]
    found = answered(*command, program, *scored, *sized)
    (report,) = client.reports(found["batch_id"])
    counted = {"warmup": 50, "leverage": 1.5, "capital": 10_000, "bars_a_year": 365}
    assert report.scoring == Scoring(fill=Fill.OPEN, commission_bps=5, slippage_bps=2, price="Settle", **counted)


def test_a_grid_that_is_too_large_is_refused_before_anything_is_stored(client: Client, program: Path) -> None:
    done = run("sweep", program, "--grid", "a=1:1000", "--grid", "b=1:1000")
    assert isinstance(done.exception, InvalidInput)
    assert client.batches() == []


def test_a_folder_that_cannot_be_made_is_refused_before_the_program_runs(client: Client, program: Path) -> None:
    done = run("run", program, "--out", program)
    assert isinstance(done.exception, InvalidInput)
    assert client.batches() == []


# -- ids -------------------------------------------------------------------------------------------------


def test_a_batch_is_found_by_its_beginning_its_end_and_as_the_last(client: Client) -> None:
    batch = client.submit_sweep("print(1)", params=[{}] * 3)
    for typed in (batch, batch[:10], batch[-4:], "@last"):
        assert client.find(typed) == batch
        assert client.find(f"{typed}-2") == f"{batch}-2"
        assert answered("status", typed)["batch_id"] == batch
        assert answered("report", f"{typed}-2")["job_id"] == f"{batch}-2"
    newer = client.submit_sweep("print(1)", params=[{}])
    assert client.find("@last") == newer


def test_several_that_fit_are_named_and_none_is_left_as_it_is(client: Client) -> None:
    batches = [client.submit_sweep("print(1)", params=[{}]) for _ in range(2)]
    with pytest.raises(InvalidInput) as caught:
        client.find(batches[0][:6])
    assert all(batch in str(caught.value) for batch in batches)
    assert client.find("ffff") == "ffff"
    assert client.find("abc") == "abc"
    assert isinstance(run("status", "ffff").exception, NotFound)


def test_an_id_of_the_other_kind_is_answered_with_the_one_to_use(client: Client) -> None:
    job = client.submit({"code": "print(1)"})
    batch = job.partition("-")[0]
    with pytest.raises(NotFound, match=f"^There is no job {batch}. This looks like .* first job is {job}.$"):
        client.report(batch)
    with pytest.raises(NotFound, match=f"^There is no batch {job}. This looks like .* whose batch is {batch}.$"):
        client.jobs(job)


def test_there_is_no_last_batch_at_first(client: Client) -> None:
    with pytest.raises(NotFound, match="no batch yet"):
        client.find("@last")


# -- every command ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "status", "status @last", "status @last-0", "report @last-0", "history @last-0", "watch @last", "watch @last-0",
        "retry @last --outcome succeeded", "cancel @last", "stats", "hosts", "dead", "artifacts @last-0",
        "leaderboard @last", "errors @last", "compare @last-0 @last-0", "repro @last-0", "check @last-0",
        "submit {program}", "sweep {program} --grid a=1:2", "run {program}",
    ],
)  # fmt: skip
def test_every_command_answers_in_json(client: Client, program: Path, words: str) -> None:
    client.submit_sweep("print(1)", params=[{}])
    assert answered(*words.format(program=program).split()) is not None


def test_short_ids_do_where_nothing_is_printed_as_json(client: Client, tmp_path: Path) -> None:
    client.submit_sweep("print(1)", params=[{}])
    assert run("errors", "@last").stdout.strip() == "No job failed."
    assert run("export", "@last", "--csv", tmp_path / "jobs.csv").exit_code == 0
    assert run("export", "@last", "--csv", "-").stdout_bytes == (tmp_path / "jobs.csv").read_bytes()
    assert run("check", "@last-0").stdout.splitlines()[-1] == "look-ahead: unchecked, since it returned no positions."
    assert "has no score" in str(run("promote", "@last-0").exception)


def test_the_statistics_are_a_table(client: Client) -> None:
    client.submit_sweep("print(1)", params=[{}] * 2)
    assert "succeeded 2" in run("stats").stdout


def _leaves(prefix: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, below in getattr(command, "commands", {}).items():
        yield from _leaves(f"{prefix} {name}", below)
    if not hasattr(command, "commands"):
        yield prefix, command


def test_every_command_that_ends_has_json() -> None:
    root: Any = get_command(app)
    commands = [leaf for name in (*COMMANDS, *HOST_COMMANDS) for leaf in _leaves(name, root.load(name))]
    without = {name for name, command in commands if not any("--json" in one.opts for one in command.params)}
    assert without == {"mcp", "up"}


def test_failures_of_a_batch_that_runs_are_those_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel = Tunnel(paused=True)
    monkeypatch.setattr(results, "Client", lambda: tunnel.client)
    tunnel.client.submit_batch([{"code": "print(1)"}] * 2)
    assert run("errors", "@last").stdout == "No job failed.\nSo far: 2 jobs not finished.\n"
    assert run("leaderboard", "@last").stdout.endswith("\nSo far: 2 jobs not finished.\n")


def test_jobs_of_a_pool_that_no_host_serves_have_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    tunnel = Tunnel(paused=True)
    monkeypatch.setattr(reading, "Client", lambda: tunnel.client)
    batch = tunnel.client.submit_batch([{"code": "print(1)", "pool": "gpu"}, {"code": "print(1)"}])
    assert tunnel.client.unserved_pools(batch) == []  # not yet validated
    tunnel.pipeline.validate()
    assert [tunnel.client.unserved_pools(name) for name in (batch, f"{batch}-0")] == [["default", "gpu"], ["gpu"]]
    done = run("status", f"{batch}-0", "--json")
    assert "no host takes work of pool gpu" in done.stderr
    assert json.loads(done.stdout)["state"] == "ready"
    tunnel.run()
    assert tunnel.client.unserved_pools(batch) == ["gpu"]
    tunnel.records.hosts.seen("other", 1, "testing", ["gpu"], ["*"])
    assert tunnel.client.unserved_pools(batch) == []
    tunnel.client.drain("other")
    assert tunnel.client.unserved_pools(f"{batch}-0") == ["gpu"]


def test_whoever_waits_in_vain_is_pointed_to_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "HINT_AFTER_S", -1.0)
    tunnel = Tunnel(paused=True)
    batch = tunnel.client.submit_batch([{"code": "print(1)"}])
    for name in (batch, f"{batch}-0"):
        told: list[str] = []
        hint = waiting.Hint(tunnel.client, name, told.append)
        hint.look()
        hint.look()
        assert told == [waiting.IDLE]


@pytest.mark.parametrize(("typed", "meant"), [("statu", "status"), ("swep", "sweep"), ("datasts", "datasets")])
def test_a_command_that_is_mistyped_is_answered_with_the_one_meant(typed: str, meant: str) -> None:
    done = run(typed)
    assert done.exit_code == 2
    assert f"'{meant}'" in done.output


def test_an_option_that_is_mistyped_is_answered_with_the_one_meant() -> None:
    assert "--json" in run("status", "--jsno").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("retry @last --outcome fail", "'--outcome': 'fail' is not one of 'succeeded', "),
        ("retry @last --outcome fail", "'infrastructure_error'. Did you mean 'failed'?"),
        ("sweep x.py --grid a=1 --isolation vm", "'--isolation': 'vm' is not one of 'container', 'cell'.\n"),
        ("leaderboard @last --most few", "'--most': must be a whole number\n"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_told_in_plain_words(words: str, told: str) -> None:
    done = run(*words.split())
    assert done.exit_code == 2
    assert told in done.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    variables = {
        "_WINDTUNNEL_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "windtunnel st", "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "windtunnel st", "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }  # fmt: skip
    done = CliRunner().invoke(app, [], env=variables, prog_name="windtunnel")
    assert "status" in done.stdout
    assert "stats" in done.stdout
    assert "report" not in done.stdout


def test_errors_of_ours_reach_the_one_place_that_prints_them(client: Client) -> None:
    assert client.batches() == []
    assert isinstance(run("report", "@last").exception, WindtunnelError)
