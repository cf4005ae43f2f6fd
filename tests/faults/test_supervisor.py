"""What the supervisor of `windtunnel up` does when processes die, hang or write without end, and when it is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.faults.supervised import EAGER, LOG_BYTES, Events, Supervised
from tests.support import still_running

from windtunnel_worker.stack.child import LOGS_KEPT, Backoff, Child, Log
from windtunnel_worker.stack.plan import Program, Timing
from windtunnel_worker.stack.state import State
from windtunnel_worker.stack.up import Options, announcement

GOOD = "note_at_term('good')\nlive()"
IDLE = "while True: time.sleep(60)"
STUBBORN = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()  # as a prefork pool does
live()
"""


@pytest.fixture
def events(tmp_path: Path) -> Events:
    return Events(tmp_path / "events")


def test_a_role_that_dies_at_every_start_stops_nothing(tmp_path: Path, events: Events) -> None:
    bad = f"print('there is poison', flush=True)\n{events.tell}\nsys.exit(3)"
    with Supervised(tmp_path, {"good": GOOD, "bad": bad}, redis=IDLE) as up:
        up.await_line("bad keeps dying")
        neighbours = {one.pid for one in up.others()}
        events.wait(20)
        assert up.process.poll() is None
        still = {one.pid for one in up.others()}
        assert len(neighbours & still) >= 2, "Redis and the other role go on"
        assert up.end(signal.SIGTERM) == 0
    said = "".join(up.said)
    assert said.count("keeps dying") == 1
    assert "exit code 3" in said
    assert "there is poison" in said


