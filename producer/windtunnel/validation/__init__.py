"""Static validation: source text in, verdict out. May import tree-sitter, the contract and errors.

A filter in front of the sandbox, which is the boundary. README.md beside this file says how it judges and what it
does not catch.
"""

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
