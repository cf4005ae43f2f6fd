"""The range where attempts are made: warm executors, and a watch over what they leave on the host."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.adversarial.attempts import ENDED, ESCAPED, LIMITS, Attempt
from tests.support import PATIENCE_S, missing

from windtunnel.contract import Execution, Isolation, Job, Outcome
from windtunnel_worker.sandbox import Assignment, Executor, Hooks, list_sandboxes, users
from windtunnel_worker.sandbox.engine import engine
from windtunnel_worker.settings import HostSettings

CANARY = "canary-of-the-worker-5512"
"""In the environment of the process that runs the sandboxes."""
SANDBOX_USERS = range(users.FIRST, users.LAST + 1)
ENOUGH_S = 20.0
"""What a program gets that comes to its end by itself: on a busy machine it needs more than those that do not."""
WORLD = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run"), Path("/"), Path("/etc"))
CONTAINER_ID = re.compile(r"[0-9a-f]{64}")
# The last two are of the fault tests: a daemon of their own, and a small disk.
DOCKERS_OWN = re.compile(
    r"/(overlay2|netns|containerd|containers|image|buildkit|docker|engine\d+|windtunnel-faults-\w+)(/|$)"
)


class Host:
    """What is on this host that a sandbox could have left there. Others may work on it too: theirs is not counted."""

    def __init__(self, name: str, image: str) -> None:
        self._name, self._image = name, image
        self._alone = bool(os.environ.get("CI"))
        self._seen: set[str] = set()
        self._told: set[str] = set()
        self._surplus = 0
        """Containers that were told already."""
        self._mounts = self._mount_points()
        self._containers = {container["Id"] for container in self._all_containers()}

    def ours(self) -> dict[str, bool]:
        """Our sandboxes by id; True while running."""
        return {found.id: found.running for found in list_sandboxes(self._name)}

    def left(self, prepared: int) -> list[str]:
        """What is there and should not be, of which each is named. That many sandboxes may be there."""
        ours = self.ours()
        self._seen |= ours.keys()
        strangers = [
            container["Id"]
            for container in self._all_containers()
            if container["Id"] not in self._containers | ours.keys()
            and "windtunnel.host" not in container["Labels"]
            and (self._alone or container["ImageID"] == self._image)
        ]
        surplus = len(ours) > prepared + self._surplus
        found = [
            *([f"{len(ours)} containers, of which {prepared} are prepared"] if surplus else []),
            *(f"container {name}" for name in strangers),
            *(f"mount {point}" for point in sorted(self._mount_points() - self._mounts)),
            *self._processes(ours),
            *self._files(),
        ]
        return [one for one in found if one not in self._told]

    def overlook(self, prepared: int) -> None:
        """Do not blame later attempts for what is left now."""
        self._told |= set(self.left(prepared))
        self._surplus = max(0, len(self.ours()) - prepared)

    @staticmethod
    def _all_containers() -> list[dict[str, Any]]:
        return list(engine().api.containers(all=True))

    @staticmethod
    def _mount_points() -> set[str]:
        points = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
        return {point for point in points if not DOCKERS_OWN.search(point)}

    def _processes(self, ours: dict[str, bool]) -> Iterator[str]:
        """Processes of a job's user that are in no container, in one of ours that is gone, or in an idle one."""
        for process in psutil.process_iter():
            try:
                user = process.uids().real
                if user not in SANDBOX_USERS:
                    continue
                groups = Path(f"/proc/{process.pid}/cgroup").read_text()
                status = process.status()
            except (psutil.Error, OSError):
                continue  # it has just ended
            found = CONTAINER_ID.search(groups)
            container = found[0] if found else ""
            if container in ours:
                yield f"process {process.pid} of user {user} in a sandbox that has no job"
            elif (not container or container in self._seen) and status != psutil.STATUS_ZOMBIE:
                yield f"process {process.pid} of user {user} outside a sandbox"

    @staticmethod
    def _files() -> Iterator[str]:
        for folder in WORLD:
            for entry in os.scandir(folder):
                try:
                    user = entry.stat(follow_symlinks=False).st_uid
                except OSError:
                    continue
                if ESCAPED in entry.name or user in SANDBOX_USERS:
                    yield f"file {entry.path} of user {user}"


