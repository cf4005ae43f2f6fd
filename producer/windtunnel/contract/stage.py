"""The stages of a cascade: cheap runs first, and only jobs that do well continue. May import base and catalogue."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windtunnel.contract.base import Contract, Name
from windtunnel.contract.catalogue import Sha256


class Stage(Contract):
    """A run on less data that decides whether a job continues. After the last stage it runs on all of its data."""

    bars: int | None = Field(None, ge=2)
    """Use only the first so many bars of each dataset; None: all."""
    datasets: tuple[Name, ...] = ()
    """Use only these of the job's datasets; empty: all."""
    metric: Literal[
        "sharpe", "sortino", "calmar", "total_return", "annual_return", "max_drawdown", "probabilistic_sharpe"
    ] = "sharpe"
    """The figure of the score that decides."""
    at_least: float = Field(allow_inf_nan=False)
    """The job continues if the metric is at least this; an undefined metric stops it."""
    dataset_digests: dict[Name, Sha256] = Field(default_factory=dict)
    """The digest of the data for this stage. The client fills it in."""


class StageRun(Contract):
    """The result of one stage."""

    stage: int = Field(ge=1)
    metric: str
    at_least: float
    value: float | None = None
    """None if it is undefined."""
    passed: bool
    datasets: tuple[str, ...] = ()
    bars: int = 0
    """Evaluated bars."""
