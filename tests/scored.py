"""Reports of scored jobs, made without a sandbox: for tests of rankings and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from windtunnel.contract import Limits, Outcome, Report, Scoring, Timings
from windtunnel_worker.scoring import Market, Positions, Prices, score

DAY = 86_400 * 10**9
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def prices(bars: int = 1000, seed: int = 0, name: str = "prices") -> Prices:
    """A random walk of daily closes."""
    times = np.datetime64("2015-01-01", "ns").astype(np.int64) + np.arange(bars, dtype=np.int64) * DAY
    steps = np.random.default_rng(seed).normal(0.0, 0.01, bars)
    return Prices(name, times, 100 * np.exp(np.cumsum(steps)))


MARKET = Market([prices()], 252.0)


def report(number: int, positions: Any = None, market: Market = MARKET, **fields: Any) -> Report:
    """A report of a job that succeeded, with a score if positions (bars,) are given."""
    found = None
    if positions is not None:
        bars = market.datasets[0].times
        found = score(market, Positions(bars, np.asarray(positions, dtype=float)[:, None]), Scoring())
    defaults: dict[str, Any] = {
        "job_id": f"b-{number}",
        "batch_id": "b",
        "name": f"job-{number}",
        "language": "python",
        "outcome": Outcome.SUCCEEDED,
        "score": found,
        "timings": Timings(queued_s=0.1, waiting_s=0.5, execute_s=0.2, finalize_s=0.01, total_s=0.9),
        "params": {"number": number},
        "limits": Limits(),
        "code_sha256": "0" * 64,
        "dataset_digests": {"prices": "1" * 64},
        "submitted_at": NOW,
        "finished_at": NOW + timedelta(seconds=number % 60),
    }
    return Report(**defaults | fields)


def noise(count: int, bars: int = 1000, seed: int = 1) -> list[Any]:
    """Positions without skill: long or short for a while, at random."""
    steps = np.random.default_rng(seed).choice([-1.0, 1.0], (count, bars // 5 + 1))
    return list(np.repeat(steps, 5, axis=1)[:, :bars])


def edge(market: Market = MARKET, share: float = 0.6, seed: int = 2) -> Any:
    """Positions that are on the right side of the move that follows their fill more often than not."""
    close = market.datasets[0].close
    coming = np.sign(np.concatenate((close[2:] / close[1:-1] - 1, [0.0, 0.0])))
    return np.where(np.random.default_rng(seed).random(len(close)) < share, coming, -coming)
