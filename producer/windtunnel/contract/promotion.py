"""What came of a promoted run: one on the whole of a dataset, scored on the bars that programs never see."""

from __future__ import annotations

from datetime import datetime

from windtunnel.contract.base import Contract
from windtunnel.contract.score import Metrics


class Promotion(Contract):
    """The figures of a program on bars that were held out. Nothing else that its run gave is kept.

    Figures are rounded, returns to three decimals and ratios to two, so that they carry little of the bars themselves.
    """

    holdouts: dict[str, str]
    """Dataset → digest of the whole series."""
    first: datetime | None = None
    """The first evaluated bar; None where the run gave no figures."""
    bars: int = 0
    """Evaluated bars."""
    convention: str = ""
    """When and at what price positions were taken, in words."""
    costs: str = ""
    metrics: Metrics = Metrics.model_construct()
    benchmark: Metrics = Metrics.model_construct()
    """Buy and hold over the same bars."""
    probabilistic_sharpe: float | None = None
    """Probability that the true Sharpe ratio is above 0, as if this program were the only one that was promoted."""
    programs: int = 0
    """Programs that were promoted on this hold-out so far, this one included: the more, the less the best one means."""
