"""The warden: process 1 of a sandbox. It runs programs in child processes and tells the host how they went.

Standard library only. It reads frames from its stdin and writes frames to its stdout; its stderr carries its own
faults. A frame is one byte of kind, four bytes of length (big-endian) and the payload.

    kind  from    payload
    R     warden  ready: JSON {"versions": {name: version}}; sent once, after all preloading
    J     host    a job: JSON {code, params, datasets {name: path}, seed, timeout_s, cpu_time_s, output_bytes, cpus,
                  folder {files, file_bytes, total_bytes}, imports [module], probes [{change, bar, seed}]}; for another
                  language than Python also {program}, see foreign.py
    S     warden  the program's first line is about to run: empty, or JSON {versions: {name: version}} of the imports
    O, E  warden  bytes of the program's stdout, stderr, in the order they were read: the first output_bytes of each
                  and, where there is more, at the end the last half of output_bytes of what is left
    V     warden  one `emit`: JSON {name: value}, as the program's process wrote it
    A     warden  a file of the program's working folder, after its end: JSON {name, bytes}
    B     warden  the next bytes of that file
    W     warden  where the program was when its time was over: `faulthandler`'s text, of all threads
    D     warden  a file that is not sent: JSON {name, bytes, reason}; the program's process sends them as well, of
                  figures that it could not save
    P     warden  what `signals` returned, see positions.py: the next part of it in base64
    L     warden  what it returned on changed data: JSON {number, packed, failed}, by the number of the job's probe
    F     warden  the program's uncaught exception: JSON {type, message, line, source, traceback, errno, memory,
                  processes}
    X     warden  the end: JSON {exit_code, signal, timed_out, flooded, duration_s, cpu_time_s, stdout_bytes,
                  stderr_bytes, records_dropped, files_dropped, clean}; of a program that did not compile also
                  {stage: "compile", compile_timed_out}, with the compiler's words in E and no S before it

After the last end the sandbox stays until the host closes the stream: what the host reads of its control group goes
with it.

The host treats every byte as hostile, as the program may take over its own process. The program can not reach the
warden's: it holds none of its descriptors, may not trace it, and cannot signal process 1. When the host goes away,
stdin ends, and so does the sandbox. If the host is there and no longer reads, the sandbox ends with its life, which
the host states when it creates it.

Programs are forks of the interpreter, see interpreter.py, which the warden starts before any job. Warden and
interpreter are root with no capability but SETUID, SETGID and SETPCAP, and each program runs under a user id of its
own, which no other sandbox of the host has: the first is `--first-user`. Started with `--jobs 1` the sandbox is used
once. Otherwise it is a cell, which serves several jobs one after the other: the warden alone reads the job, and no
program is forked from it; after the job it kills whatever that user runs and removes whatever it owns. A cell that is
not clean then (`clean` false) ends.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

import foreign
from answering import answer_flushes
from channels import Output, Records
from cleanup import acting_as, clean_up, kill_all
from folder import FOLDER, Collector
from host import Host
from interpreter import IMPORTED, Interpreter, Preload
from lastwords import ASK
from rights import become, bound, set_dumpable

DRAIN_S = 1.0
"""How long what is left in the pipes is read after the program's end."""
IMPORTS_S = 60.0
"""For how long a program's libraries are imported before its clock starts."""
MAX_VERSIONS_BYTES = 4096
"""What a pipe takes in one piece."""
KILL_WAIT_S = 0.05
"""How long a kill is waited for before it is repeated."""
ANSWER_S = 0.2
"""How long a program whose time is over has to write what it holds back and to say where it is."""


def main() -> None:
    """Preload, announce, serve."""
    if os.getpid() != 1:
        raise SystemExit("warden: runs only as process 1 of a sandbox, as it kills all other processes")
    options = _options()
    host = Host(os.dup(0), os.dup(1))
    _redirect_to_null(0, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # process 1 hears only signals it handles; Python handles this one
    _end_after(options.life)  # it may hang on a host that no longer reads
    set_dumpable(0)
    try:
        bound()
        if options.answer_flushes:
            answer_flushes()
    except OSError as error:
        raise SystemExit(f"warden: no program can be started ({error})") from error
    preload = Preload(options.modules, dict(frame.split("=", 1) for frame in options.frame))
    interpreter = Interpreter(preload, options.first_user, single=options.jobs == 1)
    versions = {"python": ".".join(map(str, sys.version_info[:3])), **foreign.versions()}
    if options.jobs > 1 or preload.modules or preload.frames:  # else with the job: a compiler's end kills all others
        versions |= interpreter.start()
    host.send(b"R", json.dumps({"versions": versions}).encode())
    for number in range(options.jobs):
        job = host.read_job()
        if job is None:
            return
        if not keep(host, interpreter, job, options.first_user + number):
            break
    host.await_close()


def _end_after(life_s: int) -> None:
    """End this process, and with it the sandbox, when its time is over, whatever it does then."""
    over = time.monotonic() + life_s

    def look(*_: object) -> None:
        if time.monotonic() >= over:
            os._exit(1)
        signal.alarm(1)  # a program sent the signal, while this process acted as its user: only the clock counts

    signal.signal(signal.SIGALRM, look)
    signal.alarm(life_s)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--life", type=int, required=True, help="seconds after which the sandbox ends, whatever it does"
    )
    parser.add_argument("--first-user", type=int, required=True, help="user id of the first job; the next has the next")
    parser.add_argument("--answer-flushes", action="store_true", help="the runtime cannot: see answering.py")
    parser.add_argument("--frame", action="append", default=[], help="NAME=PATH of a dataset to load beforehand")
    parser.add_argument("modules", nargs="*", help="what to import beforehand")
    return parser.parse_args()


