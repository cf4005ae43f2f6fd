"""The `windtunnel` command as a person types it: exit codes, texts and JSON."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.support import COMMAND, NOBODY, OUR_VARIABLES, PATIENCE_S, Stack, command, environment, free_port, unique

from windtunnel.cli.commands import run
from windtunnel.cli.table import COMMANDS, HOST_COMMANDS
from windtunnel.client import Client, is_job
from windtunnel.contract import BatchStatus, HostStatus, Job, Limits, Outcome, Report, Transition

GOOD, BAD, ENDLESS, UNSAFE = "print('fine')\nemit(sharpe=1.5)\n", "1 / 0\n", "while True: pass\n", "import os\n"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, code in (("good", GOOD), ("bad", BAD), ("unsafe", UNSAFE)):
        (folder / f"{name}.py").write_text(code)
    return folder


Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def typed(setenv: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Does what `command` does in this process, which is faster."""

    def typed(*words: str | Path, under: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        for name in under:
            if name.startswith((*OUR_VARIABLES, "NO_COLOR", "COLUMNS")):
                setenv.setenv(name, under[name])
        setenv.setattr(sys, "argv", ["windtunnel", *map(str, words)])
        code = run()
        return subprocess.CompletedProcess(words, code, *capsys.readouterr())

    return typed


# -- run -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("local", [False, True], ids=["queue", "local"])
def test_run_prints_the_report_and_exits_by_its_outcome(stack: Stack, programs: Path, local: bool) -> None:
    where = ["--local"] if local else []
    good = command("run", *where, programs / "good.py", under=stack.environment)
    assert good.returncode == 0, good.stderr
    for part in ("succeeded", "fine", "sharpe", "1.5", "CPU", "memory"):
        assert part in good.stdout
    bad = command("run", *where, programs / "bad.py", under=stack.environment)
    assert bad.returncode == 1
    assert "failed" in bad.stdout
    assert "Line 1: ZeroDivisionError" in bad.stdout
    unsafe = command("run", *where, programs / "unsafe.py", under=stack.environment)
    assert unsafe.returncode == 1
    assert "rejected" in unsafe.stdout


@pytest.mark.parametrize("local", [False, True], ids=["queue", "local"])
def test_run_json_is_the_report(stack: Stack, programs: Path, local: bool) -> None:
    where = ["--local"] if local else []
    done = command(
        "run", *where, "--json", programs / "good.py", "--seed", "4", "--params", '{"a": 1}', under=stack.environment
    )
    assert done.returncode == 0, done.stderr
    report = Report.model_validate_json(done.stdout)
    assert (report.outcome, report.seed, report.params, report.name) == (Outcome.SUCCEEDED, 4, {"a": 1}, "good")
    assert report.execution is not None
    assert report.execution.values == {"sharpe": 1.5}


def test_run_takes_limits(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "endless.py"
    file.write_text(ENDLESS)
    done = command("run", "--json", "--timeout", "0.5", file, under=stack.environment)
    assert done.returncode == 1
    assert Report.model_validate_json(done.stdout).outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "{folder}/none.py"], "none.py"),
        (["run", "{folder}/good.py", "--params", "{broken"], "--params"),
        (["run", "{folder}/good.py", "--params", "[1]"], "params"),
        (["run", "{folder}/good.py", "--memory-mb", "1"], "memory_mb"),
        (["run", "{folder}/good.py", "--memory-mb", "999999"], "limits.memory_mb"),
        (["run", "{folder}/empty.py"], "empty.py: is empty"),
        (["run", "{folder}/binary.py"], "UTF-8"),
        (["submit", "{folder}/nothing"], "nothing"),
        (["status", "nosuchbatch"], "There is no batch nosuchbatch"),
        (["report", "nosuch-0"], "There is no job nosuch-0"),
        (["retry", "nosuch-0"], "There is no job"),
        (["watch", "nosuchbatch"], "There is no batch"),
        (["watch", "nosuch-0"], "There is no job"),
        (["history", "nosuch-0"], "There is no job"),
        (["history", "nosuchbatch"], "a batch, whose first job is nosuchbatch-0"),
        (["cancel", "nosuchbatch"], "There is no batch"),
        (["cancel", "two words"], "cannot be an id"),
        (["drain", "nosuchhost"], "There is no host nosuchhost"),
        (["undrain", "nosuchhost"], "Known hosts"),
        (["submit", "{folder}/good.py", "--priority", "10"], "priority"),
        (["submit", "{folder}/good.py", "--max-running", "0"], "max_running"),
        (["submit", "{folder}/good.py", "--owner", "a b"], "owner"),
        (["submit", "{folder}/good.py", "--pool", "a b"], "pool"),
        (["validate", "{folder}/none.py"], "none.py"),
        (["datasets", "add", "x", "{folder}/none.csv"], "none.csv"),
        (["datasets", "add", "a/b", "{folder}/prices.csv"], "name"),
        (["no-such-command"], "no-such-command"),
        (["run"], "Missing argument"),
    ],
    ids=str,
)
def test_wrong_use_is_told_in_a_line_with_exit_code_two(
    stack: Stack, programs: Path, typed: Typed, arguments: list[str], told: str
) -> None:
    (programs / "empty.py").write_text("")
    (programs / "binary.py").write_bytes(b"\xff\xfe")
    (programs / "prices.csv").write_text("a,b\n1,2\n")
    (programs / "nothing").mkdir()
    done = typed(*(word.replace("{folder}", str(programs)) for word in arguments), under=stack.environment)
    assert done.returncode == 2, done
    assert told in done.stderr
    assert "Traceback" not in done.stderr


