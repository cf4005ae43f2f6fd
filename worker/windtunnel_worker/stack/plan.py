"""The plan of a stack, which `up` passes to the supervisor. Standard library only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

REDIS = "redis"
"""Name of the program that is stopped last."""


@dataclass(frozen=True)
class Program:
    """One process of the stack."""

    name: str
    command: tuple[str, ...]
    umask: int = 0o077
    config: str = ""
    """Written to its standard input, since a command line would be visible to others."""
    reports: bool = False
    """Whether it reports through its pipe (`alive`) that it is ready, and from then on that it is alive."""


@dataclass(frozen=True)
class Address:
    """Where the private Redis answers."""

    port: int
    password: str


@dataclass(frozen=True)
class Timing:
    """How patient the supervisor is, in seconds."""

    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    """Pauses before a process that died is started again: the first one doubles with each death up to the longest."""
    healthy_s: float = 60.0
    """A process that has lived for so long is well: its earlier deaths no longer count."""
    start_s: float = 120.0
    """How long a role may take until it is ready."""
    silent_s: float = 20.0
    """A role that has not reported for so long is stopped or hangs."""
    stop_s: float = 10.0
    """How long roles and Redis each may take to end before they are killed."""


@dataclass(frozen=True)
class StackPlan:
    """All that the supervisor needs to know. The URL of Redis and the host's name are in its environment."""

    logs: str
    """The folder of the logs."""
    roles: tuple[Program, ...]
    cleanup: tuple[str, ...]
    """The command that removes the sandboxes which this stack left."""
    announcement: tuple[str, ...]
    """What to say when all roles are ready."""
    lock: int
    """Descriptor of the lock on the state folder."""
    redis: Program | None = None
    address: Address | None = None
    """Of the private Redis, if there is one."""
    timing: Timing = Timing()
    log_bytes: int = 10_000_000
    """The size at which a log is rotated."""

    def to_json(self) -> str:
        """As text, for the supervisor."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> StackPlan:
        """The reverse of `to_json`."""
        fields = json.loads(text)
        fields["roles"] = tuple(_program(role) for role in fields["roles"])
        fields["cleanup"] = tuple(fields["cleanup"])
        fields["announcement"] = tuple(fields["announcement"])
        fields["redis"] = _program(fields["redis"]) if fields["redis"] else None
        fields["address"] = Address(**fields["address"]) if fields["address"] else None
        fields["timing"] = Timing(**fields["timing"])
        return cls(**fields)


def _program(fields: dict[str, Any]) -> Program:
    return Program(**{**fields, "command": tuple(fields["command"])})
