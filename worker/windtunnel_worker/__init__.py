"""The execution side of Windtunnel: the pipeline, sandboxes and monitoring on a Docker host."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windtunnel.contract import SecurityLevel
    from windtunnel.validation import SecurityValidator
    from windtunnel_worker.embedded.docker_sandbox import DockerSandbox
    from windtunnel_worker.embedded.limiter import ResourceLimiter
    from windtunnel_worker.embedded.manager import ResourceLimits, SandboxManager

__all__ = [
    "DockerSandbox",
    "ResourceLimiter",
    "ResourceLimits",
    "SandboxManager",
    "SecurityLevel",
    "SecurityValidator",
]

_HOMES = {
    "DockerSandbox": "windtunnel_worker.embedded.docker_sandbox",
    "ResourceLimiter": "windtunnel_worker.embedded.limiter",
    "ResourceLimits": "windtunnel_worker.embedded.manager",
    "SandboxManager": "windtunnel_worker.embedded.manager",
    "SecurityLevel": "windtunnel.contract",
    "SecurityValidator": "windtunnel.validation",
}


def __getattr__(name: str) -> Any:
    """Load an exported name when it is first used: each of a host's worker processes would pay for all of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
