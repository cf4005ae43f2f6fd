"""`DockerSandbox`: one sandbox after another on this host, with the API of the original single-process system."""

from __future__ import annotations

import asyncio
import atexit
import secrets
from typing import Any

from windtunnel.contract import Job, Limits, Outcome
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.validation import SecurityValidator
from windtunnel_worker.recovery.reaper import remove_sandboxes
from windtunnel_worker.sandbox import Assignment, Executor
from windtunnel_worker.settings import host_settings, parse_memory


class DockerSandbox:
    """Runs programs without validating them; the next sandbox is prepared while one runs.

    `cpu_limit` in cores, `memory_limit` in Docker's spelling, `timeout` in seconds of the program. There is no
    network: `network_disabled=False` is refused. Not for several threads at a time.
    """

    def __init__(
        self,
        image: str | None = None,
        cpu_limit: float = 1.0,
        memory_limit: str = "512m",
        timeout: float = 30,
        network_disabled: bool = True,
    ) -> None:
        if not network_disabled:
            raise InvalidInput([FieldProblem("network_disabled", "no sandbox has a network")])
        settings = host_settings()
        if image:
            settings = settings.model_copy(update={"default_image": image})
        self._limits = Limits(cpus=cpu_limit, memory_mb=_megabytes(memory_limit), timeout_s=timeout)
        self._host, self._owner = settings.host, f"sandbox:{secrets.token_hex(4)}"
        self._executor = Executor(settings, self._owner, warm=True)
        self._imports = SecurityValidator()
        atexit.register(self.cleanup)

    async def execute_code(self, code: str, language: str = "python") -> dict[str, Any]:
        """Run one program in a fresh sandbox.

        Keys of the result: success, output, error, duration (s), container_id, exit_code, outcome, stderr, values,
        resources.
        """
        job = Job(code=code, language=language, limits=self._limits)
        imports = self._imports.validate_code(code, language).imports
        assignment = Assignment(f"direct{secrets.token_hex(6)}-0", 1, job, imports)
        execution = await asyncio.to_thread(self._executor.execute, assignment)
        succeeded = execution.outcome is Outcome.SUCCEEDED
        return {
            "success": succeeded,
            "output": execution.stdout,
            "error": None if succeeded else execution.message,
            "duration": execution.resources.duration_s,
            "container_id": execution.container_id or None,
            "exit_code": execution.exit_code,
            "outcome": execution.outcome.value,
            "stderr": execution.stderr,
            "values": execution.values,
            "resources": execution.resources.model_dump(),
        }

    def cleanup(self) -> int:
        """Remove the prepared sandboxes; returns how many others were left."""
        atexit.unregister(self.cleanup)
        self._executor.close()
        return remove_sandboxes(self._host, self._owner)


def _megabytes(text: str) -> int:
    try:
        return parse_memory(text)
    except ValueError as error:
        raise InvalidInput([FieldProblem("memory_limit", str(error))]) from error
