"""Formats the figures of scores for a terminal. May import the contract."""

from __future__ import annotations

import json
from typing import Any

from windtunnel.contract import Report, Score
from windtunnel.texts import short

PERCENT = {"total_return", "annual_return", "volatility", "max_drawdown", "hit_rate", "exposure"}
OF_A_CURVE = ("total_return", "annual_return", "volatility", "sharpe", "sortino", "calmar", "max_drawdown")
COMPARED = (*OF_A_CURVE, "max_drawdown_bars", "trades", "turnover", "exposure", "hit_rate")
"""The figures by which jobs are compared."""
UNDEFINED = "-"
HUGE = 1e6
"""From here on figures are written as powers of ten."""


def figure(name: str, value: float | None) -> str:
    """A figure in its usual form; a dash where it is undefined."""
    if value is None:
        return UNDEFINED
    if isinstance(value, float) and abs(value) >= HUGE:
        return f"{value:.1e}"
    if name in PERCENT:
        return f"{value:z.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:z,.2f}"


def value_of(found: Score, name: str) -> Any:
    """A figure of a score, by its name in `Metrics` or `Trading`."""
    return getattr(found.metrics, name) if hasattr(found.metrics, name) else getattr(found.trading, name)


def stage_of(report: Report) -> str:
    """The stage of a cascade that a report is about, as `1 of 2`; empty without a cascade."""
    return f"{report.stage} of {report.stage_count}" if report.stage_count > 1 else ""


def title_of(report: Report) -> str:
    """A job's name with its parameters, by which the jobs of a sweep are told apart."""
    params = (f"{short(name, 40)}={rounded(value, 40)}" for name, value in report.params.items())
    return " ".join([report.name, *params])


def plain_text(value: object) -> str:
    """A text as it is, any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rounded(value: object, most: int = 120) -> str:
    """A number rounded, any other value as text of at most so many characters."""
    return f"{value:.6g}" if isinstance(value, float) else short(plain_text(value), most)
