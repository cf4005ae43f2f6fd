"""The rules for Python as data: what is dangerous, how much, why, and what to write instead."""

from __future__ import annotations

from windtunnel.contract import SecurityLevel

CRITICAL, HIGH = SecurityLevel.CRITICAL, SecurityLevel.HIGH

_DATA = "Datasets are in `data`; results go to emit()."
_PURE = "A strategy runs in one process; compute on whole columns instead."

IMPORTS: dict[str, tuple[SecurityLevel, str, str]] = {
    "os": (CRITICAL, "reaches the operating system", _DATA),
    "sys": (HIGH, "reaches the interpreter", "Leave it out; parameters are in `params`."),
    "subprocess": (CRITICAL, "starts programs", _PURE),
    "socket": (CRITICAL, "opens network connections", "There is no network; " + _DATA),
    "urllib": (CRITICAL, "opens network connections", "There is no network; " + _DATA),
    "requests": (CRITICAL, "opens network connections", "There is no network; " + _DATA),
    "shutil": (CRITICAL, "changes files", _DATA),
    "pathlib": (HIGH, "reaches files", _DATA),
    "glob": (HIGH, "searches files", "The names of the datasets are list(data)."),
    "pickle": (CRITICAL, "runs code while loading", "Give plain values to emit()."),
    "shelve": (CRITICAL, "runs code while loading", "Give plain values to emit()."),
    "multiprocessing": (HIGH, "starts processes", _PURE),
    "threading": (HIGH, "starts threads", _PURE),
}

BUILTINS: dict[str, tuple[SecurityLevel, str, str]] = {
    "eval": (CRITICAL, "runs text as code", "Write the expression itself, or a dict of functions."),
    "exec": (CRITICAL, "runs text as code", "Write the code itself."),
    "compile": (CRITICAL, "makes code of text", "Write the code itself."),
    "__import__": (CRITICAL, "imports by name", "Use an import statement."),
    "open": (HIGH, "reaches files", _DATA),
    "input": (HIGH, "waits for a person", "Read `params` instead."),
}

METHODS: dict[str, tuple[SecurityLevel, str, str]] = {
    "system": (HIGH, "starts programs", _PURE),
    "popen": (HIGH, "starts programs", _PURE),
    "spawn": (HIGH, "starts programs", _PURE),
}

ATTRIBUTES: dict[str, tuple[SecurityLevel, str, str]] = dict.fromkeys(
    ("__dict__", "__class__", "__bases__", "__subclasses__", "__code__", "__globals__"),
    (CRITICAL, "leads from an object to the interpreter's inside", "Use the object's public methods."),
)

CEILING_OF_SCORE = {
    SecurityLevel.SAFE: 100,
    SecurityLevel.LOW: 90,
    SecurityLevel.MEDIUM: 70,
    SecurityLevel.HIGH: 40,
    SecurityLevel.CRITICAL: 10,
}
