"""`SandboxManager`: the stages in one process, with Docker but without Redis or Celery.

It has the API of the original single-process system.
"""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from windtunnel.client import Client
from windtunnel.client.checking import as_models
from windtunnel.contract import Contract, Execution, Job, Limits, Outcome, Report, Sample, Verdict
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.records import Records
from windtunnel.records.hosts import EVERYTHING
from windtunnel.records.memory import records_in_memory
from windtunnel.validation import SecurityLevel, SecurityValidator
from windtunnel.wake import DEFAULT_POOL, Silent
from windtunnel_worker.pipeline import Pipeline, Terms
from windtunnel_worker.pipeline.collaborators import Scorer, Validator
from windtunnel_worker.recovery.reaper import remove_sandboxes
from windtunnel_worker.sandbox import Assignment, Executor, Hooks, images
from windtunnel_worker.sandbox.engine import engine_version
from windtunnel_worker.settings import HostSettings, host_settings

SELF_TEST = "import numpy\nemit(total=int(numpy.arange(5).sum()))\nprint('ready')"


def is_number(value: object) -> bool:
    """Whether this is a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)


@dataclass(frozen=True)
class ResourceLimits:
    """Limits as the original system names them: percent of one core, megabytes, seconds, block-device operations."""

    max_cpu_percent: float = 100.0
    max_memory_mb: int = 512
    max_execution_time: float = 30
    max_io_operations: int | None = 1000

    def __post_init__(self) -> None:
        problems = [
            FieldProblem(name, f"{value!r} is not a number above 0")
            for name, value in vars(self).items()
            if not (is_number(value) and value > 0) and (name, value) != ("max_io_operations", None)
        ]
        if problems:
            raise InvalidInput(problems)

    def as_limits(self) -> Limits:
        """The same limits as `Limits`; `InvalidInput` names what is out of range."""
        return Limits(
            cpus=self.max_cpu_percent / 100,
            memory_mb=self.max_memory_mb,
            timeout_s=self.max_execution_time,
            io_operations=self.max_io_operations,
        )


class SandboxManager:
    """Validates and runs programs in Docker sandboxes of this host.

    Without arguments the defaults come from the environment (`SANDBOX_DEFAULT_*`).
    """

    def __init__(
        self,
        docker_image: str | None = None,
        strict_security: bool = True,
        resource_limits: ResourceLimits | None = None,
    ) -> None:
        settings = host_settings()
        if docker_image:
            settings = settings.model_copy(update={"default_image": docker_image})
        self._host, self._owner = settings.host, f"manager:{secrets.token_hex(4)}"
        self._limits = resource_limits.as_limits() if resource_limits else _default_limits(settings)
        self._validator = SecurityValidator(strict_mode=strict_security, policies=settings.policies)
        self._settings, self._executor = settings, _Sampled(Executor(settings, self._owner))
        self._one_at_a_time = threading.Lock()
        self._outcomes: Counter[Outcome] = Counter()
        self._seconds = 0.0

    async def execute_code(
        self,
        code: str,
        language: str = "python",
        validate_security: bool = True,
        monitor_resources: bool = True,
    ) -> dict[str, Any]:
        """Validate and run one program.

        Keys of the result: success, output, error, duration (s), container_id, outcome, exit_code, values,
        security_report (None if not asked for), resource_report (None if not asked for), report.
        Raises `InvalidInput` for what can be no job; a program's failure is a result, not an exception.
        """
        job = Job(code=code, language=language, limits=self._limits)
        report, samples = await asyncio.to_thread(self._run, job, validate_security)
        result = _as_result(report)
        if not monitor_resources:
            result["resource_report"] = None
        elif result["resource_report"] is not None:
            result["resource_report"]["timeline"] = samples
        return result

    async def execute_batch(self, batch: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Run several programs, each `{"code": …, "language": …}`, one after the other, in their order.

        Raises `InvalidInput`, before any of them runs, if one can be no job.
        """
        calls = as_models(_Call, batch, "batch")
        as_models(Job, [{"code": call.code, "language": call.language} for call in calls], "batch")
        return [await self.execute_code(**dict(call)) for call in calls]

    def run_job(self, job: Job) -> Report:
        """Run one job of the contract and return the report that the queue would give."""
        return self._run(job, validate_security=True)[0]

    def _run(self, job: Job, validate_security: bool) -> tuple[Report, list[dict[str, Any]]]:
        validator = self._validator if validate_security else _Unchecked(self._validator)
        with self._one_at_a_time:
            records = records_in_memory()  # of this job alone, since nothing would ever remove the earlier ones
            records.hosts.seen(self._host, 1, "", [DEFAULT_POOL], [EVERYTHING])
            known = (self._settings.default_image, *self._settings.allowed_images)
            records.hosts.announce(images.libraries_of(known, job.image))
            client = Client(settings=self._settings, records=records, broker=Silent())
            pipeline = self._pipeline(records, validator)
            if job.datasets:
                client.datasets.restore()  # from the store: there is no Redis that knows them
            job_id = client.submit(job)
            pipeline.validate()
            for _ in range(1 + len(job.stages)):
                pipeline.execute(job.pool)
                pipeline.finalize()
            report, samples = client.report(job_id), self._executor.samples
            self._outcomes[report.outcome] += 1
            self._seconds += report.timings.total_s
        if not validate_security:
            report = report.model_copy(update={"validation": None})
        return report, [sample.model_dump() for sample in samples]

    def _pipeline(self, records: Records, validator: Validator) -> Pipeline:
        return Pipeline(
            records,
            session=f"{self._host}:{os.getpid()}:{secrets.token_hex(4)}",
            validator=lambda: validator,
            executor=lambda: self._executor,
            scorer=lambda: self._scorer,
            wake=Silent(),
            # A fault of the machinery is returned at once: the caller decides whether to try again.
            terms=Terms(max_attempts=1, failures_to_pause=None, ceiling=self._settings.ceiling),
            observer=lambda *_, **__: None,
        )

    @cached_property
    def _scorer(self) -> Scorer:
        from windtunnel_worker.prices import PriceScorer

        return PriceScorer.of(self._settings)

    def validate(self, code: str, language: str = "python") -> Verdict:
        """The verdict alone; nothing runs."""
        return self._validator.validate_code(code, language)

    def get_execution_stats(self) -> dict[str, Any]:
        """Count what this manager has run.

        Keys: total_executions, successful_executions, failed_executions, success_rate (percent),
        security_violations, total_duration and average_duration (s), outcomes.
        """
        total = self._outcomes.total()
        succeeded = self._outcomes[Outcome.SUCCEEDED]
        return {
            "total_executions": total,
            "successful_executions": succeeded,
            "failed_executions": total - succeeded,
            "success_rate": 100 * succeeded / total if total else 0.0,
            "security_violations": self._outcomes[Outcome.REJECTED],
            "total_duration": self._seconds,
            "average_duration": self._seconds / total if total else 0.0,
            "outcomes": {outcome.value: count for outcome, count in self._outcomes.items()},
        }

    async def test_sandbox(self) -> bool:
        """Run a small known program. True when it ended as it must.

        Raises `DockerUnavailable` or `DockerPermissionDenied` when there is nothing to test.
        """
        await asyncio.to_thread(engine_version)
        report, _ = await asyncio.to_thread(self._run, Job(code=SELF_TEST, limits=self._limits), True)
        return report.execution is not None and report.execution.values == {"total": 10}

    def format_execution_report(self, result: Mapping[str, Any]) -> str:
        """A result of `execute_code` in lines for a terminal or a log."""
        security, resources = result["security_report"], result["resource_report"]
        lines = [f"{result['outcome']} after {result['duration']:.2f} s"]
        if result["error"]:
            lines.append(f"error: {result['error']}")
        if security:
            lines.append(f"security: {security['score']}/100, {SecurityLevel(security['security_level']).name}")
        if resources:
            lines.append(
                f"resources: CPU {resources['cpu_percent_average']:.0f}% average, "
                f"{resources['cpu_percent_peak']:.0f}% peak; "
                f"memory {resources['memory_mb_peak']:.0f} MB peak; {resources['io_operations']} I/O operations"
            )
        if result["output"]:
            lines += ["output:", result["output"].rstrip()]
        return "\n".join(lines)

    def cleanup(self) -> int:
        """Remove whatever containers this manager has left; returns how many."""
        self._executor.close()
        return remove_sandboxes(self._host, self._owner)


