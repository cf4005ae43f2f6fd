"""The execution side of Windtunnel: the pipeline, sandboxes and monitoring on a Docker host."""

from windtunnel.contract import SecurityLevel
from windtunnel.validation import SecurityValidator
from windtunnel_worker.embedded.docker_sandbox import DockerSandbox
from windtunnel_worker.embedded.limiter import ResourceLimiter
from windtunnel_worker.embedded.manager import ResourceLimits, SandboxManager

__all__ = ["DockerSandbox", "ResourceLimiter", "ResourceLimits", "SandboxManager", "SecurityLevel", "SecurityValidator"]
