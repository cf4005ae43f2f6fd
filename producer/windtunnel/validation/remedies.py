"""Remedies for one job: a verdict is stored for a program, whichever job it comes in, and knows no datasets.

May import the contract.
"""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.contract import Issue, SecurityLevel, Verdict

GENERIC = "data by the dataset's name"
"""What remedies say of datasets until a job's own are known."""
MOST_NAMED = 4
MISSING = "imports.not_allowed"


def with_datasets(text: str, datasets: Sequence[str]) -> str:
    """Name a job's datasets in a remedy."""
    if not datasets:
        return text
    named = " or ".join(f'data["{name}"]' for name in datasets[:MOST_NAMED])
    more = f" (and {len(datasets) - MOST_NAMED} more)" if len(datasets) > MOST_NAMED else ""
    return text.replace(GENERIC, named + more)


def for_job(verdict: Verdict, datasets: Sequence[str]) -> Verdict:
    """Give the verdict with remedies that name a job's datasets."""
    issues = tuple(
        issue.model_copy(
            update={"message": with_datasets(issue.message, datasets), "fix": with_datasets(issue.fix, datasets)}
        )
        for issue in verdict.issues
    )
    return verdict.model_copy(update={"issues": issues})


def rejection(verdict: Verdict, datasets: Sequence[str]) -> str:
    """Say in a few sentences why a program was rejected: all libraries it lacks at once, or the worst finding."""
    worst = [issue for issue in for_job(verdict, datasets).issues if issue.severity >= SecurityLevel.HIGH]
    if not worst:
        return "The program was rejected without a finding. Report this program: the fault is the validator's."
    missing = [issue for issue in worst if issue.rule == MISSING]
    shown = missing if missing and worst[0].severity <= missing[0].severity else worst[:1]
    said = {issue.message: issue for issue in reversed(shown)}  # each once, at its first line
    found = list(reversed(said.values()))
    fixes = [issue.fix for issue in found[1:]] + [""]
    sentences = [_sentence(issue, with_fix=issue.fix != fix) for issue, fix in zip(found, fixes, strict=True)]
    left = len(worst) - len(shown)
    more = f" And {left} more." if left else ""
    return " ".join(sentences) + more


def _sentence(issue: Issue, *, with_fix: bool) -> str:
    where = f"Line {issue.line}: " if issue.line else ""
    return f"{where}{issue.message} {issue.fix if with_fix else ''}".strip()
