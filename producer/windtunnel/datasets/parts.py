"""The first bars of a table as a table of their own. Imports pandas, and so only where a dataset is made."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets import quality
from windtunnel.datasets.inspection import Inspected
from windtunnel.errors import FieldProblem, InvalidInput

FEWEST = 2
"""Bars of either part: fewer have no Sharpe ratio."""


def share_of(given: str | float) -> float:
    """The share that `20%` or `0.2` stands for; `InvalidInput` unless it is between 0 and 1."""
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d*)?|\.\d+)\s*(%?)\s*", str(given))
    share = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not 0.0 < share < 1.0:
        raise _refused(f"{given!r} is not a share of the bars", "Give for example 20% or 0.2.")
    return share


def visible_part(whole: Inspected, share: float) -> Inspected:
    """The table without its last share of bars, and what is known of that part alone.

    Findings of the reader are left out: they are about the whole file. `InvalidInput` where the bars are in no order.
    """
    index = whole.frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.hasnans or not index.is_unique:
        raise _refused("needs one time for each bar", "Name their column with --time-column, or --drop-duplicates.")
    if not index.is_monotonic_increasing:
        raise _refused("needs bars in the order of their times", "Give --sort.")
    kept = len(index) - round(share * len(index))
    if min(kept, len(index) - kept) < FEWEST:
        raise _refused(f"{share:.3g} of {len(index):,} bars leaves one part empty", "Give another share, or more data.")
    return first_bars(whole, kept)


def first_bars(whole: Inspected, bars: int) -> Inspected:
    """The first bars of a table, and what is known of them alone."""
    frame = _without_traces(whole.frame.iloc[:bars])
    found: list[DataFinding] = list(quality.find(frame))
    facts = quality.facts(frame, found, whole.facts.options, whole.facts.zone)
    return replace(whole, frame=frame, facts=facts, changed=True)


def _without_traces(part: Any) -> Any:
    """The rows as a table of their own: without the categories and notes of those that are left out."""
    frame = part.copy()
    frame.attrs = {}
    for name, kind in frame.dtypes.items():
        if isinstance(kind, pd.CategoricalDtype):
            frame[name] = frame[name].cat.remove_unused_categories()
    return frame


def _refused(problem: str, remedy: str) -> InvalidInput:
    return InvalidInput([FieldProblem("holdout", problem)], remedy=f"Nothing was stored. {remedy}")
