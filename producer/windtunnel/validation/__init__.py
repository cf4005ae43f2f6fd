"""Static validation: source text in, verdict out. May import tree-sitter, the contract and errors.

A filter in front of the sandbox, which is the boundary. README.md beside this file says how it judges and what it
does not catch. The validator is not loaded before it is used: who only reads verdicts does without.
"""

from windtunnel.lazy import TYPE_CHECKING
from windtunnel.lazy import deferred as _deferred

if TYPE_CHECKING:
    from windtunnel.contract import Issue, SecurityLevel, Verdict
    from windtunnel.validation.report import format_prompt, format_report
    from windtunnel.validation.validator import SecurityValidator

__all__ = [
    "Issue",
    "SecurityLevel",
    "SecurityValidator",
    "Verdict",
    "format_prompt",
    "format_report",
]

_HOMES = ("report", "validator")
"""The modules in which names are searched."""

if not TYPE_CHECKING:  # a type checker knows the names from above, and reports those that do not exist
    __getattr__, __dir__ = _deferred(__name__, __all__, _HOMES)
