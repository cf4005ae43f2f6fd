"""The execution side of Windtunnel: the pipeline, sandboxes and monitoring on a Docker host.

Each name is imported when it is first used, so that a role or the supervisor loads only what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windtunnel.contract import SecurityLevel
    from windtunnel.validation import SecurityValidator
    from windtunnel_worker.embedded.docker_sandbox import DockerSandbox
    from windtunnel_worker.embedded.manager import ResourceLimits, SandboxManager

__all__ = ["DockerSandbox", "ResourceLimits", "SandboxManager", "SecurityLevel", "SecurityValidator"]

_PLACES = {
    "DockerSandbox": "windtunnel_worker.embedded.docker_sandbox",
    "ResourceLimits": "windtunnel_worker.embedded.manager",
    "SandboxManager": "windtunnel_worker.embedded.manager",
    "SecurityLevel": "windtunnel.contract",
    "SecurityValidator": "windtunnel.validation",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
