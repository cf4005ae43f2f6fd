"""Each outcome, reached by a program that really ends so, in a real sandbox."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from tests.support import EXAMPLES, READ_THE_IMAGE, Run, an_assignment, drop_page_cache, until

from windtunnel.contract import Isolation, Job, Limits, Outcome
from windtunnel_worker import SandboxManager
from windtunnel_worker.sandbox import (
    Assignment,
    Executor,
    Hooks,
    Stop,
    Superseded,
    images,
    list_sandboxes,
    remove_sandbox,
)
from windtunnel_worker.sandbox.assignment import RunningSandbox
from windtunnel_worker.sandbox.diagnosis import diagnose
from windtunnel_worker.sandbox.engine import engine
from windtunnel_worker.sandbox.pool import CELLS_KEPT
from windtunnel_worker.settings import HostSettings

MB64 = Limits(memory_mb=64)
ENDS = [
    ("succeeded", "print('done')", Limits()),
    ("succeeded", "raise SystemExit", Limits()),
    ("failed", "1 / 0", Limits()),
    ("failed", "raise SystemExit(3)", Limits()),
    ("failed", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", Limits()),
    ("failed", "x = (", Limits()),
    ("timed_out", "while True: pass", Limits(timeout_s=0.5)),
    ("timed_out", "import time\ntime.sleep(3600)", Limits(timeout_s=0.5)),
    ("memory_exceeded", "x = b'x' * 2**30", MB64),
    ("memory_exceeded", "x = []\nwhile True: x.append(b'x' * 2**20)", MB64),
    ("memory_exceeded", "import numpy\nnumpy.ones(2**40)", Limits()),
    ("cpu_exceeded", "while True: pass", Limits(cpu_time_s=1, timeout_s=120)),
    (
        "cpu_exceeded",
        "import os, time\nwhile True:\n    if os.fork() == 0:\n        while time.process_time() < 0.5: pass\n"
        "        os._exit(0)\n    os.wait()",
        Limits(cpu_time_s=1, timeout_s=120),
    ),
    ("output_exceeded", "while True: print('x' * 1000)", Limits(output_kb=4)),
    ("disk_exceeded", "open('/tmp/x', 'wb').write(bytes(5 * 2**20))", Limits(disk_mb=4)),
    ("disk_exceeded", "for i in range(9): open(f'/tmp/{i}', 'wb').write(bytes(2**20))", Limits(disk_mb=4)),
    (
        "processes_exceeded",
        "import threading, time\nfor _ in range(50): threading.Thread(target=time.sleep, args=(60,)).start()",
        Limits(processes=20, timeout_s=2),
    ),
    ("processes_exceeded", "import os\nwhile True: os.fork()", Limits(processes=20)),
]


@pytest.mark.parametrize(("outcome", "code", "limits"), ENDS)
def test_a_program_ends_in_its_outcome(run: Run, outcome: str, code: str, limits: Limits) -> None:
    execution = run(code, limits=limits)
    assert execution.outcome.value == outcome, execution
    assert bool(execution.message) is (outcome != "succeeded")


def test_reading_from_the_disk_without_an_end_exceeds_the_io_limit(run: Run) -> None:
    drop_page_cache()
    execution = run(READ_THE_IMAGE, limits=Limits(io_operations=100))
    assert execution.outcome is Outcome.IO_EXCEEDED, execution


def test_an_exception_names_type_message_line_and_source(run: Run) -> None:
    execution = run("def f(x):\n    return 1 / x\n\nprint('before')\nf(0)\n")
    error = execution.error
    assert error is not None
    assert (error.type, error.message, error.line) == ("ZeroDivisionError", "division by zero", 2)
    assert error.source == "return 1 / x"
    assert 'File "strategy.py", line 5' in error.traceback
    assert execution.message.startswith("Line 2: ZeroDivisionError: division by zero")
    assert execution.stdout == "before\n"
    assert execution.exit_code == 1


def test_exit_codes_and_signals_are_told(run: Run) -> None:
    assert run("raise SystemExit(3)").exit_code == 3
    assert run("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)").signal == 15
    told = run("raise SystemExit('no prices')")
    assert (told.exit_code, told.stderr) == (1, "no prices\n")


def test_a_limit_that_was_hit_names_the_limit(run: Run) -> None:
    assert "0.5 s" in run("while True: pass", limits=Limits(timeout_s=0.5)).message
    assert "64 MB" in run("x = b'x' * 2**30", limits=MB64).message


def test_a_limit_is_found_by_a_slot_that_looks_late(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*seen: Any) -> Any:
        time.sleep(1)
        return diagnose(*seen)

    monkeypatch.setattr("windtunnel_worker.sandbox.run.diagnose", late)
    assert run("x = b'x' * 2**30", limits=MB64).outcome is Outcome.MEMORY_EXCEEDED


def test_a_program_that_survives_its_threads_being_refused_succeeds(run: Run) -> None:
    code = """
        import threading, time
        started = []
        try:
            for _ in range(50):
                started.append(threading.Thread(target=time.sleep, args=(60,), daemon=True))
                started[-1].start()
        except RuntimeError:
            print("enough")
    """
    execution = run(code, limits=Limits(processes=20))
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "enough\n")


# -- faults of the machinery -----------------------------------------------------------------------------


@pytest.mark.usefixtures("docker_engine")
def test_an_image_that_is_missing_is_a_fault_of_ours_and_says_what_to_do(settings: HostSettings) -> None:
    other = settings.model_copy(update={"default_image": "windtunnel/none:such"})
    execution = Executor(other, "tests").execute(an_assignment(Job(code="print(1)")))
    assert execution.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert "'windtunnel/none:such' is not on this host" in execution.message
    assert "make image" in execution.message


def test_an_image_that_is_not_allowed_is_not_run(run: Run) -> None:
    execution = run("print(1)", image="windtunnel/base:bookworm")
    assert execution.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert "not allowed" in execution.message
    assert "WINDTUNNEL_ALLOWED_IMAGES" in execution.message


def test_a_dataset_that_is_missing_names_the_command_that_adds_it(run: Run) -> None:
    execution = run("print(data)", datasets=("none_such",))
    assert execution.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert "windtunnel datasets add none_such FILE" in execution.message


def test_a_docker_engine_that_is_away_is_named(docker_away: str, settings: HostSettings) -> None:
    execution = Executor(settings, "tests").execute(an_assignment(Job(code="print(1)")))
    assert execution.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert f"No Docker Engine answers at {docker_away}" in execution.message
    assert "deploy/setup.sh" in execution.message


@pytest.fixture
def executor(docker_engine: images.Image, settings: HostSettings) -> Iterator[Executor]:
    """A slot that prepares sandboxes ahead and keeps cells."""
    executor = Executor(settings.model_copy(update={"default_image": docker_engine.name}), "tests", warm=True)
    yield executor
    executor.close()
    assert list_sandboxes(settings.host) == []


def in_batch(code: str, isolation: Isolation, **limits: Any) -> Assignment:
    job = Job(code=code, limits=Limits(**limits))
    return Assignment(f"test{secrets.token_hex(6)}-0", 1, job, (), isolation, "one-batch")


ENDLESS = "print('begun', flush=True)\nwhile True: pass"


class StopOnceItRuns:
    """Says stop once the program is in its loop, as its use of the processor shows; keeps which container ran it."""

    def __init__(self, stop: Stop) -> None:
        self._stop, self.container = stop, ""
        self.hooks = Hooks(lasting=self._see, stop=self._ask)

    def _see(self, sandbox: RunningSandbox) -> None:
        self.container = sandbox.id

    def _ask(self) -> Stop | None:
        return self._stop if any(sample.cpu_time_s > 0.2 for sample in self.hooks.samples) else None


@pytest.mark.parametrize("isolation", list(Isolation))
def test_an_attempt_that_is_no_longer_ours_stops_at_once(executor: Executor, isolation: Isolation) -> None:
    with pytest.raises(Superseded):
        executor.execute(in_batch(ENDLESS, isolation, timeout_s=60), StopOnceItRuns(Stop.SUPERSEDED).hooks)


@pytest.mark.parametrize("isolation", list(Isolation))
@pytest.mark.parametrize("stop", [Stop.CANCELLED, Stop.BUDGET])
def test_a_stopped_program_is_gone_and_keeps_what_it_said(executor: Executor, isolation: Isolation, stop: Stop) -> None:
    stopping = StopOnceItRuns(stop)
    execution = executor.execute(in_batch(ENDLESS, isolation, timeout_s=60), stopping.hooks)
    assert (execution.outcome, execution.stdout) == (Outcome.CANCELLED, "begun\n")
    assert execution.message
    assert execution.container_id == stopping.container
    after = executor.execute(in_batch("print('next')", isolation))
    assert (after.outcome, after.stdout) == (Outcome.SUCCEEDED, "next\n")
    assert after.container_id != stopping.container


@pytest.mark.parametrize("stop", list(Stop))
def test_a_stop_while_the_sandbox_is_being_made_ends_the_wait(executor: Executor, stop: Stop) -> None:
    started: list[RunningSandbox] = []
    hooks = Hooks(started=started.append, stop=lambda: stop)
    assignment = in_batch("import time\ntime.sleep(60)", Isolation.CELL, timeout_s=60)
    if stop is Stop.SUPERSEDED:
        with pytest.raises(Superseded):
            executor.execute(assignment, hooks)
    else:
        assert executor.execute(assignment, hooks).outcome is Outcome.CANCELLED
    assert started == []


@pytest.mark.parametrize("isolation", list(Isolation))
def test_a_ready_sandbox_serves_jobs_with_other_limits_of_their_runs(
    executor: Executor, settings: HostSettings, isolation: Isolation
) -> None:
    first = executor.execute(in_batch("print(1)", isolation, timeout_s=20))
    ready = first.container_id if isolation is Isolation.CELL else another_sandbox(settings.host, first.container_id)
    second = executor.execute(in_batch("print('x' * 9000)", isolation, timeout_s=5, cpu_time_s=2, output_kb=1))
    assert second.container_id == ready
    assert (second.outcome, len(second.stdout), second.stdout_truncated) == (Outcome.SUCCEEDED, 1024, True)


def test_where_anyone_may_submit_no_two_jobs_share_a_cell(docker_engine: images.Image, settings: HostSettings) -> None:
    open_to_all = settings.model_copy(update={"default_image": docker_engine.name, "trust": "anyone"})
    with closing(Executor(open_to_all, "tests")) as executor:
        runs = [executor.execute(in_batch("print(1)", Isolation.CELL)) for _ in range(2)]
    assert [run.isolation for run in runs] == [Isolation.CONTAINER] * 2
    assert len({run.container_id for run in runs}) == 2


@pytest.mark.parametrize("of", ["one batch", "several batches"])
def test_jobs_that_take_turns_find_their_cells_again(executor: Executor, settings: HostSettings, of: str) -> None:
    def cell(number: int) -> str:
        assignment = in_batch("print(1)", Isolation.CELL, memory_mb=128 + 8 * number)
        if of == "several batches":
            assignment = replace(in_batch("print(1)", Isolation.CELL), batch_id=str(number))
        return executor.execute(assignment).container_id

    cells = [cell(number) for number in range(CELLS_KEPT)]
    assert [cell(number) for number in range(CELLS_KEPT)] == cells
    assert len(set(cells)) == CELLS_KEPT

    cell(CELLS_KEPT)  # instead of the one that was used longest ago
    assert cell(1) == cells[1]
    assert cell(0) != cells[0]
    executor.close()
    assert list_sandboxes(settings.host) == []


def another_sandbox(host: str, *used: str) -> str:
    """The one that is prepared beside the used ones, once it is there."""

    def others() -> list[str]:
        return [found.id for found in list_sandboxes(host) if found.id not in used]

    until(lambda: bool(others()), "another sandbox is prepared")
    return others()[0]


@pytest.mark.parametrize("isolation", list(Isolation))
def test_what_a_lost_sandbox_can_live_is_bounded(
    executor: Executor, settings: HostSettings, isolation: Isolation
) -> None:
    executor.execute(in_batch("print(1)", isolation))
    most = time.time() + settings.ceiling.timeout_s + 15 * 60
    assert all(found.deadline < most for found in list_sandboxes(settings.host))


# -- the two programs of the appendix --------------------------------------------------------------------


def test_the_first_appendix_program_runs_unchanged(run: Run) -> None:
    execution = run((EXAMPLES / "strategies" / "appendix_ema.py").read_text())
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "Signals: ['BUY', 'BUY', 'BUY']\n")


@pytest.mark.usefixtures("docker_engine")
def test_the_second_appendix_program_fails_with_line_and_advice() -> None:
    code = (EXAMPLES / "misbehaving" / "appendix_sharpe.py").read_text()
    report = SandboxManager().run_job(Job(code=code))
    assert report.outcome is Outcome.FAILED
    assert report.execution is not None
    error = report.execution.error
    assert error is not None
    assert (error.type, error.line, error.source) == ("TypeError", 4, "excess_returns = returns - risk_free_rate")
    assert "Line 4: TypeError: unsupported operand type(s) for -: 'list' and 'float'" in report.message
    assert "np.asarray" in report.message


def test_a_sandbox_that_vanished_during_its_run_is_closed_without_a_complaint(run: Run) -> None:
    def vanish(sandbox: RunningSandbox) -> None:
        assert remove_sandbox(sandbox.id)

    execution = run("import time\ntime.sleep(30)", Hooks(started=vanish))
    assert execution.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert "died" in execution.message


@pytest.mark.parametrize("by", ["the daemon", "the host"])
def test_a_sandbox_that_is_killed_with_much_memory_died_of_it_unless_the_daemon_was_asked(run: Run, by: str) -> None:
    running: list[RunningSandbox] = []

    def kill() -> None:
        while running and hooks.samples and hooks.samples[-1].memory_mb > 70:
            sandbox = running.pop()
            if by == "the host":
                os.kill(sandbox.pid, signal.SIGKILL)
            else:
                engine().api.kill(sandbox.id)

    hooks = Hooks(started=running.append, stop=kill)
    execution = run("import time\nheld = b'x' * 80 * 2**20\ntime.sleep(60)", hooks, limits=Limits(memory_mb=128))
    expected = Outcome.MEMORY_EXCEEDED if by == "the host" else Outcome.INFRASTRUCTURE_ERROR
    assert execution.outcome is expected, execution


def test_a_slot_that_rests_has_a_cell_for_the_next_batch(executor: Executor, settings: HostSettings) -> None:
    used = executor.execute(in_batch("print(1)", Isolation.CELL)).container_id
    executor.rest()
    ready = another_sandbox(settings.host, used)
    following = replace(in_batch("print(2)", Isolation.CELL), batch_id="next")
    assert executor.execute(following).container_id == ready

    executor.rest()
    spare = another_sandbox(settings.host, used, ready)
    other = replace(in_batch("print(3)", Isolation.CELL, memory_mb=136), batch_id="other")
    assert executor.execute(other).container_id not in (used, ready, spare)
