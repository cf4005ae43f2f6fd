"""Runs every command as people do and as they do it wrong, and prints a table of what each says, in Markdown.

It starts a Redis of its own with finished jobs, failures and a batch that waits, and needs neither Docker nor workers.
Exit code 1 if any command printed a traceback or a table that is wider than its terminal.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

from windtunnel import Client, Execution, Outcome, Resources
from windtunnel.contract import ProgramError
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel.store import Store
from windtunnel.validation import SecurityValidator
from windtunnel.wake import Silent
from windtunnel_worker.pipeline import Pipeline, Terms
from windtunnel_worker.prices import PriceScorer
from windtunnel_worker.sandbox.assignment import Assignment, Hooks

COMMAND = [sys.executable, "-m", "windtunnel.cli"]
ENOUGH_S = 60
WIDTHS = (80, 200)
NO_FILE = "no-such-file.py"
COMMANDS: dict[str, tuple[str, str]] = {
    # command: (as it is meant, with a wrong id or file)
    "run": ("strategy.py", NO_FILE),
    "submit": ("strategy.py --name page", NO_FILE),
    "sweep": ("strategy.py --grid fast=5:50:5", f"{NO_FILE} --grid fast=5:50:5"),
    "validate": ("strategy.py bad.py", NO_FILE),
    "status": ("{batch}", "0123-9"),
    "watch": ("{waits}", "0123-9"),
    "report": ("{job}", "0123-9"),
    "check": ("{job}", "0123-9"),
    "promote": ("{job}", "0123-9"),
    "repro": ("{job}", "0123-9"),
    "leaderboard": ("{batch}", "0123"),
    "errors": ("{batch}", "0123"),
    "compare": ("{job} {other}", "{job} 0123-9"),
    "export": ("{batch} --csv {folder}/out.csv", "0123 --csv {folder}/out.csv"),
    "history": ("{job}", "0123-9"),
    "stats": ("", "0123"),
    "retry": ("{other}", "0123-9"),
    "cancel": ("{job}", "0123-9"),
    "hosts": ("", "0123"),
    "drain": ("here", "nowhere"),
    "undrain": ("here", "nowhere"),
    "dead": ("", "0123"),
    "artifacts": ("{job}", "0123-9"),
    "datasets list": ("", "0123"),
    "datasets add": ("prices prices.csv", "prices no-such-file.csv"),
    "datasets show": ("prices", "nasdaq"),
    "datasets verify": ("prices", "nasdaq"),
    "datasets remove": ("prices", "nasdaq"),
    "store prune": ("--dry-run", "0123"),
    "archive files": ("", "0123"),
    "archive compact": ("--dry-run", "0123"),
    "mcp": ("--http --port {port}", "--http --tokens no-such-file.toml"),
    "doctor": ("", "0123"),
    "up": ("--redis-port {port} --state {folder}/up", "--state /proc/nowhere"),
}
NOT_RUN = {"up"}
"""Would start a stack: only their mistakes are tried."""
WAIT = {"run", "watch", "check", "repro", "mcp"}
"""Go on until they are interrupted, as no worker is there."""


class Scripted:
    """The executor of the jobs that the commands find: some fail, as real ones do."""

    def execute(self, assignment: Assignment, hooks: Hooks) -> Execution:
        """How an attempt ends."""
        del hooks
        used = Resources(duration_s=0.2, memory_mb_peak=92.5)
        at = assignment.job.params.get("at")
        if isinstance(at, int) and at % 3 == 2:
            error = ProgramError(type="KeyError", message="'Closing price'", line=3, source='data["Closing price"]')
            return Execution(attempt=1, host="here", outcome=Outcome.FAILED, error=error, resources=used)
        return Execution(attempt=1, host="here", outcome=Outcome.SUCCEEDED, values={"sharpe": 1.2}, resources=used)

    def warm_up(self) -> None:
        """Nothing is held ready."""

    def rest(self) -> None:
        """Nothing is held ready."""

    def close(self) -> None:
        """Nothing is held ready."""


@contextmanager
def a_redis(folder: Path) -> Iterator[str]:
    """The URL of a private Redis."""
    port = free_port()
    arguments = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    server = subprocess.Popen([shutil.which("redis-server") or "redis-server", *arguments], stdout=subprocess.DEVNULL)
    try:
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def filled(url: str) -> dict[str, str]:
    """Put jobs into it; the ids that the commands are given."""
    records = Records(Connection(url, "wt"))
    client = Client(url, records=records, broker=Silent())
    pipeline = Pipeline(
        records,
        session="here:1:a",
        validator=SecurityValidator,
        executor=Scripted,
        scorer=lambda: PriceScorer(Store("memory://"), 2**20),
        wake=Silent(),
        terms=Terms(),
        observer=lambda *_, **__: None,
    )
    records.hosts.seen("here", 2, "1", ["default"], ["*"])
    name = "moving-average-crossover-with-a-volatility-filter"
    batch = client.submit_batch({"code": "print(1)", "name": name, "params": {"at": at}} for at in range(40))
    pipeline.validate()
    while pipeline.execute("default"):
        pass
    pipeline.finalize()
    waits = client.submit_batch({"code": "print(2)", "params": {"at": at}} for at in range(3))
    client.close()
    return {"batch": batch, "job": f"{batch}-0", "other": f"{batch}-2", "waits": waits}


class Run:
    """One run of a command: its exit code and all that it printed."""

    def __init__(self, code: int, text: str, cpu_s: float = 0.0) -> None:
        self.code, self.cpu_s = 130 if code == -signal.SIGINT else code, cpu_s  # as a shell shows it
        self.lines = [line for line in Text.from_ansi(text.replace("\r", "\n")).plain.split("\n") if line.strip()]
        self.broken = "Traceback (most recent call last)" in text

    def widest(self) -> int:
        """Cells of the widest line of a table; sentences a terminal wraps by itself."""
        return max((cell_len(line) for line in self.lines if re.search("[│┃━]", line)), default=0)

    def cell(self) -> str:
        """What the table says of it."""
        spoken = [re.sub(r"\s+", " ", line).strip(" │|┃") for line in self.lines if re.search(r"\w", line)]
        told = [line for line in spoken if line.startswith(("error", "Error", "interrupted"))]
        said = (told or spoken or [""])[0]
        text = said.replace("|", "\\|")
        return f"{self.code}: {text[:70]}{'…' if len(text) > 70 else ''}" if said else f"{self.code}"


class Machine:
    """Runs commands in a folder with a strategy, a broken one and prices."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {**os.environ, **environment, "HOME": str(folder), "TERM": "xterm-256color"}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            self._environment.pop(name, None)

    def _start(self, words: list[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*COMMAND, *words], cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output,
        )  # fmt: skip

    def on_a_terminal(self, words: list[str], columns: int, *, interrupt_after_s: float | None = None) -> Run:
        """Run it with a terminal of this width, to its end or until Ctrl-C."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        began, used = time.monotonic(), _cpu_s()
        process = self._start(words, theirs)
        os.close(theirs)
        said, until = b"", began + (ENOUGH_S if interrupt_after_s is None else interrupt_after_s)
        os.set_blocking(ours, False)
        while process.poll() is None:
            said += _read(ours)
            if time.monotonic() > until:
                process.send_signal(signal.SIGINT)
                until = time.monotonic() + ENOUGH_S
            time.sleep(0.005)
        said += _read(ours)
        os.close(ours)
        return Run(process.returncode, said.decode(errors="replace"), _cpu_s() - used)

    def into_a_closed_pipe(self, words: list[str]) -> Run:
        """Run it with nobody reading, as `| head -0` does."""
        ours, theirs = os.pipe()
        errors = subprocess.Popen(
            [*COMMAND, *words], cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=theirs, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(theirs)
        os.close(ours)
        said = errors.communicate(timeout=ENOUGH_S)[1]
        return Run(errors.returncode, said.decode(errors="replace"))


def _cpu_s() -> float:
    """Of all processes that have ended: what else the machine does bears less on it than on the time that passes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _read(terminal: int) -> bytes:
    said = b""
    with suppress(OSError):  # nothing there, or the last process has closed it
        while part := os.read(terminal, 65536):
            said += part
    return said


