"""Faults of the machinery: each is an `infrastructure_error` that says what happened, within a deadline.

Once the fault is over, the same executor serves the next job, and nothing is left.
"""

# ruff: noqa: E501 - a fault is a row of a table; fixtures arrive as arguments

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.daemon import Daemon, can_start
from tests.faults.proxy import Proxy
from tests.support import PATIENCE_S, missing, unique, until

from windtunnel.contract import Execution, Isolation, Job, Limits, Outcome
from windtunnel_worker.recovery import reaper as recovery
from windtunnel_worker.recovery.reaper import Reaper, remove_sandboxes
from windtunnel_worker.sandbox import (
    Assignment,
    Executor,
    Hooks,
    container,
    hardening,
    images,
    languages,
    list_sandboxes,
)
from windtunnel_worker.sandbox import engine as engine_module
from windtunnel_worker.sandbox.assignment import RunningSandbox
from windtunnel_worker.sandbox.container import Sandbox
from windtunnel_worker.sandbox.engine import engine
from windtunnel_worker.settings import HostSettings

pytestmark = pytest.mark.faults

LIMITS = Limits(timeout_s=2, memory_mb=128, processes=24)
BUSY = "import time\nprint('x', flush=True)\ntime.sleep(1.5)"
LONG = LIMITS.model_copy(update={"timeout_s": PATIENCE_S})
ENDLESS = "import time\nwhile True: time.sleep(1)"
ISOLATIONS = tuple(Isolation)
READY = r"""import os, struct, sys, time
payload = b'{"versions": {}}'
os.write(1, struct.pack(">cI", b"R", len(payload)) + payload)
"""


