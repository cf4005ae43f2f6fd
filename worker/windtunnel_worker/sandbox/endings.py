"""What a signal or an exit code means, in words. Pure."""

from __future__ import annotations

import signal

SIGNALS = {
    signal.SIGSEGV: "a crash inside the interpreter or a native library",
    signal.SIGBUS: "a crash inside the interpreter or a native library: memory that is not there",
    signal.SIGILL: "a crash inside the interpreter or a native library: an instruction that this processor lacks",
    signal.SIGFPE: "a crash inside a native library: an integer was divided by zero",
    signal.SIGABRT: "the interpreter or a native library gave up; stderr may say why",
    signal.SIGTRAP: "the runtime gave up; stderr may say why",
    signal.SIGSYS: "a system call that the sandbox does not allow",
    signal.SIGKILL: "killed by itself or by one of its own processes; it had hit no limit",
    signal.SIGTERM: "asked to end, by itself or by one of its own processes",
    signal.SIGINT: "interrupted, by itself or by one of its own processes",
    signal.SIGHUP: "hung up, by itself or by one of its own processes",
    signal.SIGQUIT: "asked to quit, by itself or by one of its own processes",
    signal.SIGPIPE: "it wrote to a pipe that nothing reads",
    signal.SIGALRM: "a timer that it had set itself ran out",
}
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}
"""Of which Python's `faulthandler` writes where they happened."""
EXIT_CODES = {
    1: "it gave no reason; `sys.exit('reason')` or an exception would",
    2: "as a program does whose command line was not understood; it gets no arguments",
    120: "as Python does that could not write its last output",
    124: "as `timeout` does when a command took too long",
    126: "as a shell does that may not run a command",
    127: "as a shell does that finds no such command",
}


def of_signal(number: int) -> str:
    """`signal 11, SIGSEGV: a crash …`."""
    try:
        known = signal.Signals(number)
    except ValueError:
        return f"signal {number}"
    meaning = SIGNALS.get(known)
    return f"signal {number}, {known.name}" + (f": {meaning}" if meaning else "")


def of_exit_code(code: int) -> str:
    """`code 139, as a shell does of a command that ended by signal 11, SIGSEGV: a crash …`."""
    if code in EXIT_CODES:
        return f"code {code}: {EXIT_CODES[code]}"
    if 128 < code <= 128 + signal.NSIG - 1:
        return f"code {code}, as a shell does after a command's {of_signal(code - 128)}"
    return f"code {code}"