def test_the_pause_doubles_up_to_a_bound_and_is_forgotten_after_a_healthy_minute() -> None:
    backoff = Backoff(Timing())
    assert [backoff.died(1.0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [backoff.died(1.0) for _ in range(2000)][-1] == 30
    assert backoff.died(61.0) == 0.5


def test_a_process_that_cannot_be_started_leaves_no_pipe_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(Program("role", ("true",), reports=True), Log(tmp_path / "log", LOG_BYTES), Timing())
    held, pipe, asked = os.listdir("/proc/self/fd"), os.pipe, list[str]()

    def only_one() -> tuple[int, int]:
        asked.append("pipe")
        if len(asked) > 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return pipe()

    monkeypatch.setattr(os, "pipe", only_one)
    with pytest.raises(OSError, match="Too many"):
        child.start(0.0)
    assert os.listdir("/proc/self/fd") == held


def test_a_role_that_lives_again_is_well(tmp_path: Path, events: Events) -> None:
    code = f"note('start')\nif len(open({str(tmp_path / 'notes')!r}).read().split()) < 4: sys.exit(1)\nlive()"
    with Supervised(tmp_path, {"ill": code}, timing=replace(EAGER, healthy_s=0.5)) as up:
        up.await_line("ill keeps dying")
        up.await_line("ill is well again")


def test_a_role_that_is_stopped_is_killed_and_started_again(tmp_path: Path) -> None:
    with Supervised(tmp_path, {"role": STUBBORN}, timing=replace(EAGER, silent_s=1.5)) as up:
        up.await_line("all are ready")
        before = up.others()
        for one in before:
            one.send_signal(signal.SIGSTOP)
        up.await_line("role has stopped or hangs")
        up.await_line("role ended with SIGKILL")
        assert still_running(before) == []


def test_a_role_that_never_gets_ready_is_killed_and_started_again(tmp_path: Path) -> None:
    hangs = "while True: time.sleep(60)"
    with Supervised(tmp_path, {"role": hangs}, timing=replace(EAGER, start_s=0.2)) as up:
        up.await_line("role has stopped or hangs")
        up.await_line("role ended with SIGKILL")
    assert "all are ready" not in "".join(up.said)


def test_what_a_dead_role_left_in_its_group_dies_too(tmp_path: Path) -> None:
    with Supervised(tmp_path, {"role": STUBBORN}) as up:
        up.await_line("all are ready")
        parent, child = sorted(up.others(), key=lambda one: one.ppid() != up.process.pid)
        parent.kill()
        up.await_line("role ended with SIGKILL")
        assert still_running([child]) == []


# -- the end ---------------------------------------------------------------------------------------------


def test_everything_stops_in_order(tmp_path: Path, events: Events) -> None:
    redis = f"note_at_term('redis')\n{events.tell}\n{IDLE}"
    with Supervised(tmp_path, {"a": GOOD, "b": GOOD}, redis=redis, timing=replace(EAGER, stop_s=30)) as up:
        up.await_line("all are ready")
        events.wait()
        assert up.end(signal.SIGINT) == 0
    assert up.noted() == ["good", "good", "cleanup", "redis"]


def test_a_second_signal_stops_at_once_and_cleans_up_all_the_same(tmp_path: Path) -> None:
    with Supervised(tmp_path, {"role": STUBBORN}, redis=IDLE) as up:
        up.await_line("all are ready")
        processes = up.processes()
        up.process.send_signal(signal.SIGINT)
        up.await_line("stopping")
        up.process.send_signal(signal.SIGINT)
        up.await_line("stopped")
        assert up.process.wait() == 0
        assert still_running(processes) == []
    assert "cleanup" in up.noted()


@pytest.mark.parametrize("wait", [True, False], ids=["for Redis", "for the roles"])
def test_a_signal_during_the_start_leaves_nothing(tmp_path: Path, events: Events, wait: bool) -> None:
    redis = events.tell + IDLE if wait else IDLE
    role = events.tell + "while True: time.sleep(60)"
    with Supervised(tmp_path, {"role": role}, redis=redis, wait=wait) as up:
        events.wait()
        assert up.end(signal.SIGTERM) == 0
    assert "cleanup" in up.noted()


def test_a_redis_that_cannot_start_ends_the_stack_with_its_log(tmp_path: Path) -> None:
    with Supervised(tmp_path, {"role": GOOD}, redis="sys.exit('the port is gone')", wait=True) as up:
        up.await_line("the port is gone")
        assert up.read_on() == 2


@pytest.mark.parametrize("guardian_dies_before", [False, True])
def test_nothing_outlives_a_supervisor_that_is_killed(
    tmp_path: Path, events: Events, guardian_dies_before: bool
) -> None:
    redis = f"note_at_term('redis')\n{events.tell}\n{IDLE}"
    with Supervised(tmp_path, {"a": STUBBORN, "b": GOOD}, redis=redis) as up:
        up.await_line("all are ready")
        events.wait()
        if guardian_dies_before:
            first = up.guardian()
            first.kill()
            up.await_line("guardian died")
        assert up.end(signal.SIGKILL) == -signal.SIGKILL
    assert {"good", "cleanup", "redis"} <= set(up.noted())


def test_processes_are_asked_to_end_when_supervisor_and_guardian_are_killed(tmp_path: Path, events: Events) -> None:
    redis = f"note_at_term('redis')\n{events.tell}\n{IDLE}"
    with Supervised(tmp_path, {"role": GOOD}, redis=redis) as up:
        up.await_line("all are ready")
        events.wait()
        up.guardian().send_signal(signal.SIGSTOP)
        others, guardian = up.others(), up.guardian()
        up.process.kill()
        assert still_running(others) == []
        guardian.kill()
    assert sorted(up.noted()) == ["good", "redis"]


# -- logs ------------------------------------------------------------------------------------------------


def test_a_role_that_logs_without_end_fills_a_bounded_space(tmp_path: Path) -> None:
    code = f"for _ in range({4 * LOG_BYTES} // 100): print('y' * 99)\nsys.stdout.flush()\nlive()"
    with Supervised(tmp_path, {"role": code}) as up:
        up.await_line("all are ready")
    files = list(tmp_path.glob("role.log*"))
    assert len(files) == LOGS_KEPT + 1
    assert sum(file.stat().st_size for file in files) <= (LOGS_KEPT + 1) * LOG_BYTES


def test_what_a_role_says_is_in_its_log_whole(tmp_path: Path) -> None:
    with Supervised(tmp_path, {"role": "print('hello', flush=True)\nlive()"}) as up:
        up.await_line("all are ready")
    assert (tmp_path / "role.log").read_text() == "hello\n"


def test_the_line_for_clients_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    state = State(tmp_path / "it's two  words")
    (state.folder / "redis.url").write_text("redis://here")
    lines = announcement(Options(1, None, 7411, state.folder), state, "redis://here")
    (line,) = [line.removeprefix("for clients: ") for line in lines if line.startswith("for clients: ")]
    assert subprocess.check_output(["sh", "-c", f'{line}; printf %s "$WINDTUNNEL_REDIS_URL"']) == b"redis://here"


def test_a_log_that_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path / "none" / "role.log", LOG_BYTES)
    log.write(b"lost")
    assert log.tail() == ""
