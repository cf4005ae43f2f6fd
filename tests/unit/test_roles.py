"""The names of a machine's workers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import environment

from windtunnel.errors import ExtraMissing, HostFeatureMissing, InvalidInput
from windtunnel_worker.celery.app import create_app
from windtunnel_worker.celery.process import Process
from windtunnel_worker.celery.roles import check_login, main, show, take_node_name, width_of, worker_options
from windtunnel_worker.settings import HostSettings

VALIDATOR, EXECUTOR = "windtunnel.validation.validator", "windtunnel_worker.sandbox.executor"


def test_two_workers_of_one_host_name_get_names_of_their_own(tmp_path: Path) -> None:
    taken = [take_node_name("execute", "host", tmp_path) for _ in range(3)]
    assert [name for name, _ in taken] == ["execute@host", "execute@host.2", "execute@host.3"]
    assert take_node_name("monitor", "host", tmp_path)[0] == "monitor@host"
    taken[1][1].close()
    assert take_node_name("execute", "host", tmp_path)[0] == "execute@host.2"


def test_the_queue_of_a_monitor_is_its_hosts_whatever_its_name() -> None:
    options = worker_options("monitor", "monitor@host.2", HostSettings(host="host"), 1)
    assert (options["hostname"], options["queues"]) == ("monitor@host.2", ["monitor.host"])


def test_a_finalizer_may_serve_its_hosts_monitor_queue_with_as_many_threads_more() -> None:
    alone, both = (
        worker_options("finalize", "finalize@host", HostSettings(host="host"), 2, with_monitor=wanted)
        for wanted in (False, True)
    )
    assert (alone["queues"], alone["concurrency"]) == (["finalize"], 2)
    assert (both["queues"], both["concurrency"]) == (["finalize", "monitor.host"], 2 + width_of("monitor"))


@pytest.mark.parametrize(
    ("role", "loaded"), [("validate", {VALIDATOR}), ("execute", {EXECUTOR}), ("finalize", set()), ("monitor", set())]
)
def test_a_role_loads_what_it_needs_and_not_what_others_need(role: str, loaded: set[str]) -> None:
    load = f"import sys; from windtunnel_worker.celery import roles; roles.load({role!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)
    assert {VALIDATOR, EXECUTOR, "docker"} & set(done.stdout.split()) == loaded


def test_a_worker_that_could_do_no_work_ends_at_its_start_and_says_why(
    tmp_path: Path, setenv: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python.toml").write_text("no policy = [")
    settings = HostSettings(policies=tmp_path)
    with pytest.raises(InvalidInput, match=r"python\.toml cannot be used"):
        Process(settings, create_app(settings), "validate@here").check()
    Process(settings, create_app(settings), "finalize@here").check()
    setenv.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    setenv.setitem(sys.modules, "windtunnel_worker.telemetry.tracing", None)
    with pytest.raises(HostFeatureMissing, match=r"windtunnel\[otel\]"):
        Process(settings, create_app(settings), "finalize@here").check()


def test_a_role_that_is_refused_says_so_in_the_form_of_its_log() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "windtunnel_worker", "validate"],
        env=environment(WINDTUNNEL_LOG_FORMAT="json", WINDTUNNEL_POOLS="gpu"),
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = map(json.loads, done.stderr.splitlines())
    assert (done.returncode, line["action"]) == (1, "refused")
    assert "WINDTUNNEL_POOLS" in line["message"]


@pytest.mark.parametrize("login", ["op:wört", "op:one,two", "op", "op:", ":secret", "a:b,"])
def test_a_login_that_flower_could_not_read_is_refused(login: str) -> None:
    check_login("op:one:two,other:three")
    check_login("")
    with pytest.raises(InvalidInput, match="FLOWER_BASIC_AUTH") as refused:
        check_login(login)
    assert login not in str(refused.value)


def test_flower_without_its_library_names_the_extra(setenv: pytest.MonkeyPatch) -> None:
    setenv.setitem(sys.modules, "flower", None)
    with pytest.raises(ExtraMissing, match=r"windtunnel\[flower\]"):
        show(create_app(HostSettings()), "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["metrics", "--port", "70000"], "--port: '70000' is not a whole number from 1 to 65535"),
        (["execute", "--concurrency", "-1"], "--concurrency: '-1' is not a whole number"),
        (["validate", "--with-monitor"], "--with-monitor is an option of finalize"),
        (["execute", "--alive-file", "/proc/nowhere/alive"], "--alive-file: /proc/nowhere cannot be written"),
    ],
)
def test_an_option_that_cannot_be_used_is_told(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(options)
    assert refused.value.code == 2
    assert said in capsys.readouterr().err
