"""Windtunnel's client: what a trading app imports to backtest untrusted strategies in bulk.

Each name is loaded when it is first used, so an app that only reads outcomes does not load a Redis client.
"""

from windtunnel.lazy import deferred as _deferred

TYPE_CHECKING = False
"""As in `typing`, which takes longer to load than all that this module has; type checkers know the name."""

if TYPE_CHECKING:
    from windtunnel.client import AsyncClient, BatchId, Client, JobId
    from windtunnel.contract import (
        Batch,
        BatchStatus,
        Budget,
        Event,
        Execution,
        Fill,
        Isolation,
        Issue,
        Job,
        JobState,
        JobStatus,
        JobSummary,
        Limits,
        Outcome,
        QueueStats,
        Report,
        Resources,
        Score,
        Scoring,
        SecurityLevel,
        Stage,
        Verdict,
        Webhook,
    )
    from windtunnel.errors import (
        IdempotencyConflict,
        InvalidInput,
        NotFound,
        QueueFull,
        StoreUnavailable,
        WaitTimeout,
        WindtunnelError,
    )

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Batch",
    "BatchId",
    "BatchStatus",
    "Budget",
    "Client",
    "Event",
    "Execution",
    "Fill",
    "IdempotencyConflict",
    "InvalidInput",
    "Isolation",
    "Issue",
    "Job",
    "JobId",
    "JobState",
    "JobStatus",
    "JobSummary",
    "Limits",
    "NotFound",
    "Outcome",
    "QueueFull",
    "QueueStats",
    "Report",
    "Resources",
    "Score",
    "Scoring",
    "SecurityLevel",
    "Stage",
    "StoreUnavailable",
    "Verdict",
    "WaitTimeout",
    "Webhook",
    "WindtunnelError",
]

_HOMES = ("errors", "contract", "client")
"""The modules in which names are searched, the cheapest to load first."""

if not TYPE_CHECKING:  # a type checker knows the names from above, and reports those that do not exist
    __getattr__, __dir__ = _deferred(__name__, __all__, _HOMES)