# -- batches ---------------------------------------------------------------------------------------------


def test_submit_watch_status_report_and_retry(stack: Stack, programs: Path, typed: Typed) -> None:
    submitted = typed("submit", programs, "--name", "sweep", under=stack.environment)
    assert submitted.returncode == 0, submitted.stderr
    batch = submitted.stdout.strip()
    assert not is_job(batch)
    assert f"windtunnel watch {batch}" in submitted.stderr

    watched = typed("watch", batch, under=stack.environment)
    assert watched.returncode == 1, watched.stderr
    for part in ("3/3", "succeeded 1", "rejected 1", "failed 1"):
        assert part in watched.stdout

    status = typed("status", batch, under=stack.environment)
    for part in ("sweep", "good", "bad", "unsafe", "finished"):
        assert part in status.stdout
    found = BatchStatus.model_validate_json(typed("status", batch, "--json", under=stack.environment).stdout)
    assert (found.name, found.total, found.done) == ("sweep", 3, True)
    assert batch in typed("status", under=stack.environment).stdout

    lines = typed("report", batch, "--json", under=stack.environment).stdout.splitlines()
    reports = {report.name: report for report in map(Report.model_validate_json, lines)}
    assert reports.keys() == {"good", "bad", "unsafe"}
    assert "ZeroDivisionError" in typed("report", batch, under=stack.environment).stdout
    one = typed("report", reports["bad"].job_id, "--json", under=stack.environment)
    assert Report.model_validate_json(one.stdout) == reports["bad"]

    again = typed("retry", batch, "--outcome", "failed", under=stack.environment)
    assert again.stdout.strip() == "1 job queued again"
    typed("watch", batch, under=stack.environment)
    one = typed("report", reports["bad"].job_id, "--json", under=stack.environment)
    assert [attempt.number for attempt in Report.model_validate_json(one.stdout).attempts] == [1, 2]


def test_watch_follows_a_job_to_its_report(stack: Stack, programs: Path, typed: Typed) -> None:
    batch = typed("submit", programs, under=stack.environment).stdout.strip()
    codes = {}
    for index in range(3):
        watched = typed("watch", f"{batch}-{index}", under=stack.environment)
        (outcome,) = re.findall(r"outcome +(\w+)", watched.stdout)
        codes[outcome] = watched.returncode
    assert codes == {"succeeded": 0, "failed": 1, "rejected": 1}


