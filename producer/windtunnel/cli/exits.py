"""The exit codes of every command. Imports nothing."""

from __future__ import annotations

DONE = 0
NOT_SUCCEEDED = 1
"""A program did not succeed or is unsafe, or `check`, `repro` or `doctor` found a fault."""
COULD_NOT = 2
"""The command was used wrongly or could not be carried out; standard error says why."""
INTERRUPTED = 130
"""Ctrl-C. Submitted jobs continue."""

EXPLAINED = (
    "Exit codes: 0 done; 1 a program did not succeed or is unsafe, or check, repro or doctor found a fault; "
    "2 the command could not be carried out, and standard error says why; 130 interrupted."
)
