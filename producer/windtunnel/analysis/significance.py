"""Tests whether a Sharpe ratio is more than luck, in closed form. Standard library only.

Sharpe ratios are per bar unless a name says annual. Skewness and kurtosis are population moments, and the kurtosis of a
normal distribution is 3. Sources: Bailey and López de Prado 2012 (probabilistic Sharpe ratio, track record) and 2014
(expected maximum, deflated Sharpe ratio); Bailey, Borwein, López de Prado and Zhu 2014 (backtest length); Harvey and
Liu 2015 (haircut).
"""

from __future__ import annotations

from math import copysign, e, erfc, expm1, inf, isfinite, log1p, sqrt
from statistics import NormalDist

EULER_GAMMA = 0.5772156649015329
NORMAL = NormalDist()
SMALLEST_P = 1e-300


def probabilistic_sharpe(
    sharpe: float, bars: int, skewness: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float | None:
    """Probability that the true Sharpe ratio is above the benchmark.

    None for fewer than two bars, and for figures that no returns have: not finite, or of no positive variance.
    """
    spread = _spread(sharpe, skewness, kurtosis)
    if bars < 2 or not 0 < spread < inf or not isfinite(benchmark):
        return None
    return below((sharpe - benchmark) * sqrt(bars - 1) / sqrt(spread))


def below(z: float) -> float:
    """The standard normal distribution at z, exact in its lower tail."""
    return 0.5 * erfc(-z / sqrt(2))


def _spread(sharpe: float, skewness: float, kurtosis: float) -> float:
    """Variance of an estimated Sharpe ratio, times the bars less one."""
    return 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe


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
    """Bars it takes to say with this confidence that the Sharpe ratio is above the benchmark.

    None if it is not above it, and for figures that no returns have, as in `probabilistic_sharpe`.
    """
    spread = _spread(sharpe, skewness, kurtosis)
    if not sharpe > benchmark or not 0 < spread < inf:
        return None
    root = NORMAL.inv_cdf(confidence) / (sharpe - benchmark)
    bars = 1 + spread * root * root
    return bars if isfinite(bars) else None


def minimum_backtest_years(trials: float, annual_sharpe: float) -> float:
    """Years below which the best of so many trials without skill is expected to reach this annual Sharpe ratio."""
    return float((expected_maximum(trials) / annual_sharpe) ** 2)


def p_value(annual_sharpe: float, years: float) -> float:
    """Probability of a Sharpe ratio as far from 0 without skill, on either side."""
    return 2 * below(-abs(annual_sharpe) * sqrt(years))


def haircut(annual_sharpe: float, years: float, trials: int) -> float | None:
    """What is left of an annual Sharpe ratio after Šidák's correction for so many trials; None if it is not finite."""
    if not isfinite(annual_sharpe) or not 0 < years < inf:
        return None
    return copysign(sharpe_of(sidak(p_value(annual_sharpe, years), trials), years), annual_sharpe)


def sharpe_of(p: float, years: float) -> float:
    """The annual Sharpe ratio that has this two-sided p-value; 0 for a p-value of 1."""
    return -NORMAL.inv_cdf(max(p, SMALLEST_P) / 2) / sqrt(years) if p < 1 else 0.0


def sidak(p: float, trials: int) -> float:
    """Probability that the best of so many independent trials without skill has a p-value this low."""
    return -expm1(trials * log1p(-p)) if p < 1 else 1.0
