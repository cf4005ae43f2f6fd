"""The execution side of Windtunnel: validation, sandboxes, monitoring and aggregation on a Docker host."""

from windtunnel.contract import SecurityLevel
from windtunnel_worker.docker_sandbox import DockerSandbox
from windtunnel_worker.manager import ResourceLimits, SandboxManager
from windtunnel_worker.validation import SecurityValidator

__all__ = ["DockerSandbox", "ResourceLimits", "SandboxManager", "SecurityLevel", "SecurityValidator"]
