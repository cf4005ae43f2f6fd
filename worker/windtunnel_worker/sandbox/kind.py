"""What a sandbox is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from windtunnel_worker.sandbox import hardening
from windtunnel_worker.sandbox.limits import SandboxLimits


@dataclass(frozen=True)
class Mounted:
    """A dataset in a sandbox."""

    name: str
    file: str
    """On the Docker host."""
    path: str
    """In the sandbox."""
    preload: bool
    """Read it before any job."""


@dataclass(frozen=True)
class Kind:
    """What a sandbox is made from. Two jobs of the same kind can be served by the same sort of sandbox."""

    image: str
    limits: SandboxLimits
    datasets: tuple[Mounted, ...] = ()
    preload: tuple[str, ...] = ()
    """Modules to import before any job."""
    deployment: hardening.Deployment = hardening.DEFAULT_DEPLOYMENT
    language: str = "python"
    jobs: int = 1
    """How many jobs it serves; more than one makes it a cell."""

    @property
    def is_cell(self) -> bool:
        """Whether it serves several jobs, one after the other."""
        return self.jobs > 1

    @property
    def memory_bytes(self) -> int:
        """What the control group lets it have, with what its runtime takes for itself."""
        return hardening.memory_bytes(self.limits, self.deployment)

    def serves(self, wanted: Kind) -> bool:
        """True when a sandbox of this kind can do what the wanted kind can, once it has imported what it lacks."""
        return wanted == self or replace(wanted, preload=self.preload) == self

    def lacks(self, wanted: Kind) -> tuple[str, ...]:
        """What the wanted kind has loaded and this one has not."""
        return tuple(name for name in wanted.preload if name not in self.preload)

    def bare(self) -> Kind:
        """The same with nothing loaded beforehand."""
        return replace(self, preload=(), datasets=tuple(replace(dataset, preload=False) for dataset in self.datasets))
