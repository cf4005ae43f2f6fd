"""The models that all parts exchange: jobs, limits, verdicts, executions, reports, statuses.

May import `windtunnel.errors` only. Each name is loaded when it is first used, since building the models takes a while.
"""

from typing import TYPE_CHECKING

from windtunnel.lazy import deferred as _deferred

if TYPE_CHECKING:
    from windtunnel.contract.base import NAME_PATTERN, Contract, Name, compile_models, problems_of
    from windtunnel.contract.catalogue import DataNote, DatasetVersion, HoldOut, Sha256
    from windtunnel.contract.dataset import Column, DataFinding, Facts
    from windtunnel.contract.execution import (
        Artifact,
        DroppedFile,
        Execution,
        Outcome,
        ProbeRun,
        ProgramError,
        Resources,
        Sample,
    )
    from windtunnel.contract.job import (
        DEFAULT_CEILING,
        MAX_BATCH_JOBS,
        MAX_CODE_BYTES,
        MAX_PARAMS_BYTES,
        Batch,
        Budget,
        Isolation,
        Job,
        JobSpec,
        Limits,
        Webhook,
    )
    from windtunnel.contract.languages import LANGUAGES, SUFFIXES
    from windtunnel.contract.lookahead import LookAhead, Probe, Sight
    from windtunnel.contract.promotion import Promotion
    from windtunnel.contract.report import SCHEMA_VERSION, Attempt, Failure, Record, Report, Timings
    from windtunnel.contract.score import Fill, Metrics, Score, Scoring
    from windtunnel.contract.stage import Stage, StageRun
    from windtunnel.contract.status import (
        BatchStatus,
        DeadLetter,
        Event,
        EventKind,
        HostStatus,
        JobState,
        JobStatus,
        JobSummary,
        OwnerUse,
        QueueStats,
        Transition,
        Waiting,
    )
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
    "Budget",
    "Column",
    "Contract",
    "DataFinding",
    "DataNote",
    "DatasetVersion",
    "DeadLetter",
    "DroppedFile",
    "Event",
    "EventKind",
    "Execution",
    "Facts",
    "Failure",
    "Fill",
    "HoldOut",
    "HostStatus",
    "Isolation",
    "Issue",
    "Job",
    "JobSpec",
    "JobState",
    "JobStatus",
    "JobSummary",
    "Limits",
    "LookAhead",
    "Metrics",
    "Name",
    "Outcome",
    "OwnerUse",
    "Probe",
    "ProbeRun",
    "ProgramError",
    "Promotion",
    "QueueStats",
    "Record",
    "Report",
    "Resources",
    "Sample",
    "Score",
    "Scoring",
    "SecurityLevel",
    "Sha256",
    "Sight",
    "Stage",
    "StageRun",
    "Timings",
    "Transition",
    "Verdict",
    "Waiting",
    "Webhook",
    "compile_models",
    "problems_of",
]

_HOMES = (
    *("languages", "base", "verdict", "execution", "job", "score", "lookahead", "dataset", "catalogue", "status"),
    *("stage", "promotion", "report"),
)
"""The modules in which names are searched. What validation needs comes first, since a search loads what it passes."""

if not TYPE_CHECKING:  # a type checker knows the names from above, and reports those that do not exist
    __getattr__, __dir__ = _deferred(__name__, __all__, _HOMES)
