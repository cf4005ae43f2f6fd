"""Windtunnel's client: what a trading app imports to backtest untrusted strategies in bulk."""

from windtunnel.client import BatchId, Client, JobId
from windtunnel.contract import (
    Batch,
    BatchStatus,
    Event,
    Execution,
    Isolation,
    Issue,
    Job,
    JobState,
    JobStatus,
    Limits,
    Outcome,
    Report,
    Resources,
    SecurityLevel,
    Verdict,
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
    "Batch",
    "BatchId",
    "BatchStatus",
    "Client",
    "Event",
    "Execution",
    "IdempotencyConflict",
    "InvalidInput",
    "Isolation",
    "Issue",
    "Job",
    "JobId",
    "JobState",
    "JobStatus",
    "Limits",
    "NotFound",
    "Outcome",
    "QueueFull",
    "Report",
    "Resources",
    "SecurityLevel",
    "StoreUnavailable",
    "Verdict",
    "WaitTimeout",
    "WindtunnelError",
]
