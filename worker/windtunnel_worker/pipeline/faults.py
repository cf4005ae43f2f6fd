"""How the stages speak of unexpected exceptions, and how long work waits after a fault."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from windtunnel.contract import Transition
from windtunnel_worker.pipeline.terms import Terms

LONGEST_PAUSE_S = 60.0
NEWER_PAUSE_S = 15.0
"""Between two looks at a record that only a newer version can read: an upgrade is under way."""
NEWER_LASTS = timedelta(days=1)
NO_NEWER = "No worker of the version that wrote this job came within a day:"


def describe(error: BaseException) -> str:
    """An exception in a few words; its text may be long and may hold what a program wrote."""
    return f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " ")


def pause_s(attempt: int, terms: Terms) -> float:
    """Seconds that a job waits after this attempt failed through a fault of the machinery, with jitter."""
    pause: float = min(terms.retry_pause_s * 2.0 ** max(0, attempt - 1), LONGEST_PAUSE_S)
    return pause * random.uniform(0.5, 1.5)  # noqa: S311 - jitter


def waits_for_newer(history: Sequence[Transition]) -> bool:
    """True if a job whose record only a newer version can read still waits for a worker of that version."""
    began = max((one.at for one in history if one.what in ("submitted", "retried")), default=None)
    return began is not None and datetime.now(UTC) - began < NEWER_LASTS
