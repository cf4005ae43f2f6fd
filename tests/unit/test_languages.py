"""The table of languages: what it makes of a job's limits, and what a sandbox may do for each."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel.analysis.failures import FRAME
from windtunnel.contract import LANGUAGES, Limits
from windtunnel_worker.sandbox import hardening
from windtunnel_worker.sandbox.diagnosis import diagnose
from windtunnel_worker.sandbox.languages import COMPILE_TIMEOUT_S, for_language
from windtunnel_worker.sandbox.limits import SandboxLimits
from windtunnel_worker.sandbox.protocol import End, Frame, Transcript

NATIVE = {"cpp", "go"}


def _ended(stderr: str, **end: Any) -> Transcript:
    transcript = Transcript(65536)
    transcript.stderr.take(stderr.encode())
    transcript.end = End.model_validate({"exit_code": 1, **end})
    return transcript


@pytest.mark.parametrize("name", LANGUAGES)
def test_only_native_programs_may_be_started_from_tmp(name: str) -> None:
    options = hardening.host_config(SandboxLimits.of(Limits()), {}, language=for_language(name))["tmpfs"]["/tmp"].split(
        ","
    )
    assert ("exec" in options, "noexec" in options) == (name in NATIVE, name not in NATIVE)
    assert {"nosuid", "nodev"} <= set(options)


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_runtime_gets_its_own_threads_on_top_and_nothing_else(name: str) -> None:
    limits, language = Limits(processes=10), for_language(name)
    config = hardening.host_config(SandboxLimits.of(limits), {}, language=language)
    python = hardening.host_config(SandboxLimits.of(limits), {})
    assert config["pids_limit"] == 10 + language.own_processes
    assert {key for key in config if config[key] != python[key]} <= {"pids_limit", "tmpfs"}


def test_python_runs_in_the_warden_itself() -> None:
    assert for_language("python").program(Limits(), 0) is None


@pytest.mark.parametrize("name", [name for name in LANGUAGES if name != "python"])
def test_a_program_frame_leaves_no_word_unfilled(name: str) -> None:
    program = for_language(name).program(Limits(memory_mb=512, cpus=1.5), 2**32 - 1)
    assert program is not None
    words = [*(program["compile"] or ()), *program["run"], *program["env"].values()]
    assert not [word for word in words if "{" in word]
    assert program["compile_timeout_s"] == COMPILE_TIMEOUT_S


def test_the_heap_follows_the_limit() -> None:
    java = for_language("java").program(Limits(memory_mb=1000), 0)
    assert java is not None
    assert "-Xmx710m" in java["run"]
    small = for_language("go").program(Limits(memory_mb=64, cpus=0.5), 0)
    assert small is not None
    assert small["env"] == {"GOMAXPROCS": "1", "GOMEMLIMIT": "41MiB"}


def test_nothing_to_say_of_success_or_a_plain_exit() -> None:
    go = for_language("go")
    assert diagnose(go, "", _ended("panic: no", exit_code=0)) is None
    assert diagnose(go, "", _ended("")) is None
    assert diagnose(for_language("python"), "", _ended("panic: no")) is None


def test_a_compiler_that_ran_out_of_time() -> None:
    fault = diagnose(for_language("cpp"), "", _ended("", stage="compile", compile_timed_out=True, exit_code=None))
    assert fault is not None
    assert (fault.type, fault.message) == ("CompileError", "Compiling took longer than 60 s.")


def test_the_first_error_counts_not_the_notes_before_it() -> None:
    said = "strategy.cpp:1:2: note: here\nstrategy.cpp:2:3: error: wrong\nstrategy.cpp:3:1: error: more\n"
    fault = diagnose(for_language("cpp"), "int a;\n int b\n", _ended(said, stage="compile"))
    assert fault is not None
    assert (fault.message, fault.line, fault.source) == ("wrong", 2, "int b")


@pytest.mark.parametrize(
    ("name", "stderr", "memory"),
    [
        ("java", 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space', True),
        ("java", 'Exception in thread "main" java.lang.OutOfMemoryError: unable to create native thread: x', False),
        ("javascript", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", True),
        ("javascript", "RangeError: Array buffer allocation failed", True),
        ("cpp", "uncaught std::bad_alloc: std::bad_alloc", True),
        ("go", "runtime: out of memory: cannot allocate 4194304-byte block", True),
        ("go", "panic: out of memory, said the program", False),
    ],
)
def test_who_gave_up_for_want_of_memory(name: str, stderr: str, memory: bool) -> None:
    fault = diagnose(for_language(name), "", _ended(stderr))
    assert fault is not None
    assert fault.memory is memory


@pytest.mark.parametrize(
    ("name", "stderr", "refused"),
    [
        ("java", 'Exception in thread "main" java.lang.OutOfMemoryError: unable to create native thread: x', True),
        ("java", 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space', False),
        ("javascript", "Error: spawn /bin/sleep EAGAIN", True),
        ("typescript", "Error: EAGAIN", True),
        ("javascript", "Error: EAGAIN: resource temporarily unavailable, read", False),
        ("cpp", "uncaught std::system_error: Resource temporarily unavailable", True),
        ("cpp", "uncaught std::system_error: No such process", False),
        (
            "go",
            "runtime: failed to create new OS thread (have 9 already; errno=11)\nfatal error: newosproc",
            True,
        ),
        ("go", "panic: failed to create new OS thread, said the program", False),
    ],
)
def test_who_was_refused_a_process(name: str, stderr: str, refused: bool) -> None:
    fault = diagnose(for_language(name), "", _ended(stderr))
    assert fault is not None
    assert fault.processes is refused


@pytest.mark.parametrize("name", ["cpp", "java"])
def test_a_program_that_used_up_its_processor_time_says_where_it_is(name: str) -> None:
    source = for_language(name).source_name
    said = f"still running:\n    at {source}:9\nno\nstill running:\n    at {source}:2\n    at {source}:4\n"
    fault = diagnose(for_language(name), "1\n two\n", _ended(said, exit_code=None, signal=9))
    assert fault is not None
    assert (fault.type, fault.line, fault.source) == ("cpu_exceeded", 2, "two")
    assert diagnose(for_language("go"), "", _ended("still running:\n    at strategy.go:2\n")) is None
    forged = f"still running:\n    at {source}:0\n"
    assert diagnose(for_language(name), "1\n", _ended(forged, exit_code=None, timed_out=True)) is None


@pytest.mark.parametrize("name", LANGUAGES)
def test_hostile_stderr_is_read_in_linear_time(name: str) -> None:
    for filler in ("strategy.", "a" * 50 + ":", " throw", "\n", 'Exception in thread "', "uncaught ", "panic: "):
        diagnose(for_language(name), "", _ended(filler * (262_144 // len(filler))))
        diagnose(for_language(name), "", _ended(filler * (262_144 // len(filler)), stage="compile"))


def test_a_crash_of_pythons_own_is_told_with_its_line() -> None:
    trace = (
        "Fatal Python error: Segmentation fault\n\nCurrent thread 0x1 (most recent call first):\n"
        '  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at\n'
        '  File "strategy.py", line 2 in <module>\n'
        '  File "/opt/windtunnel/program.py", line 80 in run\n'
    )
    fault = diagnose(for_language("python"), "import x\nx.crash()\n", _ended(trace, exit_code=None, signal=11))
    assert fault is not None
    assert (fault.type, fault.line, fault.source) == ("SIGSEGV", 2, "x.crash()")
    assert "a crash inside the interpreter or a native library" in fault.message
    assert "program.py" not in fault.traceback


@pytest.mark.parametrize("stderr", ["", "Fatal Python error: x", 'File "strategy.py", line 99999999'])
def test_a_crash_that_left_no_trace_has_no_line(stderr: str) -> None:
    fault = diagnose(for_language("python"), "x\n", _ended(stderr, exit_code=None, signal=6))
    assert fault is None or fault.line is None


OURS = '  File "/opt/windtunnel/program.py", line 99 in run\n'
SLEEPING = (
    'Thread 0x2 (most recent call first):\n  File "strategy.py", line 4 in poll\n  File "t.py", line 9 in run\n\n'
)


NOW = "Current thread 0x1 (most recent call first):\n"
MODULE = '  File "strategy.py", line 5 in <module>\n'
IN_LIBRARY = '  File "numpy.py", line 7 in sort\n  File "strategy.py", line 2 in f\n'


@pytest.mark.parametrize(
    ("place", "line", "message", "frame"),
    [
        (NOW + IN_LIBRARY + MODULE + OURS, 2, "", "f"),
        (SLEEPING + NOW + MODULE + OURS, 5, "", "<module>"),
        (SLEEPING + NOW + OURS.replace("run", "_leave"), 4, "a thread of it", "poll"),
    ],
)
def test_where_a_program_was_at_its_time_limit_is_told_by_the_line(
    place: str, line: int, message: str, frame: str
) -> None:
    transcript = _ended("", exit_code=None, signal=9, timed_out=True)
    transcript.take(Frame(b"W", place.encode()))
    fault = diagnose(for_language("python"), "one\n  two\nthree\n  four\nfive\n", transcript)
    assert fault is not None
    assert (fault.type, fault.line) == ("timed_out", line)
    assert fault.message.startswith("Still running at its time limit")
    assert message in fault.message
    assert fault.source == ["one", "two", "three", "four", "five"][line - 1]
    assert FRAME.findall(fault.traceback)[-1] == frame
    assert "program.py" not in fault.traceback


@pytest.mark.parametrize(
    "place",
    [b"\xff\n", b"Current thread 0x1\n" + b'  File "strategy.py", line 0 in f\n', b'  File "strategy.py", line ' * 999],
)
def test_a_forged_place_is_no_place(place: bytes) -> None:
    transcript = _ended("", exit_code=None, signal=9, timed_out=True)
    transcript.take(Frame(b"W", place))
    assert diagnose(for_language("python"), "one\n", transcript) is None


def test_a_rejected_promise_is_told_by_its_reason() -> None:
    said = (
        "[UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a "
        'catch block. The promise rejected with the reason "5".] {\n  code: 1\n}\n'
    )
    fault = diagnose(for_language("javascript"), "Promise.reject(5)", _ended(said))
    assert fault is not None
    assert (fault.type, fault.message) == ("UnhandledPromiseRejection", '"5"')