def test_run_prints_the_jobs_id_at_once_and_ctrl_c_says_how_to_go_on(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "endless.py"
    file.write_text(ENDLESS)
    with subprocess.Popen(
        [COMMAND, "run", "--timeout", "600", file],
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        job = running.stderr.readline().removeprefix("job ").strip()
        assert is_job(job)
        running.send_signal(signal.SIGINT)
        printed, told = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, printed) == (130, "")
    assert f"windtunnel watch {job}" in told
    assert f"windtunnel cancel {job}" in told
    assert "Traceback" not in told

    assert command("cancel", job, under=stack.environment).stdout == "1 job cancelled\n"
    watched = command("watch", job, under=stack.environment)
    assert watched.returncode == 1
    assert "cancelled" in watched.stdout
    again = command("cancel", job, under=stack.environment)
    assert (again.returncode, "nothing to cancel" in again.stdout) == (0, True)

    printed = command("history", job, "--json", under=stack.environment).stdout
    history = [Transition.model_validate(one) for one in json.loads(printed)]
    assert [one.what for one in history][:1] + [one.what for one in history][-1:] == ["submitted", "finished"]
    assert "client:default" in {one.who for one in history if one.what == "cancelled"}
    assert "cancelled" in command("history", job, under=stack.environment).stdout


def test_run_with_json_says_nothing_else(stack: Stack, programs: Path) -> None:
    assert command("run", "--json", programs / "good.py", under=stack.environment).stderr == ""


def test_submit_says_for_whom_and_how_urgent(stack: Stack, programs: Path, typed: Typed) -> None:
    options = ("--owner", "quant", "--max-running", "1", "--priority", "0", "--pool", "default")
    batch = typed("submit", programs / "good.py", *options, under=stack.environment).stdout.strip()
    assert typed("watch", batch, under=stack.environment).returncode == 0
    found = BatchStatus.model_validate_json(typed("status", batch, "--json", under=stack.environment).stdout)
    assert found.owner == "quant"


def test_a_host_can_be_drained_and_doctor_says_so(stack: Stack) -> None:
    def host() -> HostStatus:
        printed = command("hosts", "--json", under=stack.environment).stdout
        (found,) = [one for one in json.loads(printed) if one["host"] == stack.host]
        return HostStatus.model_validate(found)

    assert (host().live, host().draining) == (True, "")
    assert stack.host in command("hosts", under=stack.environment).stdout
    try:
        drained = command("drain", stack.host, under=stack.environment)
        assert drained.returncode == 0
        assert f"windtunnel undrain {stack.host}" in drained.stdout
        assert host().draining == "client:default"
        doctor = command("doctor", under=stack.environment)
        assert doctor.returncode == 1  # it is the only host
        assert f"host {stack.host}: draining" in doctor.stdout
    finally:
        assert command("undrain", stack.host, under=stack.environment).returncode == 0
    assert host().draining == ""


def test_submit_takes_subfolders_and_says_which_programs(stack: Stack, programs: Path, typed: Typed) -> None:
    (programs / "more").mkdir()
    (programs / "more" / "good.py").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    for name in ("__init__.py", ".hidden.py"):
        (programs / "more" / name).write_text("")
    submitted = typed("submit", programs, under=stack.environment)
    assert submitted.returncode == 0, submitted.stderr
    assert "4 programs: " in submitted.stderr
    assert str(programs / "more" / "good.py") in submitted.stderr
    batch = submitted.stdout.strip()
    typed("watch", batch, under=stack.environment)
    lines = typed("report", batch, "--json", under=stack.environment).stdout.splitlines()
    outcomes = {report.name: report.outcome for report in map(Report.model_validate_json, lines)}
    assert outcomes.keys() == {"good", "bad", "unsafe", "more-good"}
    assert outcomes["more-good"] is Outcome.SUCCEEDED


def test_submit_with_the_same_key_is_the_same_batch(stack: Stack, programs: Path, typed: Typed) -> None:
    first, second = (
        typed("submit", programs / "good.py", "--idempotency-key", "cli", under=stack.environment).stdout
        for _ in range(2)
    )
    assert first == second
    other = typed("submit", programs / "bad.py", "--idempotency-key", "cli", under=stack.environment)
    assert other.returncode == 2
    assert "already stands for" in other.stderr
    typed("watch", first.strip(), under=stack.environment)


def test_markup_in_a_program_is_shown_as_text(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "markup.py"
    file.write_text(
        "print('[red]not red[/red]')\nemit(**{'[bold]x': '[/nothing]'})\nraise ValueError('[/b] [link=x]')\n"
    )
    done = command("run", file, under=stack.environment)
    assert done.returncode == 1, done.stderr
    for part in ("[red]not red[/red]", "[/nothing]", "[/b] [link=x]"):
        assert part in done.stdout


def test_escape_sequences_of_a_program_do_not_reach_the_terminal(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "escape.py"
    file.write_text("print('\\x1b]0;owned\\x07\\x1b[2J')\nraise ValueError('\\x1b[31mred')\n")
    done = command("run", file, under=stack.environment)
    assert "\x1b]0;owned" not in done.stdout
    assert "\x1b[2J" not in done.stdout
    assert "\x1b[31mred" not in done.stdout


# -- validate and doctor ---------------------------------------------------------------------------------


def test_validate_exits_by_what_it_finds(programs: Path) -> None:
    (programs / "high.py").write_text("import a_module_that_no_policy_knows\n")
    assert command("validate", programs / "good.py").returncode == 0
    unsafe = command("validate", programs / "good.py", programs / "unsafe.py")
    assert unsafe.returncode == 1
    assert "line 1" in unsafe.stdout
    assert command("validate", programs / "high.py").returncode == 1
    assert command("validate", "--no-strict", programs / "high.py").returncode == 0
    assert command("validate", "--no-strict", programs / "unsafe.py").returncode == 1


def test_validate_json_is_an_object_a_file(programs: Path) -> None:
    done = command("validate", "--json", programs / "good.py", programs / "unsafe.py")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(one["file"]).name, one["safe"]) for one in found] == [("good.py", True), ("unsafe.py", False)]
    assert found[1]["issues"][0]["line"] == 1


def test_doctor_finds_a_whole_stack_well(stack: Stack) -> None:
    done = command("doctor", under=stack.environment)
    assert done.returncode == 0, done.stdout
    assert "BAD" not in done.stdout
    for part in ("Redis", "validate", "execute", "monitor", "finalize", "Docker", "image"):
        assert part in done.stdout


@pytest.mark.usefixtures("docker_engine")
def test_doctor_says_how_to_fix_what_is_missing(redis_url: str) -> None:
    done = command(
        "doctor",
        under=environment(WINDTUNNEL_REDIS_URL=redis_url, SANDBOX_DEFAULT_IMAGE="windtunnel/none:such"),
    )
    assert done.returncode == 1
    assert "windtunnel up" in done.stdout
    assert "make image" in done.stdout


# -- what is missing -------------------------------------------------------------------------------------

AWAY = "redis://app:s3cr3t@127.0.0.1:{port}/0"


@pytest.mark.parametrize(
    "arguments", [["run", "{folder}/good.py"], ["submit", "{folder}/good.py"], ["status"], ["report", "x-0"]], ids=str
)
def test_redis_stopped_is_told_on_the_command_line(programs: Path, typed: Typed, arguments: list[str]) -> None:
    under = environment(WINDTUNNEL_REDIS_URL=AWAY.format(port=free_port()))
    done = typed(*(word.replace("{folder}", str(programs)) for word in arguments), under=under)
    assert done.returncode == 2, done
    assert "does not answer" in done.stderr
    assert "windtunnel up" in done.stderr
    assert "s3cr3t" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_redis_stopped_is_found_by_doctor() -> None:
    done = command("doctor", under=environment(WINDTUNNEL_REDIS_URL=AWAY.format(port=free_port())))
    assert done.returncode == 1
    assert "BAD Redis" in done.stdout
    assert "s3cr3t" not in done.stdout


def test_docker_stopped_is_told_on_the_command_line(programs: Path, tmp_path: Path) -> None:
    under = environment(DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    done = command("run", "--local", programs / "good.py", under=under)
    assert done.returncode in (1, 2)
    assert f"No Docker Engine answers at unix://{tmp_path}/none.sock" in done.stdout + done.stderr
    doctor = command("doctor", under={**under, "WINDTUNNEL_REDIS_URL": AWAY.format(port=free_port())})
    assert "BAD Docker: No Docker Engine answers" in doctor.stdout
    up = command("up", "--state", tmp_path / "state", "--redis-port", str(free_port()), under=under)
    assert up.returncode == 2
    assert "No Docker Engine answers" in up.stderr


@pytest.mark.usefixtures("docker_engine")
def test_an_image_that_is_missing_is_told_on_the_command_line(programs: Path, tmp_path: Path) -> None:
    under = environment(SANDBOX_DEFAULT_IMAGE="windtunnel/none:such")
    done = command("run", "--local", programs / "good.py", under=under)
    assert done.returncode in (1, 2)
    assert "'windtunnel/none:such' is not on this host" in done.stdout + done.stderr
    up = command("up", "--state", tmp_path / "state", "--redis-port", str(free_port()), under=under)
    assert up.returncode == 2
    assert "make image" in up.stderr


@pytest.mark.usefixtures("docker_engine")
def test_a_runtime_that_is_missing_keeps_up_from_starting(tmp_path: Path) -> None:
    up = command("up", "--state", tmp_path / "state", under=environment(WINDTUNNEL_RUNTIME="runcc"))
    assert up.returncode == 2
    assert "Docker has no runtime runcc" in up.stderr


AS_ANOTHER_USER = """
import os, sys
from contextlib import suppress
from windtunnel.cli import main
from windtunnel.contract import Job
from windtunnel_worker import SandboxManager
from windtunnel_worker.sandbox.engine import engine

socket, user = sys.argv[1], int(sys.argv[2])
sys.argv = ["windtunnel", "doctor"]
with suppress(SystemExit):
    main()  # loads what that user may not be able to read
print("---")
os.environ["DOCKER_HOST"] = socket
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
engine.cache_clear()
print(SandboxManager().run_job(Job(code="print(1)")).message)
main()
"""


def test_a_docker_socket_that_is_not_permitted_is_told() -> None:
    address = Path("/tmp") / f"{unique('wt')}.sock"  # where another user can reach it
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        try:
            address.chmod(0o000)
            done = subprocess.run(
                [sys.executable, "-c", AS_ANOTHER_USER, f"unix://{address}", NOBODY],
                env=environment(
                    DOCKER_HOST="unix:///nonexistent.sock", WINDTUNNEL_REDIS_URL=AWAY.format(port=free_port())
                ),
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
        finally:
            address.unlink()
    told = f"Permission denied on the Docker socket unix://{address}"
    api, _, doctor = done.stdout.partition("---\n")[2].partition("\n")
    assert told in api, done
    assert "usermod -aG docker" in api
    assert f"BAD Docker: {told}" in doctor
    assert done.returncode == 1


def test_a_port_that_is_taken_is_told_by_up(stack: Stack, tmp_path: Path) -> None:
    done = command("up", "--redis-port", str(stack.redis_port), "--state", tmp_path, under=environment())
    assert done.returncode == 2
    assert f"Port {stack.redis_port} is taken" in done.stderr
    options = ("--flower", str(stack.redis_port), "--redis-port", str(free_port()), "--state", tmp_path)
    done = command("up", *options, under=environment())
    assert done.returncode == 2
    assert f"--flower: {stack.redis_port} cannot be used: Address already in use" in done.stderr


def test_the_api_gives_the_same_texts_as_the_command_line(stack: Stack) -> None:
    with Client(stack.url) as app:
        job = app.submit(Job(code="print(1)", image="windtunnel/none:such", limits=Limits(timeout_s=5)))
        report = app.wait(job, timeout=120)
    assert report.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert "No host has image 'windtunnel/none:such'" in report.message
    assert "WINDTUNNEL_ALLOWED_IMAGES" in report.message
    assert len(report.attempts) >= 1


def test_help_names_every_command() -> None:
    done = command("--help")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    for name in (*COMMANDS, *HOST_COMMANDS):
        assert f" {name} " in said
    for part in ("0 done", "1 a program did not succeed", "2 the command could not be carried out", "130 interrupted"):
        assert part in said