def keep(host: Host, interpreter: Interpreter, payload: bytes, user: int) -> bool:
    """Run one job and report. True when nothing of it is left."""
    job = json.loads(payload)
    if "program" in job and not foreign.prepare(host, job, lambda: become(user), lambda: kill_all(user)):
        return False
    return supervise(host, interpreter, job, payload, user)


def supervise(host: Host, interpreter: Interpreter, job: dict[str, Any], payload: bytes, user: int) -> bool:
    """Have the program run, forward what it says until it ends or must be ended, clean up and report."""
    out, err, values = interpreter.launch(user, payload)
    versions, _, begun = _await_imports(host, values).partition(b"\n") if job["imports"] else (b"", b"", b"")
    say = host.send if "program" in job else host.hold
    # At once where the host counts from here what the program uses, without its compiler; else with what comes next.
    say(b"S", versions.removeprefix(IMPORTED))
    started = time.monotonic()
    stdout = Output(out, b"O", job["output_bytes"], host)
    stderr = Output(err, b"E", job["output_bytes"], host)
    records = Records(values, host)
    records.take(begun)
    ask_by = job["program"].get("ask_by") if "program" in job else ASK
    ending = Ending(interpreter, user, deadline=started + job["timeout_s"], ask_by=ask_by)
    _pump(host, ending, stdout, stderr, records)
    duration = time.monotonic() - started
    stdout.end()
    stderr.end()
    records.end()
    collector = Collector(host.hold, job["folder"])
    with acting_as(user):
        collector.collect(FOLDER)
    clean = not interpreter.single and clean_up(user)
    status = ending.status
    end = {
        "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "timed_out": ending.timed_out,
        "flooded": stdout.flooded or stderr.flooded,
        "duration_s": duration,
        "cpu_time_s": interpreter.cpu_time_s,
        "stdout_bytes": stdout.total,
        "stderr_bytes": stderr.total,
        "records_dropped": records.dropped,
        "files_dropped": collector.dropped,
        "clean": clean,
    }
    host.send(b"X", json.dumps(end).encode())
    return clean


def _await_imports(host: Host, values: int) -> bytes:
    """Wait until the program's process has imported what the job names, or has ended: then the clock starts.

    Returns what the process says: a line of the imports' versions, and records of a program that was quick.
    """
    ready, _, _ = select.select([values, host.source], [], [], IMPORTS_S)
    if host.source in ready and not os.read(host.source, 1):
        os._exit(1)
    return os.read(values, MAX_VERSIONS_BYTES) if values in ready else b""


class Ending:
    """Ends the program, and every process it left behind, exactly once."""

    def __init__(self, interpreter: Interpreter, user: int, deadline: float, ask_by: int | None = None) -> None:
        self._interpreter, self._user = interpreter, user
        self._deadline, self._ask_by = deadline, ask_by
        self.status = 0
        self.over = False
        self.timed_out = False

    @property
    def sources(self) -> list[int]:
        """Descriptors that become readable when there is something to notice."""
        return self._interpreter.sources

    def patience(self) -> float:
        """Seconds until something must be done: the deadline, or the end of draining."""
        return max(0.0, self._deadline - time.monotonic())

    def notice(self, ready: Sequence[int]) -> None:
        """See whether the program ended, and end it when its time is over. `ready`: what can be read."""
        if not self.over and self.patience() == 0.0:
            if self._ask_by is not None and not self.timed_out:
                self._deadline += ANSWER_S  # its outcome is settled, however it ends meanwhile
                self._interpreter.ask(self._user, self._ask_by)
            else:
                self.force()
            self.timed_out = True
        elif not set(ready).isdisjoint(self.sources):
            self._look()

    def force(self) -> None:
        """Kill the program and all others."""
        while not self.over:  # it may not be there yet, or not the job's user yet
            kill_all(self._user)
            select.select(self.sources, [], [], KILL_WAIT_S)
            self._look()

    def _look(self) -> None:
        status = self._interpreter.poll()
        if status is None:
            return
        self.status = status
        self.over = True
        self._deadline = time.monotonic() + DRAIN_S
        kill_all(self._user)  # whoever forks and ends all the time might slip through the list of processes
        while self._interpreter.others():
            select.select(self.sources, [], [], KILL_WAIT_S)
            self._interpreter.poll()
            kill_all(self._user)


def _pump(host: Host, ending: Ending, stdout: Output, stderr: Output, records: Records) -> None:
    """Forward the channels until the program is over and they are empty."""
    open_channels: dict[int, Output | Records] = {channel.fd: channel for channel in (stdout, stderr, records)}
    while not ending.over or (open_channels and ending.patience()):
        patience = min(ending.patience(), host.patience())
        ready, _, _ = select.select([*open_channels, *ending.sources, host.source], [], [], patience)
        if host.patience() == 0.0:
            host.flush()
        if host.source in ready and not os.read(host.source, 1):
            os._exit(1)
        for fd in open_channels.keys() & set(ready):
            chunk = os.read(fd, 65536)
            if chunk:
                open_channels[fd].take(chunk)
            else:
                del open_channels[fd]
                os.close(fd)
        ending.notice(ready)
        if stdout.flooded or stderr.flooded or (ending.timed_out and records.answered):
            ending.force()
    for fd in open_channels:
        os.close(fd)


def _redirect_to_null(*fds: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null, fd)
    os.close(null)


if __name__ == "__main__":
    main()
