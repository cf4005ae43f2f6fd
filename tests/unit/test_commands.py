"""The command line without a stack: what is loaded when, exit codes, tables and texts."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console, RenderableType
from tests.support import NOW, a_host

import windtunnel
from windtunnel.cli import render
from windtunnel.cli.commands import app
from windtunnel.cli.machinery import what_it_does
from windtunnel.cli.table import COMMANDS, HOST_COMMANDS
from windtunnel.contract import DeadLetter, Transition
from windtunnel.errors import StoreUnavailable
from windtunnel.records import records_of
from windtunnel.settings import Settings
from windtunnel.texts import ago, harmless, jobs

AWAY = "redis://127.0.0.1:1/0"
HEAVY = ("celery", "kombu", "docker", "psutil", "tree_sitter", "windtunnel_worker")
LOADED = """
import sys
from contextlib import suppress
with suppress(SystemExit):
    {code}
print(*sorted({{name.partition(".")[0] for name in sys.modules}}), file=sys.stderr)
"""
LOADED_BY_EACH = """
import sys
from contextlib import suppress
from windtunnel.cli import main
for command in {commands}:
    sys.argv = ["windtunnel", *command.split()]
    with suppress(SystemExit):
        main()
    print(f"after {{command}}:", sorted({heavy} & {{name.partition(".")[0] for name in sys.modules}}))
"""
COMMAND = "sys.argv[0] = 'windtunnel'; from windtunnel.cli import main; main()"


def python(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"PYTHONPATH": ":".join(sys.path), "COLUMNS": "200", **variables},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def printed(table: RenderableType) -> str:
    console = Console(width=200, record=True, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        console.print(table)
    return captured.get()


# -- what is loaded --------------------------------------------------------------------------------------


def test_importing_the_package_loads_nothing_of_it_before_it_is_used() -> None:
    loaded = python(LOADED.format(code="import windtunnel")).stderr.split()
    assert not {"pydantic", "redis", *HEAVY} & set(loaded)


@pytest.mark.parametrize("code", ["import windtunnel.client", "from windtunnel import Client, AsyncClient"])
def test_importing_the_client_loads_neither_models_nor_a_redis_client(code: str) -> None:
    loaded = python(LOADED.format(code=code)).stderr.split()
    assert "windtunnel" in loaded
    assert not {"pydantic", "redis", "asyncio", "numpy", "pandas", "pyarrow", *HEAVY} & set(loaded)


def heavy_for_redis() -> set[str]:
    """What a client must not load; redis-py itself loads psutil where OpenTelemetry's SDK is installed."""
    return set(HEAVY) - set(python("import redis, sys; print(*sys.modules)").stdout.split())


def test_building_the_contract_compiles_no_model() -> None:
    code = "from windtunnel.contract import Report; print(Report.__pydantic_complete__)"
    assert python(code).stdout == "False\n"


def test_the_client_loads_no_celery_no_docker_and_no_worker() -> None:
    loaded = python(LOADED.format(code="from windtunnel import Client; Client()")).stderr.split()
    assert "redis" in loaded
    assert not heavy_for_redis() & set(loaded)


def test_a_command_of_the_client_loads_none_of_them() -> None:
    commands = ("--version", "status", "hosts", "dead", "report x-0", "history x-0", "cancel x")
    done = python(LOADED_BY_EACH.format(commands=commands, heavy=heavy_for_redis()), WINDTUNNEL_REDIS_URL=AWAY)
    assert [line for line in done.stdout.splitlines() if line.startswith("after")] == [
        f"after {command}: []" for command in commands
    ], done.stderr


def test_help_loads_no_command() -> None:
    done = python(LOADED.format(code=COMMAND), "--help")
    loaded = done.stderr.splitlines()[-1].split()
    assert "typer" in loaded
    assert not {"pydantic", "redis", "rich", *HEAVY} & set(loaded)


def test_validating_loads_nothing_of_jobs_and_no_redis() -> None:
    code = "from windtunnel.validation import SecurityValidator; SecurityValidator().validate_code('x = 1')"
    loaded = python(f"import sys; {code}; print(*sys.modules)").stdout.split()
    assert "windtunnel.contract.verdict" in loaded
    assert not {"windtunnel.contract.job", "redis", "rich", "pydantic_settings"} & set(loaded)


def test_the_line_of_each_command_begins_its_own_help() -> None:
    group: Any = typer.main.get_command(app)
    lines = {**{name: entry.line for name, entry in COMMANDS.items()}, **HOST_COMMANDS}
    assert set(group.commands) == set(lines)
    for name, line in lines.items():
        assert " ".join(group.load(name).help.split()).startswith(line), name


def test_help_names_what_each_option_takes_and_cuts_no_line_off() -> None:
    group: Any = typer.main.get_command(app)
    commands = [group.load(name) for name in group.commands]
    members = [member for one in commands for member in getattr(one, "commands", {}).values()]
    options = [
        option for one in (*commands, *members) for option in one.params if not getattr(option, "is_flag", False)
    ]
    assert [option.opts for option in options if not option.metavar] == []
    assert [one.name for one in members if one.get_short_help_str(66).endswith("...")] == []


def test_every_exported_name_is_there_and_no_other() -> None:
    for name in windtunnel.__all__:
        assert getattr(windtunnel, name).__name__ == name
    assert set(windtunnel.__all__) <= set(dir(windtunnel))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = windtunnel.Nothing  # type: ignore[attr-defined]


