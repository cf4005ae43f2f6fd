"""Describes why a job failed, in the same words for the same reason."""

from __future__ import annotations

import re

from windtunnel.contract import Failure, Issue, Outcome, Report, Verdict

MESSAGE_CHARS = 200
NAME_CHARS = 128
FRAME = re.compile(r'^  File "[^"]*strategy[^"]*", line \d+, in (\S+)$', re.MULTILINE)
VARYING = (
    (re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b(?=\d*[a-fA-F])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b"), "<id>"),
    (re.compile(r"0x[0-9a-fA-F]+"), "0x…"),
    (re.compile(r"'[^']{41,}'|\"[^\"]{41,}\""), "'…'"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?"), "<time>"),
    (re.compile(r"(?<![\w.])[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?(?!\w*\d|x…)"), "<n>"),
    (re.compile(r"<n>([,;\s]\s*<n>)+,?"), "<n>"),  # lists of any length, and thousands
    (re.compile(r"(?<!\w)\[\s*\]"), "[<n>]"),
    (re.compile(r"\s+"), " "),
)


def failure_of(report: Report) -> Failure | None:
    """Why a job failed; None if it succeeded. Finalizers store it in the report; older reports do not have it."""
    if report.outcome is Outcome.SUCCEEDED:
        return None
    error = report.execution.error if report.execution else None
    if report.outcome is Outcome.REJECTED and report.validation and report.validation.issues:
        issue = worst(report.validation)
        return Failure(type=issue.rule, message=normal(issue.message))
    if error is None:
        return Failure(type=report.outcome.value, message=normal(report.message))
    frames = FRAME.findall(error.traceback)
    return Failure(
        type=error.type[:NAME_CHARS], message=normal(error.message), frame=frames[-1][:NAME_CHARS] if frames else ""
    )


def normal(message: str) -> str:
    """A message without details that vary from job to job, such as numbers and times."""
    text = message[: 20 * MESSAGE_CHARS]
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return text.strip()[:MESSAGE_CHARS]


def worst(verdict: Verdict) -> Issue:
    """The finding that a program was rejected for; there must be one."""
    return max(verdict.issues, key=lambda issue: (issue.severity, -issue.line))
