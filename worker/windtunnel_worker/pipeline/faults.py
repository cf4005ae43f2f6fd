"""How the stages speak of unexpected exceptions, and how long work waits after a fault."""

from __future__ import annotations

import random

from windtunnel_worker.pipeline.terms import Terms

LONGEST_PAUSE_S = 60.0


def describe(error: BaseException) -> str:
    """An exception in a few words; its text may be long and may hold what a program wrote."""
    return f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " ")


def pause_s(attempt: int, terms: Terms) -> float:
    """How long a job waits after this attempt failed by a fault of ours, with jitter."""
    pause: float = min(terms.retry_pause_s * 2.0 ** max(0, attempt - 1), LONGEST_PAUSE_S)
    return pause * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
