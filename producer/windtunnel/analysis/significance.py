"""Is a Sharpe ratio more than luck? Closed formulas; the standard library only.

Sharpe ratios are per bar, never annual, unless a name says so. Skewness and kurtosis are population moments, and
kurtosis is not in excess (3 for a normal distribution). Sources: Bailey and López de Prado 2012 (probabilistic Sharpe
ratio, track record) and 2014 (expected maximum, deflated Sharpe ratio); Bailey, Borwein, López de Prado and Zhu 2014
(backtest length); Harvey and Liu 2015 (haircut); Lo 2002 (annualising).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import copysign, e, erfc, expm1, log1p, sqrt
from statistics import NormalDist
from typing import Literal

EULER_GAMMA = 0.5772156649015329
NORMAL = NormalDist()
SMALLEST_P = 1e-300

Correction = Literal["sidak", "holm", "bhy"]


def probabilistic_sharpe(
    sharpe: float, bars: int, skewness: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float | None:
    """Probability that the true Sharpe ratio is above the benchmark. None where fewer than two bars allow no answer."""
    spread = _spread(sharpe, skewness, kurtosis)
    if bars < 2 or spread <= 0:
        return None
    return below((sharpe - benchmark) * sqrt(bars - 1) / sqrt(spread))


def below(z: float) -> float:
    """The standard normal distribution at z, exact in its lower tail."""
    return 0.5 * erfc(-z / sqrt(2))


def _spread(sharpe: float, skewness: float, kurtosis: float) -> float:
    """Variance of an estimated Sharpe ratio, times the bars less one."""
    return 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2


def expected_maximum(trials: float) -> float:
    """Expected best of so many independent trials without skill, in standard deviations; 0 for one trial."""
    if trials <= 1:
        return 0.0
    return -(1 - EULER_GAMMA) * NORMAL.inv_cdf(1 / trials) - EULER_GAMMA * NORMAL.inv_cdf(1 / (trials * e))


def deflated_sharpe(
    sharpe: float, bars: int, skewness: float, kurtosis: float, *, trials: float, variance: float
) -> float | None:
    """Probability that the true Sharpe ratio is above what luck alone reaches.

    `variance` is that of the Sharpe ratios per bar over the trials.
    """
    noise = noise_level(trials, variance)
    return probabilistic_sharpe(sharpe, bars, skewness, kurtosis, benchmark=noise)


def noise_level(trials: float, variance: float) -> float:
    """The best Sharpe ratio to be expected of so many trials without skill, per bar."""
    return sqrt(variance) * expected_maximum(trials)


def minimum_track_record(
    sharpe: float, skewness: float = 0.0, kurtosis: float = 3.0, *, benchmark: float = 0.0, confidence: float = 0.95
) -> float | None:
    """Bars it takes to say with this confidence that the Sharpe ratio is above the benchmark; None if it is not."""
    if sharpe <= benchmark:
        return None
    return 1 + _spread(sharpe, skewness, kurtosis) * (NORMAL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2


def minimum_backtest_years(trials: float, annual_sharpe: float) -> float:
    """Years below which the best of so many trials without skill is expected to reach this annual Sharpe ratio."""
    return float((expected_maximum(trials) / annual_sharpe) ** 2)


def effective_trials(correlation: float, trials: int) -> float:
    """Independent trials that count for as much as so many with this mean correlation."""
    return correlation + (1 - correlation) * trials


def annualisation(correlations: Sequence[float], bars_a_year: int) -> float:
    """Factor from a Sharpe ratio per bar to an annual one, where returns correlate with those 1, 2, … bars before."""
    lags = enumerate(correlations[: bars_a_year - 1], start=1)
    return bars_a_year / sqrt(bars_a_year + 2 * sum((bars_a_year - lag) * value for lag, value in lags))


def p_value(annual_sharpe: float, years: float) -> float:
    """Probability of a Sharpe ratio as far from 0 without skill, on either side."""
    return 2 * below(-abs(annual_sharpe) * sqrt(years))


def haircut(annual_sharpe: float, years: float, trials: int) -> float:
    """What is left of an annual Sharpe ratio after Šidák's correction for so many trials."""
    return copysign(sharpe_of(sidak(p_value(annual_sharpe, years), trials), years), annual_sharpe)


def sharpe_of(p: float, years: float) -> float:
    """The annual Sharpe ratio that has this two-sided p-value; 0 for a p-value of 1."""
    return -NORMAL.inv_cdf(max(p, SMALLEST_P) / 2) / sqrt(years) if p < 1 else 0.0


def haircuts(annual_sharpes: Sequence[float], years: float, method: Correction = "bhy") -> list[float]:
    """What is left of each annual Sharpe ratio when all of these were tried, in their order."""
    found = [p_value(sharpe, years) for sharpe in annual_sharpes]
    adjusted = [sidak(p, len(found)) for p in found] if method == "sidak" else _stepwise(found, method)
    return [copysign(sharpe_of(p, years), sharpe) for p, sharpe in zip(adjusted, annual_sharpes, strict=True)]


def sidak(p: float, trials: int) -> float:
    """Probability that the best of so many independent trials without skill has a p-value this low."""
    return -expm1(trials * log1p(-p)) if p < 1 else 1.0


def _stepwise(found: Sequence[float], method: Correction) -> list[float]:
    """Adjusted p-values by Holm, or by Benjamini, Hochberg and Yekutieli."""
    count = len(found)
    order = sorted(range(count), key=found.__getitem__)
    if method == "holm":
        raised = [min(1.0, (count - rank) * found[place]) for rank, place in enumerate(order)]
        steps = list(accumulate(raised, max))
    else:
        harmonic = sum(1 / rank for rank in range(1, count + 1))
        raised = [min(1.0, count * harmonic / (rank + 1) * found[place]) for rank, place in enumerate(order)]
        steps = list(accumulate(reversed(raised), min))[::-1]
    adjusted = [0.0] * count
    for place, p in zip(order, steps, strict=True):
        adjusted[place] = p
    return adjusted