# -- how it ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["status", "two words"], "cannot be an id"),
        (["statsu"], "'status'"),
        (["dead", "--count", "0"], "count"),
        (["status"], "does not answer"),
    ],
)
def test_a_mistake_is_told_with_exit_code_two(arguments: list[str], told: str) -> None:
    done = python(f"import sys; {COMMAND}", *arguments, WINDTUNNEL_REDIS_URL=AWAY)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_validate_is_as_strict_as_the_workers_of_the_same_environment(tmp_path: Path) -> None:
    file = tmp_path / "strategy.py"
    file.write_text("import yfinance\n")
    for strict, code in (("true", 1), ("false", 0)):
        done = python(f"import sys; {COMMAND}", "validate", str(file), WINDTUNNEL_STRICT=strict)
        assert done.returncode == code, done.stdout


def test_a_full_disk_is_told_with_exit_code_two() -> None:
    with Path("/dev/full").open("w") as full:
        to_it = f"import os, sys; os.dup2({full.fileno()}, 1); {COMMAND}"
        words = [sys.executable, "-c", to_it, "--help"]
        done = subprocess.run(words, pass_fds=[full.fileno()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: No space left on device.\n")


def test_sentinels_that_do_not_answer_are_told_without_their_configuration() -> None:
    url = "sentinel://127.0.0.1:1/0?master=m"
    with pytest.raises(StoreUnavailable) as caught:
        records_of(Settings(redis_url=url), retries=0).reading.ping()
    assert str(caught.value).startswith(f"Redis at {url} has no Sentinel that answers and names a master.")


def test_what_answers_and_is_not_a_redis_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    connection.recv(4096)

        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        done = python(f"import sys; {COMMAND}", "stats", WINDTUNNEL_REDIS_URL=url)
        server.shutdown(socket.SHUT_RDWR)  # closing it would leave the thread waiting
        answering.join()
    assert (done.returncode, done.stderr) == (
        2,
        f"error: What answers at {url} is not a Redis. Correct WINDTUNNEL_REDIS_URL.\n",
    )


@pytest.mark.parametrize("url", ["nonsense", "redis://host:port/0", "redis://", "unix://", "http://host"])
def test_a_wrong_redis_url_is_told_by_the_name_of_its_variable(url: str) -> None:
    done = python(f"import sys; {COMMAND}", "status", WINDTUNNEL_REDIS_URL=url)
    assert done.returncode == 2
    assert done.stderr.startswith("error: WINDTUNNEL_REDIS_URL: must look like redis://")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["validate", __file__]])
def test_a_reader_that_goes_away_causes_no_traceback(arguments: list[str]) -> None:
    closed = "import os, sys; read, write = os.pipe(); os.close(read); os.dup2(write, 1); "
    done = python(closed + COMMAND, *arguments)
    assert done.stderr == ""
    assert done.returncode != 0


def test_a_command_of_the_host_says_what_to_install() -> None:
    missing = "import sys; sys.modules['docker'] = None; "
    done = python(missing + COMMAND, "up")
    assert done.returncode == 2
    assert "pip install 'windtunnel[worker]'" in done.stderr


# -- tables and texts ------------------------------------------------------------------------------------


def test_a_history_shows_who_did_what_and_how_long_after() -> None:
    lines = (
        Transition(at=NOW, what="submitted", who="client:default"),
        Transition(at=NOW + timedelta(seconds=1.5), what="claimed", who="host:7:ab", detail="[bold]"),
    )
    text = printed(render.history(lines))
    for part in ("03:04:05.000", "submitted", "client:default", "+1.500 s", "host:7:ab", "[bold]"):
        assert part in text
    assert "submitted" not in printed(render.history(()))


def test_hosts_show_why_one_takes_no_work() -> None:
    hosts = [a_host("a", images=("own:1",)), a_host("b", draining="client:x"), a_host("c", paused="No disk.")]
    text = printed(render.hosts([*hosts, a_host("d", live=False)]))
    for part in ("1/2", "own:1", "drained by client:x", "paused itself: No disk.", "silent"):
        assert part in text


@pytest.mark.parametrize(
    ("fields", "text"), [({}, "1 job still on it"), ({"busy": 0}, "it is idle"), ({"live": False}, "it is silent now")]
)
def test_drain_says_what_the_host_still_does(fields: dict[str, Any], text: str) -> None:
    assert what_it_does([a_host(**fields)]).startswith(text)


def test_dead_letters_show_no_control_characters() -> None:
    letter = DeadLetter(at=NOW, queue="execute", reason="it is not JSON", body="\x1b[2J[red]")
    text = printed(render.dead_letters([letter]))
    assert "it is not JSON" in text
    assert "\x1b[2J" not in text
    assert "[red]" in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h")]
)
def test_how_long_ago(seconds: float, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_texts() -> None:
    assert (jobs(0), jobs(1), jobs(2)) == ("0 jobs", "1 job", "2 jobs")
    assert harmless("a\x1b[2J\n\tb\udcff") == "a\\x1b[2J\n\tb\\udcff"
    assert harmless("a\u3164\ufe01\U000e0105 \u26a0\ufe0f é") == "a\\u3164\\ufe01\\U000e0105 \u26a0\ufe0f é"
