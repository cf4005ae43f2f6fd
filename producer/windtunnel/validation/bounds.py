"""Bounds of a text before it is parsed: its size, its lines and how deep it can nest. Linear; no recursion.

What passes here can be parsed without fear of an exhausted C stack.
"""

from __future__ import annotations

import re

from windtunnel.validation import depth
from windtunnel.validation.findings import Findings
from windtunnel.validation.policy import Policy

_STOPPING = frozenset("input.nul input.empty input.too_large input.line input.too_deep".split())
_RUN = re.compile(r"[^;{}]+")
_ANGLE = re.compile(r"(?<!<)<(?![<=])")
_BRACKETS = re.compile(r"[()\[\]{}]")
_WORDLIKE = re.compile(r"\w+|[^\w\s]")


def stops(findings: Findings) -> bool:
    """Say whether what was found so far forbids parsing the text."""
    return any(issue.rule in _STOPPING for issue in findings.issues())


def _check_brackets(text: str, policy: Policy, findings: Findings) -> None:
    """Count brackets from above, those in strings included."""
    nested = deepest = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in "([{":
            nested += 1
            deepest = max(deepest, nested)
        else:
            nested = max(nested - 1, 0)
    if deepest > policy.bound("depth"):
        said = f"Brackets nest {deepest} deep; at most {policy.bound('depth')} are taken."
        findings.add("input.too_deep", None, said)


def _check_runs(text: str, policy: Policy, findings: Findings) -> None:
    """Bound what stands between two separators: a grammar multiplies the readings it keeps open."""
    most, angles = int(policy.data["bounds"].get("run", 0)), int(policy.data["bounds"].get("angles", 0))
    if not most:
        return
    for found in _RUN.finditer(text):
        run = found[0]
        wide = len(run) > 4 * angles and any(len(_WORDLIKE.findall(one)) > most for one in run.split(","))
        if wide or (len(run) > angles and len(_ANGLE.findall(run)) > angles):
            line = text.count("\n", 0, found.start()) + 1
            findings.add("input.too_deep", (line, 0), f"More than {angles} '<' or {most} words without ; , or a brace.")
            return


def check(text: str, policy: Policy, findings: Findings, language: str = "python") -> None:
    """Refuse a text that is empty, or too large, wide or deep to be parsed and walked in the time there is."""
    if not text or text.isspace():
        findings.add("input.empty", None, "The program is empty.")
    elif not (_is_too_large(text, policy, findings) or _is_too_wide(text, policy, findings)):
        if language == "python":
            _check_depth(text, policy, findings)
        else:
            _check_brackets(text, policy, findings)
            _check_runs(text, policy, findings)


def _is_too_large(text: str, policy: Policy, findings: Findings) -> bool:
    most = policy.bound("bytes")
    if len(text) > most or (len(text) > most // 4 and len(text.encode(errors="replace")) > most):
        findings.add("input.too_large", None, f"The text is over {most:,} bytes.")
        return True
    most = policy.bound("tokens")
    tokens = len(_WORDLIKE.findall(text)) if len(text) > most else 0
    if tokens > most:
        said = f"The text has {tokens:,} words and signs; at most {most:,} are taken."
        findings.add("input.too_large", None, said)
    return tokens > most


def _is_too_wide(text: str, policy: Policy, findings: Findings) -> bool:
    widest = policy.bound("line_characters")
    for number, line in enumerate(findings.lines(), 1) if len(text) > widest else ():
        if len(line) > widest:
            findings.add("input.line", (number, 0), f"The line has {len(line):,} characters; at most {widest:,}.")
            return True
    return False


def _check_depth(text: str, policy: Policy, findings: Findings) -> None:
    most = policy.bound("depth")
    found, line = depth.deepest(text)
    if found > most:
        said = f"Brackets, blocks, operators or calls nest {found} deep; at most {most} are taken."
        findings.add("input.too_deep", (line, 0), said)
