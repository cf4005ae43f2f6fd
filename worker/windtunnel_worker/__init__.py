"""The execution side of Windtunnel: the pipeline, sandboxes and monitoring on a Docker host.

The exported classes are loaded when they are first used: most worker processes need none of them.
"""

from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING

from windtunnel.lazy import deferred as _deferred

if TYPE_CHECKING:
    from windtunnel.contract import SecurityLevel
    from windtunnel.validation import SecurityValidator
    from windtunnel_worker.embedded.docker_sandbox import DockerSandbox
    from windtunnel_worker.embedded.limiter import ResourceLimiter
    from windtunnel_worker.embedded.manager import ResourceLimits, SandboxManager

for _library in ("docker", "fakeredis", "psutil"):
    if _find_spec(_library) is None:  # the client alone is installed
        _remedy = "Run `pip install 'windtunnel[worker]'`."
        raise ModuleNotFoundError(f"The libraries of an execution host are not installed. {_remedy}", name=_library)

__all__ = [
    "DockerSandbox",
    "ResourceLimiter",
    "ResourceLimits",
    "SandboxManager",
    "SecurityLevel",
    "SecurityValidator",
]

_HOMES = ("embedded.limiter", "embedded.manager", "embedded.docker_sandbox")
"""The modules in which names are searched. `manager` has the names of the client too."""

if not TYPE_CHECKING:  # a type checker knows the names from above, and reports those that do not exist
    __getattr__, __dir__ = _deferred(__name__, __all__, _HOMES)
