"""Verdicts as text: for people, and for the model that wrote the program. Pure functions."""

from __future__ import annotations

from windtunnel.contract import Issue, SecurityLevel, Verdict

MOST_SHOWN = 50
_CEILING = {
    SecurityLevel.SAFE: 100,
    SecurityLevel.LOW: 95,
    SecurityLevel.MEDIUM: 75,
    SecurityLevel.HIGH: 40,
    SecurityLevel.CRITICAL: 10,
}
_FLOOR = {
    SecurityLevel.SAFE: 100,
    SecurityLevel.LOW: 80,
    SecurityLevel.MEDIUM: 50,
    SecurityLevel.HIGH: 15,
    SecurityLevel.CRITICAL: 0,
}


def score(issues: tuple[Issue, ...]) -> int:
    """From 0 to 100: the worst finding sets the band, the number of findings the place in it."""
    worst = max((issue.severity for issue in issues), default=SecurityLevel.SAFE)
    if worst is SecurityLevel.SAFE:
        return 100
    weight = sum(1 << issue.severity for issue in issues if issue.severity) // (1 << worst)
    return max(_FLOOR[worst], _CEILING[worst] - 5 * (weight - 1))


def format_report(verdict: Verdict) -> str:
    """Give a verdict as text for a terminal or a log; text from the program is escaped."""
    state = "safe" if verdict.safe else "REJECTED"
    head = (
        f"{state}: {verdict.language}, score {verdict.score}/100, level {verdict.security_level.name}, "
        f"{len(verdict.issues)} finding{'' if len(verdict.issues) == 1 else 's'}, policy {verdict.policy}"
    )
    lines = [head]
    for issue in verdict.issues[:MOST_SHOWN]:
        place = f"line {issue.line}:{issue.column}" if issue.line else "whole text"
        level = "HINT" if issue.severity is SecurityLevel.SAFE else issue.severity.name
        lines.append(f"  {level:<8} {place:<12} {issue.rule}: {issue.message}")
        if issue.text:
            lines.append(f"{'':11}| {issue.text}")
        lines.append(f"{'':11}→ {issue.fix}")
    if len(verdict.issues) > MOST_SHOWN:
        lines.append(f"  … and {len(verdict.issues) - MOST_SHOWN} more")
    return "\n".join(lines)


def format_prompt(verdict: Verdict) -> str:
    """Give a compact text to paste back into the model that wrote the program."""
    if verdict.safe:
        hints = [issue for issue in verdict.issues if issue.category == "lookahead"]
        if not hints:
            return "The program passed the checks."
        lines = ["The program passed the checks. It may be looking ahead; check these lines:"]
        lines += [f"- line {issue.line}: {issue.message} {issue.fix}" for issue in hints[:10]]
        return "\n".join(lines)
    lines = [
        "The program was rejected before it ran. Change only what is listed, keep the strategy's logic, and "
        "return the whole program.",
        "It has `data` (mapping of name to pandas DataFrame), `params` (dict) and `emit(name=value)`; there is no "
        "network, files can be used in the working folder only, and only numeric libraries can be imported.",
    ]
    for issue in [one for one in verdict.issues if one.severity >= SecurityLevel.HIGH][:20]:
        where = f"line {issue.line}" if issue.line else "program"
        code = f" `{issue.text[:100]}`" if issue.text else ""
        lines.append(f"- {where}{code}: {issue.message} Instead: {issue.fix} [{issue.rule}]")
    return "\n".join(lines)