leaves_connections = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""A client whose daemon went away leaves its sockets to the collector."""


class Slot:
    """One executor whose every answer has to come within a deadline."""

    def __init__(self, host: str, image: str) -> None:
        self.host, self.image = host, image
        self._settings = HostSettings(host=host, SANDBOX_DEFAULT_IMAGE=image, sample_interval_s=0.05)
        self.executor = Executor(self._settings, f"slot:{host}:{os.getpid()}", warm=True)

    def execute(
        self,
        code: str,
        isolation: Isolation,
        hooks: Hooks | None = None,
        within_s: float = PATIENCE_S / 2,
        language: str = "python",
        limits: Limits = LIMITS,
    ) -> Execution:
        answers: list[Execution] = []
        job = Job(code=code, limits=limits, language=language)
        assignment = Assignment(f"t{secrets.token_hex(6)}-0", 1, job, (), isolation, "batch")
        thread = threading.Thread(target=lambda: answers.append(self.executor.execute(assignment, hooks)), daemon=True)
        thread.start()
        thread.join(within_s)
        assert not thread.is_alive(), f"the slot hangs for more than {within_s} s in {_place(thread)}"
        assert answers, "the executor raised instead of answering"
        return answers[0]

    def serves(self, isolation: Isolation) -> None:
        hello = self.execute("print('hello')", isolation)
        assert (hello.outcome, hello.stdout) == (Outcome.SUCCEEDED, "hello\n"), hello.message
        self.last = hello.container_id if isolation is Isolation.CONTAINER else ""

    def ready(self) -> str:
        """The sandbox that is ready for the next job, once it is there."""

        def ready() -> list[str]:
            return [found.id for found in list_sandboxes(self.host) if found.running and found.id != self.last]

        until(lambda: bool(ready()), "the next sandbox is ready")
        return ready()[0]


def _place(thread: threading.Thread) -> str:
    """Where a thread is, innermost last."""
    frame = sys._current_frames().get(thread.ident or 0)
    return (
        "".join(line for line in traceback.format_stack(frame) if "windtunnel" in line or "docker/" in line)
        if frame
        else "no frame"
    )


@pytest.fixture
def slot(tested_image: images.Image) -> Iterator[Slot]:
    slot = Slot(unique("faults"), tested_image.name)
    yield slot
    slot.executor.close()
    assert list_sandboxes(slot.host) == []


def refused(execution: Execution, *words: str) -> None:
    """It is our own fault, and the message names it."""
    assert execution.outcome is Outcome.INFRASTRUCTURE_ERROR, (execution.outcome, execution.message)
    assert len(execution.message) > 20, execution.message
    assert any(word in execution.message for word in words), execution.message


# -- what happens to a running sandbox -------------------------------------------------------------------


def engine_removes(container_id: str) -> None:
    engine().api.remove_container(container_id, force=True)


def engine_kills(container_id: str) -> None:
    engine().api.kill(container_id)
    engine().api.wait(container_id)


def remove_it(sandbox: RunningSandbox) -> None:
    engine_removes(sandbox.id)


def kill_it(sandbox: RunningSandbox) -> None:
    engine().api.kill(sandbox.id)


def stop_it(sandbox: RunningSandbox) -> None:
    engine().api.stop(sandbox.id, timeout=0)


def pause_it(sandbox: RunningSandbox) -> None:
    engine().api.pause(sandbox.id)


def break_the_stream(sandbox: RunningSandbox) -> None:
    assert isinstance(sandbox, Sandbox)
    sandbox.let_go()


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("act", [remove_it, kill_it, stop_it, break_the_stream])
def test_a_sandbox_lost_while_its_program_runs(
    slot: Slot, isolation: Isolation, act: Callable[[RunningSandbox], None]
) -> None:
    slot.serves(isolation)
    execution = slot.execute(ENDLESS, isolation, Hooks(started=act), limits=LONG)
    refused(execution, "died", "vanished", "stream")
    slot.serves(isolation)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_sandbox_paused_for_good_is_given_up(slot: Slot, isolation: Isolation) -> None:
    execution = slot.execute(BUSY, isolation, Hooks(started=pause_it))
    assert execution.outcome in (Outcome.TIMED_OUT, Outcome.INFRASTRUCTURE_ERROR)
    slot.serves(isolation)


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("act", [engine_removes, engine_kills])
def test_a_ready_sandbox_that_is_lost_is_replaced(slot: Slot, isolation: Isolation, act: Callable[[str], None]) -> None:
    slot.serves(isolation)
    act(slot.ready())
    slot.serves(isolation)


# -- what happens to a starting sandbox ------------------------------------------------------------------


@pytest.mark.usefixtures("tested_image")
def test_an_image_that_is_missing_is_named() -> None:
    slot = Slot(unique("faults"), "windtunnel/none:0")
    refused(slot.execute("print(1)", Isolation.CONTAINER), "windtunnel/none:0")
    slot.executor.close()


@pytest.fixture
def image_that(tested_image: images.Image) -> Iterator[Callable[[list[str]], str]]:
    """Makes an image like the tested one with another first process."""
    made = []

    def make(entrypoint: list[str]) -> str:
        api = engine().api
        name = f"windtunnel/faulty:{secrets.token_hex(4)}"
        source = api.create_container(tested_image.digest, command="x")["Id"]
        try:
            quoted = ", ".join(
                '"' + part.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for part in entrypoint
            )
            api.commit(
                source, repository="windtunnel/faulty", tag=name.partition(":")[2], changes=[f"ENTRYPOINT [{quoted}]"]
            )
        finally:
            api.remove_container(source, force=True)
        made.append(name)
        return name

    yield make
    for name in made:
        engine().api.remove_image(name, force=True)


FAULTY = {
    "never_says_that_it_is_ready": (["sleep", "600"], ("come up",)),
    "ends_at_once": (["false"], ("come up",)),
    "complains_and_ends": (["sh", "-c", "echo no library >&2; exit 3"], ("no library",)),
    "is_not_there": (["/no/such/program"], ("no such file", "Docker failed", "come up")),
    "speaks_another_language": (["sh", "-c", "exec yes"], ("protocol", "ready")),
    "says_something_else_first": (["printf", "S\\000\\000\\000\\000"], ("ready",)),
    "sends_a_broken_greeting": (["printf", "R\\000\\000\\000\\002[]"], ("frame", "ready", "broken")),
    "ends_when_it_gets_a_job": (["python3", "-c", READY + "sys.stdin.buffer.read(1)"], ("died",)),
    "is_deaf": (["python3", "-c", READY + "time.sleep(600)"], ("died", "answer", "hang", "silent")),
    "ends_without_an_end": (["python3", "-c", READY + "os.read(0, 9); os.write(1, b'S\\0\\0\\0\\0'); sys.exit()"], ("died",)),
    "says_twice_that_it_is_ready": (["python3", "-c", READY * 2 + "time.sleep(600)"], ("unexpected", "ready", "died")),
    "sends_a_giant_frame": (["python3", "-c", READY + "os.read(0, 9); os.write(1, b'O\\xff\\xff\\xff\\xff')\ntime.sleep(600)"], ("protocol",)),
}  # fmt: skip


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("fault", FAULTY)
def test_a_warden_that(
    fault: str, isolation: Isolation, image_that: Callable[[list[str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "never_says_that_it_is_ready":  # the others may take longer on a busy machine
        monkeypatch.setattr(container, "READY_TIMEOUT_S", 2.0)
    monkeypatch.setattr(container, "STOP_GRACE_S", 1.0)
    monkeypatch.setattr(languages, "IMPORTS_TIMEOUT_S", 4.0)
    entrypoint, words = FAULTY[fault]
    slot = Slot(unique("faults"), image_that(entrypoint))
    try:
        refused(slot.execute("print(1)", isolation), *words)
    finally:
        slot.executor.close()
    assert list_sandboxes(slot.host) == []


@pytest.mark.parametrize("language", ["python", "javascript"])
@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_host_that_refuses_what_a_sandbox_needs_is_not_the_programs_failure(
    slot: Slot, isolation: Isolation, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardening, "WARDEN_CAPABILITIES", ["SETUID", "SETGID"])
    answer = slot.execute("print(1)", isolation, language=language)
    refused(answer, "did not come up: warden: no program can be started ([Errno 1] prctl(24")


# -- what happens to the daemon --------------------------------------------------------------------------


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The Docker Engine behind a socket of ours. Only for one that is reached by a Unix socket."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        missing("the Docker Engine is not reached by a Unix socket")
    near = tmp_path / "engine.sock"
    with Proxy(near, Path(address.removeprefix("unix://"))) as proxy:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{near}")
        monkeypatch.setattr(engine_module, "CALL_TIMEOUT_S", 2)
        monkeypatch.setattr(container, "READY_TIMEOUT_S", 4.0)
        monkeypatch.setattr(languages, "IMPORTS_TIMEOUT_S", 4.0)
        engine.cache_clear()
        yield proxy
        proxy.restore()
        monkeypatch.undo()
        engine.cache_clear()
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


MOMENTS: dict[str, Callable[[Slot, Callable[[], None], pytest.MonkeyPatch], Hooks]] = {
    "before_the_job": lambda _slot, fault, _patch: _now(fault),
    "when_it_creates": lambda _slot, fault, patch: _before(patch, Sandbox, "__init__", fault),
    "when_it_attaches": lambda _slot, fault, patch: _before(patch, Sandbox, "_attach", fault),
    "when_it_waits": lambda _slot, fault, patch: _before(patch, Sandbox, "wait_ready", fault),
    "when_it_runs": lambda _slot, fault, _patch: Hooks(started=lambda _: fault()),
}


def _now(act: Callable[[], None]) -> Hooks:
    act()
    return Hooks()


def _before(patch: pytest.MonkeyPatch, owner: type, name: str, act: Callable[[], None]) -> Hooks:
    """Do something once, before the next call of a method."""
    wrapped = getattr(owner, name)
    once = iter([act])

    def wrapper(*arguments: object, **options: object) -> object:
        with contextlib.suppress(StopIteration):
            next(once)()
        return wrapped(*arguments, **options)

    patch.setattr(owner, name, wrapper)
    return Hooks()


@leaves_connections
@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("fault", ["cut", "hang"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_daemon_that_goes_away(
    moment: str,
    fault: str,
    isolation: Isolation,
    proxy: Proxy,
    tested_image: images.Image,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slot = Slot(unique("faults"), tested_image.name)
    if moment == "before_the_job":
        slot.serves(isolation)
    hooks = MOMENTS[moment](slot, getattr(proxy, fault), monkeypatch)
    execution = slot.execute(BUSY, isolation, hooks, within_s=30)
    refused(execution, "Docker", "died", "come up", "sandbox")
    proxy.restore()
    slot.serves(isolation)
    slot.executor.close()
    remove_sandboxes(slot.host)  # what could not be removed while the daemon was away is the reaper's
    assert list_sandboxes(slot.host) == []


# -- a daemon that dies for real -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def daemon(tested_image: images.Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    if not can_start():
        missing("a second Docker Engine needs root and dockerd")
    # The image comes packed and wants some room.
    size = 5 * int(engine().images.get(tested_image.name).attrs["Size"])
    with Daemon(tmp_path_factory.mktemp("engine"), size) as daemon:
        daemon.load(tested_image.name)
        yield daemon


@pytest.fixture
def its_slot(daemon: Daemon, tested_image: images.Image, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slot]:
    """A slot that works with the second daemon."""
    monkeypatch.setenv("DOCKER_HOST", daemon.address)
    engine.cache_clear()
    slot = Slot(unique("faults"), tested_image.name)
    yield slot
    slot.executor.close()
    Reaper(slot.host).reap()
    remove_sandboxes(slot.host)
    assert list_sandboxes(slot.host) == []
    engine.cache_clear()
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


@leaves_connections
@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_killed_daemon_is_an_infrastructure_error_and_its_successor_serves(
    daemon: Daemon, its_slot: Slot, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    its_slot.serves(isolation)
    refused(its_slot.execute(BUSY, isolation, Hooks(started=lambda _: daemon.kill())), "Docker", "died", "sandbox")
    refused(its_slot.execute("print(1)", isolation), "No Docker Engine answers", "Docker")
    daemon.start()
    its_slot.serves(isolation)

    monkeypatch.setattr(recovery, "ENDED_S", 0.0)
    reaper, deadline = Reaper(its_slot.host), time.monotonic() + 30
    while not all(one.running for one in list_sandboxes(its_slot.host)):
        reaper.reap()
        assert time.monotonic() < deadline, "what the slot could not remove while the daemon was away is left"
        time.sleep(0.1)


@leaves_connections
@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_full_disk_is_an_infrastructure_error_that_says_so(
    daemon: Daemon, its_slot: Slot, isolation: Isolation
) -> None:
    its_slot.serves(isolation)
    its_slot.executor.close()
    daemon.fill_disk()
    try:
        refused(its_slot.execute("print(1)", isolation), "The disk of the Docker host is full")
    finally:
        daemon.filler.unlink()
    its_slot.serves(isolation)
