"""What each language needs of a sandbox, as one table of data. Imports nothing of Docker.

The tools themselves (compiler, runtime, libraries) are in the image: `sandbox_image/<language>`.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from windtunnel.contract import Limits

COMPILE_TIMEOUT_S = 60.0
"""Wall-clock seconds that a compiler may take, apart from the program's own time."""

IMPORTS_TIMEOUT_S = 60.0
"""Wall-clock seconds in which a Python program's libraries are imported before its own time begins."""

ANSWER = "still running:\n"
"""On stderr, before the calls that a program is in, innermost first."""


@dataclass(frozen=True)
class Language:
    """How programs of one language are compiled, run and understood.

    In `compile`, `run` and `env` the words {heap_mb}, {cpus} and {node_seed} stand for what the job says of them.
    """

    name: str
    """Also the tag of its image."""
    source_name: str
    """What the program's file is called inside, and so in every message about it."""
    run: tuple[str, ...] = ()
    """Empty: the warden runs the program in its own interpreter."""
    compile: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    tmp_exec: bool = False
    """The compiled program lies in /tmp and must be started from there."""
    own_processes: int = 0
    """Threads that the runtime keeps for itself; they are allowed on top of the job's limit."""
    heap_share: float = 0.0
    heap_reserve_mb: int = 0
    """The heap may take this share of the memory limit, less this: the rest is the runtime's and the warden's."""
    answers: bool = False
    """By SIGXCPU its programs write where they are, after `ANSWER`, and the output they hold back."""
    exceptions: tuple[str, ...] = ()
    """The first that matches what the program wrote to stderr gives the uncaught exception's `type` and `message`."""
    out_of_memory: str = r"(?!)"
    """Matches what a runtime writes when it runs out of memory and gives up before the kernel ends it."""
    out_of_processes: str = r"(?!)"
    """Matches what a runtime writes when it is refused a process or thread."""

    def program(self, limits: Limits, seed: int) -> dict[str, Any] | None:
        """The `program` of a job frame; None for Python."""
        if not self.run:
            return None
        words = {
            "heap_mb": str(max(8, int(limits.memory_mb * self.heap_share) - self.heap_reserve_mb)),
            "cpus": str(math.ceil(limits.cpus)),
            "node_seed": str(seed % (2**31 - 1) + 1),  # for V8 a zero means any seed, and it takes no more
        }
        return {
            "source_name": self.source_name,
            "compile": [word.format(**words) for word in self.compile] or None,
            "compile_timeout_s": COMPILE_TIMEOUT_S,
            "run": [word.format(**words) for word in self.run],
            "ask_by": signal.SIGXCPU if self.answers else None,
            "env": {name: value.format(**words) for name, value in self.env.items()},
        }

    @property
    def preparation_s(self) -> float:
        """The longest time between the job frame and the program's first line."""
        return COMPILE_TIMEOUT_S if self.run else IMPORTS_TIMEOUT_S


COMPILED = "/tmp/job"  # noqa: S108 - inside the sandbox
"""Where a program is compiled; it runs elsewhere, in its working folder."""
NODE = ("node", "--max-old-space-size={heap_mb}", "--random-seed={node_seed}", "--stack-trace-limit=20")
NODE_REJECTION = r"^\[(?P<type>UnhandledPromiseRejection): .* rejected with the reason (?P<message>.*)\.\](?: \{)?$"
NODE_EXCEPTIONS = (
    r"^(?:Uncaught )?(?P<type>(?:[A-Z][\w$]*)?(?:Error|Exception))(?: \[\w+\])?(?:: (?P<message>.*))?$",
    NODE_REJECTION,
    r"^\s*(?P<type>throw) (?P<message>.*)$",  # what is thrown need not be an Error
)
NODE_OUT_OF_PROCESSES = r"^(?:Uncaught )?Error: (?:spawn\w* \S+ )?EAGAIN$"
NODE_OUT_OF_MEMORY = r"heap out of memory|Array buffer allocation failed|Invalid (?:typed )?array length: \d{9}"
JAVA = "/opt/windtunnel/java/bin/java"
JAVA_PATH = f"{COMPILED}/classes:/opt/windtunnel/classes.jar:/opt/windtunnel/libraries/*"

