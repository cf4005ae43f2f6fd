"""How returned positions are turned into profit and loss, and the result. May import base.

Windtunnel computes every figure of a `Score` from positions, and from prices that the program cannot change. Returns,
drawdowns and costs are fractions (0.01 is one per cent). An undefined figure is None, and `undefined` says why.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from windtunnel.contract.base import Contract


class Fill(StrEnum):
    """The price of the next bar at which a position is taken."""

    CLOSE = "close"
    OPEN = "open"


class Scoring(Contract):
    """How a job's positions are scored."""

    fill: Fill = Fill.CLOSE
    """A position decided on one bar is taken on the next, at its close or at its open."""
    commission_bps: float = Field(0.0, ge=0, le=1000)
    """Commission on each fill, in hundredths of a per cent of the amount traded."""
    slippage_bps: float = Field(0.0, ge=0, le=1000)
    """Slippage on each fill, in the same unit."""
    warmup: int = Field(0, ge=0, le=10_000_000)
    """Bars at the start that are not evaluated and whose positions do not count: the earliest fill is one bar after the
    first evaluated bar."""
    capital: float = Field(1.0, gt=0, le=1e15)
    """Equity before the first evaluated bar."""
    leverage: float = Field(1.0, gt=0, le=100)
    """The highest sum of the absolute positions of one bar, in multiples of equity."""
    bars_a_year: float | None = Field(None, gt=0, le=1e9)
    """Bars per year, for annual figures; None: counted from the dataset's times."""
    price: str = Field("close", min_length=1, max_length=256)
    """The column in which positions are valued; upper and lower case do not matter. With an adjusted close, the opens
    are adjusted by the same factor."""


class Metrics(Contract):
    """Figures of one equity curve over the evaluated bars, flat bars included."""

    total_return: float | None = None
    annual_return: float | None = None
    """Compounded."""
    volatility: float | None = None
    """Annual, from the sample standard deviation of the bars' returns."""
    sharpe: float | None = None
    """Annual; the risk-free rate is 0."""
    sortino: float | None = None
    """Annual; only returns below 0 count towards the deviation."""
    calmar: float | None = None
    """Annual return divided by the maximum drawdown."""
    max_drawdown: float | None = None
    """The deepest fall from a peak, at most 0. The first peak is the starting capital."""
    max_drawdown_bars: int | None = None
    """Bars from that peak until it is reached again, or to the end."""
    sharpe_per_bar: float | None = None
    """Not annualised; used by the tests of significance."""
    skewness: float | None = None
    """Of the bars' returns, population moments."""
    kurtosis: float | None = None
    """Not in excess: 3 for a normal distribution."""


class Trading(Contract):
    """A summary of the positions."""

    fills: int = 0
    """Changes of a position."""
    trades: int = 0
    """Periods in which a position kept its direction, an open one included."""
    hit_rate: float | None = None
    """Share of the trades that gained after costs; an open one is valued at the last close."""
    turnover: float = 0.0
    """Sum of the absolute changes of positions, in multiples of equity."""
    turnover_a_year: float | None = None
    exposure: float = 0.0
    """Share of the evaluated bars during which a position was held."""
    longest: float = 0.0
    """The highest sum of positions; negative if always short."""
    shortest: float = 0.0
    """The lowest sum of positions."""
    open_positions: dict[str, float] = Field(default_factory=dict)
    """Positions held at the end, by dataset; valued at the last close."""
    spark: tuple[float, ...] = ()
    """Sum of the positions held at up to 60 evenly spaced bars."""


class Stress(Contract):
    """The same positions under other assumptions."""

    label: str
    total_return: float | None = None
    sharpe: float | None = None


class Curve(Contract):
    """Equity over time at up to 300 evenly spaced bars, the last included."""

    times: tuple[int, ...] = ()
    """Seconds since 1970, UTC; the bars' numbers where the data has no times."""
    equity: tuple[float, ...] = ()
    """From a capital of 1."""
    drawdown: tuple[float, ...] = ()
    """The deepest drawdown since the previous point."""
    benchmark: tuple[float, ...] = ()


class Blocks(Contract):
    """The evaluated bars in consecutive blocks of nearly equal length, for tests of overfitting."""

    bars: tuple[int, ...] = ()
    sums: tuple[float, ...] = ()
    """Of the bars' returns."""
    squares: tuple[float, ...] = ()
    """Of their squares."""


class Score(Contract):
    """What Windtunnel computed from the positions that a program returned."""

    convention: str
    """When and at what price positions were taken, in words."""
    costs: str
    """What each fill was charged, with the formula."""
    bars_a_year: float | None
    bars_how: str
    """How that number was determined."""
    datasets: tuple[str, ...]
    first: datetime
    """The first evaluated bar."""
    last: datetime
    bars: int
    """Evaluated bars; the benchmark has the same."""
    capital: float
    final_equity: float
    metrics: Metrics
    trading: Trading
    benchmark: Metrics
    """Buy and hold in equal parts, bought at the first possible fill, with the same costs."""
    market_correlation: float | None = None
    """Correlation of the bars' returns with those of buy and hold; None if one of them never moves or is undefined."""
    probabilistic_sharpe: float | None = None
    """Probability that the true Sharpe ratio is above 0, as if this were the only trial."""
    track_record_years: float | None = None
    """Years of such returns needed to say so at 95 %."""
    stress: tuple[Stress, ...] = ()
    """Results with 1, 2 and 3 times the costs, and with fills on the same bar as the decision."""
    curve: Curve = Curve.model_construct()
    months: dict[str, float] = Field(default_factory=dict)
    """Return of each calendar month (UTC), by `2024-02`; the last 600."""
    blocks: Blocks = Blocks.model_construct()
    undefined: dict[str, str] = Field(default_factory=dict)
    """Why a figure is None, by its name; `benchmark` if buy and hold has none at all."""

    @property
    def timed(self) -> bool:
        """Whether the data has times; without them `first`, `last` and `months` mean nothing."""
        return not 0.0 <= self.last.timestamp() < 1.0  # the numbers of rows stand for nanoseconds

    @property
    def window(self) -> str:
        """The evaluated bars in words."""
        count = f"{self.bars:,} bar{'' if self.bars == 1 else 's'}"
        if not self.timed:
            return f"{count} without times"
        form = "%Y-%m-%d" if self.first.date() < self.last.date() else "%Y-%m-%d %H:%M"
        return f"{count}, {self.first:{form}} to {self.last:{form}}"
