"""Runs a program again on changed data, to see whether it looks ahead: each time in a fork of its own.

The forks are made before the program's own run, from a process that has not run it and that they cannot open. What one
leaves is ended and removed before the next run, so that none answers from what another saw. What `signals` returned in
each is sent to the host, which compares. Their output is dropped, and so is what they emit.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import frames
from cleanup import SCRATCH, empty_scratch, sockets_left
from frames import Datasets
from reporter import Reporter
from rights import set_dumpable

FOLDER = "/tmp/check"  # noqa: S108 - the one writable place
MAX_BYTES = 512 * 1024
"""What one run may send."""
MAX_TOTAL_BYTES = 4 * 1024 * 1024
"""What all of them may send; warden and host take more than it is in base64."""
RETURNED, FAILED = b"P", b"F"
NO_TIME = b"the time limit left too little for it"
TOO_LARGE = b"its positions are too large to be compared"
SOCKETS_S = 0.5
"""How long the kernel may take to free sockets of processes that have ended."""


def run(job: dict[str, Any], reporter: Reporter, returned: Callable[[dict[str, Any], Datasets], bytes]) -> None:
    """Run the program on the data of each probe, as far as the job's limits leave its own run its time.

    It is not run again if the unchanged data gave no positions. The other probes come in a mixed order, so that those
    that could be made are from everywhere. What a run left and cannot be removed ends the program.

    Each probe is answered here: the first answer counts, and the program's own run could give those that are missing.
    """
    set_dumpable(0)  # or the forks, which have the same user, could change this process
    limits = _Limits(job["timeout_s"], job["cpu_time_s"])
    probes, own_run, room = job["probes"], 0.0, MAX_TOTAL_BYTES
    waiting = [*random.Random(0).sample(range(1, len(probes)), len(probes) - 1), 0]  # noqa: S311
    while waiting:
        seconds = limits.left() - 2 * own_run if waiting[-1] else limits.left() / 3
        if seconds <= 0:
            break
        began, number = limits.left(), waiting.pop()
        work = lambda probe=probes[number]: returned(job, _data(job["datasets"], probe))  # noqa: E731
        kind, content = _in_a_fork(work, seconds, min(room, MAX_BYTES))
        room -= len(content)
        reporter.probe(number, content if kind == RETURNED else b"", content if kind != RETURNED else b"")
        if kind != RETURNED and number == 0:
            break
        own_run = own_run or began - limits.left()
    for number in waiting:
        reporter.probe(number, b"", NO_TIME)
    set_dumpable(1)


class _Limits:
    """What is left of a job's time, in seconds: of the clock's or of the processors', whichever is less."""

    def __init__(self, timeout_s: float, cpu_time_s: float | None) -> None:
        self._ends = time.monotonic() + timeout_s
        self._cpu_time_s = cpu_time_s

    def left(self) -> float:
        left = self._ends - time.monotonic()
        if self._cpu_time_s is not None:
            used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
            left = min(left, self._cpu_time_s - sum(one.ru_utime + one.ru_stime for one in used))
        return left


def _data(paths: dict[str, str], probe: dict[str, Any]) -> Datasets:
    """Fresh frames, changed from the probe's bar on."""
    import probes  # it needs NumPy, which programs without a check may do without

    found = {name: frames.read(path) for name, path in paths.items()}
    index = None
    for frame in found.values():
        index = frame.index if index is None or frame.index.equals(index) else index.union(frame.index)
    time = index[min(probe["bar"], len(index) - 1)]  # type: ignore[index, arg-type]
    return Datasets(paths, probes.changed(found, {**probe, "time": time}))


def _in_a_fork(work: Callable[[], bytes], seconds: float, most: int) -> tuple[bytes, bytes]:
    """What comes of this in a process of its own: its kind and at most so many bytes."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(source)
            _become_silent(sink)
            answer = _answer(work)
            while answer:
                answer = answer[os.write(sink, answer) :]
        finally:
            os._exit(0)
    os.close(sink)
    content, ends, late = b"", time.monotonic() + seconds, False
    while len(content) <= most:
        late = not select.select([source], [], [], max(0.0, ends - time.monotonic()))[0]
        part = b"" if late else os.read(source, 65_536)
        if not part:
            break
        content += part
    os.close(source)
    os.kill(child, signal.SIGKILL)  # it may have closed its end and go on
    os.waitpid(child, 0)
    _forget()
    if late:
        return FAILED, NO_TIME
    if len(content) > most:
        return FAILED, TOO_LARGE
    return (content[:1], content[1:]) if content else (FAILED, b"its process ended")


def _forget() -> None:
    """End and remove all that a run has left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)  # all of this user but this one
    empty_scratch()
    if any(entry.stat(follow_symlinks=False).st_uid == os.getuid() for entry in os.scandir(SCRATCH)):
        raise OSError("a run on changed data left files that cannot be removed")
    ends = time.monotonic() + SOCKETS_S
    while sockets_left():
        if time.monotonic() > ends:
            raise OSError("a run on changed data left sockets that hold each other")
        for end in socket.socketpair():  # when one closes, Linux looks for such
            end.close()
        time.sleep(0.001)


def _answer(work: Callable[[], bytes]) -> bytes:
    try:
        return RETURNED + work()
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its result
        return FAILED + type(error).__name__.encode()[:100]


def _become_silent(*kept: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                continue
    os.mkdir(FOLDER)
    os.chdir(FOLDER)