def row(machine: Machine, command: str, meant: str, wrong: str) -> tuple[str, list[str]]:
    """The command's line of the table, and what is wrong with it."""
    words, mistaken = command.split() + meant.split(), command.split() + wrong.split()
    waits, runs = command in WAIT, {}
    if command not in NOT_RUN:
        for columns in WIDTHS:
            runs[str(columns)] = machine.on_a_terminal(words, columns, interrupt_after_s=4.0 if waits else None)
        if not waits:
            runs["pipe"] = machine.into_a_closed_pipe(words)
        runs["interrupted"] = machine.on_a_terminal(words, 80, interrupt_after_s=1.0)
    runs["wrong"] = machine.on_a_terminal(mistaken, 80)
    runs["option"] = machine.on_a_terminal([*words, "--no-such-option"], 80)
    found = [f"{command}: a traceback ({name})" for name, run in runs.items() if run.broken]
    for columns in WIDTHS:
        if str(columns) in runs and runs[str(columns)].widest() > columns:
            found.append(f"{command}: {runs[str(columns)].widest()} cells at {columns} columns")
    cells = [runs[name].cell() if name in runs else "" for name in ("80", "pipe", "interrupted", "wrong", "option")]
    return f"| `{command}` | {runs['wrong'].cpu_s * 1000:.0f} | " + " | ".join(cells) + " |", found


def main() -> None:
    """Print the table, then what is wrong."""
    only = sys.argv[1:]
    print("| command | CPU, ms | as meant | nobody reads | Ctrl-C after 1 s | wrong id or file | wrong option |")
    print("|---|---|---|---|---|---|---|")
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="windtunnel-commands-") as name, a_redis(Path(name)) as url:
        folder = Path(name)
        (folder / "strategy.py").write_text("emit(sharpe=1.0)\n")
        (folder / "bad.py").write_text("import socket\n")
        rows = "".join(f"2024-01-{day:02},{100 + day}\n" for day in range(1, 29))
        (folder / "prices.csv").write_text(f"Date,Close\n{rows}")
        values = {**filled(url), "folder": name, "port": str(free_port())}
        variables = {
            "WINDTUNNEL_REDIS_URL": url,
            "WINDTUNNEL_STORE_URL": str(folder / "store"),
            "WINDTUNNEL_ARCHIVE_URL": str(folder / "archive"),
        }
        machine = Machine(folder, variables)
        for command, (meant, wrong) in COMMANDS.items():
            if only and command not in only:
                continue
            line, found = row(machine, command, meant.format(**values), wrong.format(**values))
            print(line, flush=True)
            problems += found
    print("\n" + ("\n".join(problems) or "No traceback, and no table wider than its terminal."))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
