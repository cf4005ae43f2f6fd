"""The face of validation: text in, verdict out. A filter in front of the sandbox, not the wall."""

from __future__ import annotations

import time

from windtunnel.contract import LANGUAGES, SecurityLevel, Verdict
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel_worker.validation import python
from windtunnel_worker.validation.python_rules import CEILING_OF_SCORE


class SecurityValidator:
    """Judges programs. Strict mode rejects HIGH and above; CRITICAL is always rejected."""

    def __init__(self, strict_mode: bool = True) -> None:
        self._reject_from = SecurityLevel.HIGH if strict_mode else SecurityLevel.CRITICAL

    def validate_code(self, code: str, language: str = "python") -> Verdict:
        """The verdict on the exact text that would run; `InvalidInput` for an unknown language."""
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise InvalidInput([FieldProblem("language", f"{language!r} is not supported; known are: {known}")])
        begun = time.perf_counter()
        issues, modules = python.analyse(code)
        worst = max((issue.severity for issue in issues), default=SecurityLevel.SAFE)
        return Verdict(
            safe=worst < self._reject_from,
            score=max(0, CEILING_OF_SCORE[worst] - 2 * max(0, len(issues) - 1)),
            security_level=worst,
            issues=tuple(issues[:100]),
            language=language,
            duration_ms=round(1000 * (time.perf_counter() - begun), 3),
            policy=python.policy(),
            imports=modules,
        )

    def format_report(self, verdict: Verdict) -> str:
        """The verdict in lines for a terminal or a log."""
        return format_report(verdict)


def format_report(verdict: Verdict) -> str:
    """The verdict in lines for a terminal or a log."""
    head = f"{'safe' if verdict.safe else 'UNSAFE'}: score {verdict.score}/100, {verdict.security_level.name}"
    lines = [head]
    for issue in verdict.issues:
        lines.append(f"  line {issue.line}: {issue.severity.name} [{issue.rule}] {issue.message}")
        if issue.text:
            lines.append(f"    {issue.text}")
        lines.append(f"    → {issue.fix}")
    return "\n".join(lines)
