"""The stages of a cascade: cheap runs first, and only what does well there goes on. May import base and catalogue."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windtunnel.contract.base import Contract, Name
from windtunnel.contract.catalogue import Sha256


class Stage(Contract):
    """A run on less data that decides whether a job goes on. After the last one comes the run on all of it."""

    bars: int | None = Field(None, ge=2)
    """The first so many bars of each dataset; None: all."""
    datasets: tuple[Name, ...] = ()
    """Those of the job's datasets that the program finds; empty: all."""
    metric: Literal[
        "sharpe", "sortino", "calmar", "total_return", "annual_return", "max_drawdown", "probabilistic_sharpe"
    ] = "sharpe"
    """What decides: a figure of the score, never the program's word."""
    at_least: float = Field(allow_inf_nan=False)
    """From this value on the job goes on; without a value it does not."""
    dataset_digests: dict[Name, Sha256] = Field(default_factory=dict)
    """Which bytes the program finds. The client fills them in."""


class StageRun(Contract):
    """What came of one stage."""

    stage: int = Field(ge=1)
    metric: str
    at_least: float
    value: float | None = None
    """None where it is undefined."""
    passed: bool
    datasets: tuple[str, ...] = ()
    bars: int = 0
    """Evaluated bars."""