PYTHON = Language(name="python", source_name="strategy.py")
JAVASCRIPT = Language(
    name="javascript",
    source_name="strategy.js",
    run=(*NODE, "/opt/windtunnel/run.js", f"{COMPILED}/strategy.js"),
    # libuv's worker threads count against the process limit; a strategy reads files one by one.
    env={"UV_THREADPOOL_SIZE": "1", "NODE_PATH": "/usr/share/nodejs"},
    own_processes=12,
    heap_share=0.75,
    heap_reserve_mb=30,
    exceptions=NODE_EXCEPTIONS,
    out_of_memory=NODE_OUT_OF_MEMORY,
    out_of_processes=NODE_OUT_OF_PROCESSES,
)

TABLE = (
    PYTHON,
    JAVASCRIPT,
    replace(
        JAVASCRIPT,
        name="typescript",
        source_name="strategy.ts",
        compile=("node", "--max-old-space-size={heap_mb}", "/opt/windtunnel/compile.js", "strategy.ts"),
        run=(*NODE, "--enable-source-maps", "/opt/windtunnel/run.js", f"{COMPILED}/strategy.js"),
    ),
    Language(
        name="java",
        source_name="strategy.java",
        compile=("/opt/windtunnel/compile", "strategy.java", "{heap_mb}"),
        # The perf data file and the thread pools of other collectors are of no use in a run of seconds.
        run=(
            JAVA,
            "-Xmx{heap_mb}m",
            "-Xss1m",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-XX:+ShowCodeDetailsInExceptionMessages",
            "-Xshare:auto",
            "-cp",
            JAVA_PATH,
            f"-XX:ErrorFile={COMPILED}/crash.log",
            "windtunnel.Run",
            f"{COMPILED}/main-class",
        ),
        own_processes=24,
        heap_share=0.75,
        heap_reserve_mb=40,
        answers=True,
        exceptions=(r'^Exception in thread "[^"]*" (?P<type>[\w.$]+)(?:: (?P<message>.*))?$',),
        out_of_memory=r"java\.lang\.OutOfMemoryError(?!: unable to create native thread)",
        out_of_processes=r"java\.lang\.OutOfMemoryError: unable to create native thread",
    ),
    Language(
        name="cpp",
        source_name="strategy.cpp",
        compile=("/opt/windtunnel/compile", "strategy.cpp"),
        run=(f"{COMPILED}/strategy",),
        tmp_exec=True,
        own_processes=2,
        answers=True,
        exceptions=(
            r"(?P<type>Assertion) ['`](?P<message>.*)' failed",
            r"^uncaught (?P<type>\S+): (?P<message>.*)$",
        ),
        out_of_memory=r"^uncaught std::bad_(?:array_new_length|alloc): ",
        out_of_processes=r"^uncaught std::system_error: Resource temporarily unavailable",
    ),
    Language(
        name="go",
        source_name="strategy.go",
        compile=("/opt/windtunnel/compile", "strategy.go"),
        run=(f"{COMPILED}/strategy",),
        # Go 1.19 sees the host's cores, not the quota, and knows no memory limit but this one.
        env={"GOMAXPROCS": "{cpus}", "GOMEMLIMIT": "{heap_mb}MiB"},
        tmp_exec=True,
        own_processes=12,
        heap_share=0.9,
        heap_reserve_mb=16,
        exceptions=(
            r"^panic: (?P<type>runtime error): (?P<message>.*)$",
            r"^(?P<type>panic|fatal error|runtime): (?P<message>.*)$",
        ),
        out_of_memory=r"^(?:fatal error: )?runtime: (?:cannot allocate memory|out of memory)",
        out_of_processes=r"^runtime: failed to create new OS thread",
    ),
)
_BY_NAME = {language.name: language for language in TABLE}


def for_language(name: str) -> Language:
    """The row of a language that the contract knows; `KeyError` for any other."""
    return _BY_NAME[name]
