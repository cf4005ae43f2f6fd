"""The words that every part speaks: jobs, limits, verdicts, executions, reports, statuses.

May import `windtunnel.errors` only.
"""

from windtunnel.contract.base import NAME_PATTERN, Contract, Name, problems_of
from windtunnel.contract.execution import Artifact, Execution, Outcome, ProgramError, Resources, Sample
from windtunnel.contract.job import (
    DEFAULT_CEILING,
    LANGUAGES,
    MAX_BATCH_JOBS,
    MAX_CODE_BYTES,
    MAX_PARAMS_BYTES,
    SUFFIXES,
    Batch,
    Isolation,
    Job,
    Limits,
)
from windtunnel.contract.report import SCHEMA_VERSION, Attempt, Record, Report, Timings
from windtunnel.contract.status import BatchStatus, Event, EventKind, JobState, JobStatus
from windtunnel.contract.verdict import Issue, SecurityLevel, Verdict

__all__ = [
    "DEFAULT_CEILING",
    "LANGUAGES",
    "MAX_BATCH_JOBS",
    "MAX_CODE_BYTES",
    "MAX_PARAMS_BYTES",
    "NAME_PATTERN",
    "SCHEMA_VERSION",
    "SUFFIXES",
    "Artifact",
    "Attempt",
    "Batch",
    "BatchStatus",
    "Contract",
    "Event",
    "EventKind",
    "Execution",
    "Isolation",
    "Issue",
    "Job",
    "JobState",
    "JobStatus",
    "Limits",
    "Name",
    "Outcome",
    "ProgramError",
    "Record",
    "Report",
    "Resources",
    "Sample",
    "SecurityLevel",
    "Timings",
    "Verdict",
    "problems_of",
]
