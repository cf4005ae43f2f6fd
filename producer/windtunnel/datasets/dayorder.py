"""Decides whether dates such as 01/02/2024 have the day or the month first: given, proved by the data, or refused."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets import timeforms
from windtunnel.datasets.refusal import finding, refuse, shown


def day_first(found: timeforms.Parts, texts: Any, name: str, given: bool | None) -> tuple[bool, DataFinding | None]:
    """Whether the first number is the day, and a finding that says how that was decided.

    `texts` are the dates, `found` their parts, `given` what the user said. A number over 12 is a proof, since it must
    be a day. Raises `DataRefused` if the dates contradict each other or the user, or if nothing decides.
    """
    one, two = found["a"], found["c"]
    over_12, second_over_12 = np.flatnonzero(one > 12), np.flatnonzero(two > 12)
    if len(over_12) and len(second_over_12):
        _refuse_mixed(texts, name, over_12[0], second_over_12[0])
    proofs = over_12 if len(over_12) else second_over_12
    proved = bool(len(over_12)) if len(proofs) else None
    if given is not None:
        if proved is not None and given != proved:
            _refuse_given(texts, name, given, proofs[0])
        return given, None
    if proved is not None:
        order = "day first" if proved else "month first"
        proof = f"{shown(str(texts[int(proofs[0])]))} in row {proofs[0] + 1} proves it"
        kind = order.replace(" ", "_")
        return proved, finding(kind, f"{name} was read {order}: {proof}.", column=name, rows=[proofs[0]])
    if bool((one == two).all()):
        return True, None
    if "." in str(texts[int(np.flatnonzero(found.matched)[0])])[:6]:
        message = f"{name} was read as day.month.year, the one order that is written with points."
        return True, finding("day_first", message, column=name)
    return _refuse_undecided(found, texts, name)


def _refuse_mixed(texts: Any, name: str, day: int, month: int) -> NoReturn:
    refuse(
        "day_or_month",
        f"{name} mixes day first ({shown(str(texts[int(day)]))} in row {day + 1}) "
        f"and month first ({shown(str(texts[int(month)]))} in row {month + 1})",
        "Write the dates as YYYY-MM-DD.",
        column=name,
        rows=[day, month],
    )


def _refuse_given(texts: Any, name: str, given: bool, row: int) -> NoReturn:
    option = "--dayfirst" if given else "--no-dayfirst"
    refuse(
        "day_or_month",
        f"{option[2:]} was given, but {shown(str(texts[int(row)]))} in row {row + 1} proves the opposite",
        f"Leave out `{option}`.",
        column=name,
        rows=[row],
    )


def _refuse_undecided(found: timeforms.Parts, texts: Any, name: str) -> NoReturn:
    last = len(found.matched) - 1
    spans = []
    for day, month in ((found["a"], found["c"]), (found["c"], found["a"])):
        days, _ = timeforms.dates(found["y"], month, day)
        spans.append(" … ".join(str(np.datetime64(int(days[row]), "D")) for row in (0, last)))
    refuse(
        "day_or_month",
        f"{name} holds dates such as {shown(str(texts[0]))} and nothing shows which number is the day: "
        f"day first they run {spans[0]}, month first {spans[1]}",
        "Say which with `--dayfirst` or `--no-dayfirst`.",
        column=name,
    )