class Range:
    """Runs attempts, each as a job on the one executor of its isolation and runtime."""

    def __init__(self, settings: HostSettings, image: str) -> None:
        self._settings = settings
        self._executors: dict[tuple[Isolation, str], Executor] = {}
        self.host = Host(settings.host, image)

    def close(self) -> None:
        for executor in self._executors.values():
            executor.close()
        self._await_nothing_left(prepared=0)

    def face(self, attempt: Attempt, isolation: Isolation, runtime: str) -> None:
        """Make the attempt; it must end as the table says, and the host must be as before."""
        timeout_s = ENOUGH_S if attempt.ends <= ENDED else LIMITS[runtime].timeout_s
        execution = self.run(attempt.code, isolation, runtime, timeout_s=timeout_s)
        if execution.outcome is Outcome.TIMED_OUT and Outcome.TIMED_OUT not in attempt.ends:
            timeout_s = ENOUGH_S  # on a busy machine it did not get as far as its limit
            execution = self.run(attempt.code, isolation, runtime, timeout_s=timeout_s)
        _judge(attempt, execution, runtime)
        assert execution.resources.duration_s < timeout_s + 3
        if attempt.then is not None:
            after = self.run(attempt.then, isolation, runtime)
            assert (after.outcome, after.values) == (Outcome.SUCCEEDED, attempt.finds), _told(after)
        hello = self.run("print('hello')", isolation, runtime)
        said = hello.outcome, hello.stdout, hello.stderr, hello.values
        assert said == (Outcome.SUCCEEDED, "hello\n", "", {}), _told(hello)
        if isolation is Isolation.CELL and attempt.keeps_cell:
            assert hello.container_id == execution.container_id
        if isolation is Isolation.CONTAINER:
            assert hello.container_id != execution.container_id
        self._await_nothing_left(prepared=len(self._executors))

    def run(
        self,
        code: str,
        isolation: Isolation,
        runtime: str,
        hooks: Hooks | None = None,
        *,
        timeout_s: float = ENOUGH_S,
    ) -> Execution:
        job = Job(code=code, limits=LIMITS[runtime].model_copy(update={"timeout_s": timeout_s}))
        name = f"test{secrets.token_hex(6)}-0"
        return self._executor(isolation, runtime).execute(Assignment(name, 1, job, (), isolation, "one-batch"), hooks)

    def _executor(self, isolation: Isolation, runtime: str) -> Executor:
        key = isolation, runtime
        if key not in self._executors:
            _need(runtime)
            settings = self._settings.model_copy(update={"runtime": None if runtime == "runc" else runtime})
            self._executors[key] = Executor(settings, "tests", warm=True)
        return self._executors[key]

    def _await_nothing_left(self, prepared: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while left := self.host.left(prepared):
            if time.monotonic() > deadline:
                self.host.overlook(prepared)
                pytest.fail(f"Left on the host: {'; '.join(left)}")
            time.sleep(0.02)


def _need(runtime: str) -> None:
    if runtime not in engine().info()["Runtimes"]:
        missing(f"the Docker Engine does not know {runtime}; deploy/runsc.sh tells it")


def _told(execution: Execution) -> str:
    said = f"{execution.values} {execution.stdout[-500:]} {execution.stderr[-1500:]}"
    return f"{execution.outcome}: {execution.message} {said}"


def _judge(attempt: Attempt, execution: Execution, runtime: str) -> None:
    told = _told(execution)
    assert execution.outcome in attempt.ends, told
    if attempt.refused:
        breaches, errors = execution.values["breaches"], execution.values["refused"]
        assert isinstance(breaches, dict)
        assert isinstance(errors, dict)
        assert set(breaches) == attempt.granted, told
        assert set(errors) == set(attempt.refused) - attempt.granted, told
        assert {call: error for call, error in errors.items() if error not in attempt.errors} == {}, told
    if attempt.values is not None:
        assert execution.values == attempt.values, told
    if attempt.stdout is not None:
        assert execution.stdout == attempt.stdout, told
    if attempt.signal is not None:
        assert execution.signal == attempt.signal, told
    if attempt.artifacts is not None:
        assert {artifact.name for artifact in execution.artifacts} == attempt.artifacts, told
    said = execution.model_dump_json()
    assert [text for text in attempt.absent if text in said] == []
    limits = LIMITS[runtime]
    assert len(execution.stdout.encode()) <= 4 * limits.output_kb * 1024
    assert len(execution.stderr.encode()) <= 4 * limits.output_kb * 1024
    assert len(execution.message) <= 2000