class _Call(Contract):
    """The arguments of `SandboxManager.execute_code`."""

    code: str
    language: str = "python"
    validate_security: bool = True
    monitor_resources: bool = True


class _Sampled:
    """Keeps the samples of the last attempt."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.samples: list[Sample] = []

    def execute(self, assignment: Assignment, hooks: Hooks) -> Execution:
        self.samples = hooks.samples
        return self._executor.execute(assignment, hooks)

    def warm_up(self) -> None:
        """Prepare a sandbox."""
        self._executor.warm_up()

    def rest(self) -> None:
        """Prepare for the next batch."""
        self._executor.rest()

    def close(self) -> None:
        """Remove the sandboxes that are ready."""
        self._executor.close()


class _Unchecked:
    """Passes every program, and looks only at what it imports."""

    def __init__(self, validator: SecurityValidator) -> None:
        self._validator = validator

    def policy_id(self, language: str, libraries: Collection[str] = ()) -> str:  # noqa: ARG002 - the validator's
        return f"unchecked-{language}"

    def validate_code(self, code: str, language: str, libraries: Collection[str] = ()) -> Verdict:
        return self._validator.validate_code(code, language, libraries).model_copy(update={"safe": True})


def _default_limits(settings: HostSettings) -> Limits:
    return Limits(
        cpus=settings.default_cpus,
        memory_mb=settings.default_memory_mb,
        timeout_s=settings.default_timeout_s,
    )


def _as_result(report: Report) -> dict[str, Any]:
    execution = report.execution
    ran = execution is not None and execution.outcome is not Outcome.INFRASTRUCTURE_ERROR
    return {
        "success": report.outcome is Outcome.SUCCEEDED,
        "output": execution.stdout if execution else "",
        "error": None if report.outcome is Outcome.SUCCEEDED else report.message,
        "duration": report.timings.total_s,
        "container_id": execution.container_id or None if execution else None,
        "outcome": report.outcome.value,
        "exit_code": execution.exit_code if execution else None,
        "values": execution.values if execution else {},
        "security_report": report.validation.model_dump(mode="json") if report.validation else None,
        "resource_report": report.resources.model_dump() if ran else None,
        "report": report.model_dump(mode="json"),
    }
