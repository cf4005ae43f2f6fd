"""The result of validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

from pydantic import Field

from windtunnel.contract.base import Contract


class SecurityLevel(IntEnum):
    """How dangerous a finding is. Strict mode rejects HIGH and above; CRITICAL is always rejected."""

    SAFE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Issue(Contract):
    """One finding of validation, with a remedy."""

    severity: SecurityLevel
    rule: str
    """Stable identifier, `family.rule`."""
    category: str
    message: str
    line: int
    """From 1; 0 if the finding is about the whole text."""
    column: int
    """From 1, in characters; 0 if there is none."""
    text: str
    """The line's text, cut at 200 characters."""
    fix: str


class Verdict(Contract, Mapping[str, Any]):
    """The result of validating one program."""

    safe: bool
    score: int = Field(ge=0, le=100)
    """100 without findings; otherwise it depends mainly on the worst one."""
    security_level: SecurityLevel
    issues: tuple[Issue, ...] = ()
    language: str
    duration_ms: float
    policy: str
    """Name and digest of the policy that judged."""
    code_sha256: str = ""
    """Digest of the text that was judged; no other text may run on this verdict."""
    imports: tuple[str, ...] = ()
    """Top-level modules the program imports, sorted; the sandbox may preload them."""

    # The original system's verdict was a dictionary: `verdict["safe"]` reads as `verdict.safe` does.

    def __getitem__(self, name: str) -> Any:
        if name not in type(self).model_fields:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(type(self).model_fields)

    def __len__(self) -> int:
        return len(type(self).model_fields)
