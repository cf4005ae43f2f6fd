"""Does a program see the future? Which runs to make on changed data, and what their positions say.

The runs themselves happen in a sandbox, each in a process of its own, so that none remembers another; the positions
are compared here, where the program cannot reach. Prices after a bar are changed, or cut off, and the positions up to
it must stay the same. Cuts at round bars miss leaks that follow weeks or hours, so none is a multiple of five.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from windtunnel.contract.lookahead import Change, LookAhead, Probe, Probed, Sight
from windtunnel_worker.scoring.inputs import Floats, Positions, Times, stamp

EARLY = (2, 10, 22, 50)
"""Bounds of the first bars that are chosen: back-filled gaps show only before the first value."""
LATER_BARS = 6
MOST_BARS = 100_000
"""On more the check is not made: it would take too long."""
UNSTABLE = "Two runs on the same data gave different positions: seed what draws numbers, and do not use the clock."
NOT_RUN = "the time limit left too little for it"
TOO_FEW = "there are too few bars to change some and keep others"
TOLERANCE = 1e-9
"""Sums over arrays of different lengths may be rounded differently."""


def plan(bars: int, seed: int = 0) -> tuple[Probe, ...]:
    """The runs to make on data with so many bars: one without a change, and at each chosen bar a cut and two paths."""
    rng = np.random.default_rng([seed, bars])
    early = [bound for bound in EARLY if bound < bars]
    edges = [*early[:-1], *np.linspace(early[-1], bars, LATER_BARS + 1).astype(int).tolist()] if early else []
    ranges = [(low, high) for low, high in pairwise(edges) if high > low]
    chosen = {_unaligned(rng, low, high, place) for place, (low, high) in enumerate(ranges)}
    probes = [Probe(change=Change.REPEAT, bar=bars)]
    for bar in sorted(one for one in chosen if 0 < one < bars):
        kinds = (Change.CUT, Change.SCATTER, Change.MIRROR)
        probes += [Probe(change=kind, bar=bar, seed=int(rng.integers(2**31))) for kind in kinds]
    return tuple(probes)


def _unaligned(rng: np.random.Generator, low: int, high: int, place: int) -> int:
    """A bar in [low, high), no multiple of five, and on another weekday each time where there is room."""
    bar = int(rng.integers(low, high))
    wanted = bar - bar % 5 + 1 + place % 4
    return wanted if low <= wanted < high else bar + (bar % 5 == 0)


def compare(full: Positions, other: Positions, bars: Times, probe: Probe) -> Probed:
    """Compare the positions before the probe's bar; one that only one of the runs has counts as different."""
    before = bars[: probe.bar]
    left, right = _on(full, before), _on(other, before)
    same = np.isclose(left, right, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True).all(axis=1)
    wrong = np.flatnonzero(~same)
    first = int(wrong[0]) if len(wrong) else None
    return Probed(probe=probe, compared=len(before), differing=len(wrong), first=first)


def _on(positions: Positions, bars: Times) -> Floats:
    """Positions (bars, datasets) on these bars, NaN where there are none."""
    found = np.full((len(bars), positions.weights.shape[1]), np.nan)
    _, here, there = np.intersect1d(bars, positions.times, return_indices=True)
    found[here] = positions.weights[there]
    return found


def judge(full: Positions, runs: Mapping[Probe, Positions | str], bars: Times, probes: Sequence[Probe]) -> LookAhead:
    """The answer, from the positions of each run or the reason why it gave none."""
    found = [_result(full, runs.get(probe, NOT_RUN), bars, probe) for probe in probes]
    usable = [one for one in found if not one.failed]
    changed = [one for one in usable if one.differing]
    made = _made(found)
    if not [one for one in usable if one.probe.change is not Change.REPEAT]:
        reason = next((one.failed for one in found if one.failed), TOO_FEW)
        message = f"No run on changed data gave positions: {reason}."
        return LookAhead(sight=Sight.UNCHECKED, message=message, probes=tuple(found))
    for sight, kinds, message in (
        (Sight.UNSTABLE, (Change.REPEAT,), UNSTABLE),
        (Sight.LEAKS, (Change.SCATTER, Change.MIRROR), "Its positions change when only later prices are changed"),
        (Sight.LENGTH, (Change.CUT,), "Its positions depend on how many bars there are, not on later prices"),
    ):
        differing = [one for one in changed if one.probe.change in kinds]
        if differing:
            first = min(one.first for one in differing if one.first is not None)
            where = "" if sight is Sight.UNSTABLE else f", first at bar {first} ({stamp(bars[first])}). {made}"
            return LookAhead(sight=sight, message=message + where, first=first, probes=tuple(found))
    return LookAhead(sight=Sight.CLEAN, message=f"No earlier position changed. {made}", probes=tuple(found))


def _result(full: Positions, run: Positions | str, bars: Times, probe: Probe) -> Probed:
    if isinstance(run, str):
        return Probed(probe=probe, failed=run)
    if run.weights.shape[1] != full.weights.shape[1]:
        return Probed(probe=probe, failed="it gave another number of columns")
    return compare(full, run, bars, probe)


def _made(found: Sequence[Probed]) -> str:
    changed = [one for one in found if one.probe.change is not Change.REPEAT]
    at = sorted({one.probe.bar for one in changed if not one.failed})
    made = f"The data was cut and changed from bars {', '.join(map(str, at))} on."
    late = sum(one.failed == NOT_RUN for one in changed)
    return f"{made} The time limit left too little for {late} of {len(changed)} such runs." if late else made
