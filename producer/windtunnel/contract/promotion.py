"""The result of a promoted run: one on a whole dataset, scored on the bars that other programs never see."""

from __future__ import annotations

from datetime import datetime

from windtunnel.contract.base import Contract
from windtunnel.contract.score import Metrics


class Promotion(Contract):
    """The figures of a program on held-out bars. Nothing else from its run is kept.

    Figures are rounded, returns to three decimals and ratios to two, so that they reveal little about the bars.
    """

    holdouts: dict[str, str]
    """Dataset → digest of the whole series."""
    first: datetime | None = None
    """The first evaluated bar; None if the run gave no figures."""
    bars: int = 0
    """Evaluated bars."""
    convention: str = ""
    """When and at what price positions were taken, in words."""
    costs: str = ""
    metrics: Metrics = Metrics.model_construct()
    benchmark: Metrics = Metrics.model_construct()
    """Buy and hold over the same bars."""
    probabilistic_sharpe: float | None = None
    """Probability that the true Sharpe ratio is above 0, as if this program were the only one promoted."""
    programs: int = 0
    """Programs promoted so far on this hold-out, or on one with bars in common, this one included.

    The more there are, the less the best one means.
    """
