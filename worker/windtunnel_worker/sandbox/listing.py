"""The labels that every sandbox bears, and the sandboxes of a host by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox.engine import engine, engine_errors

LABEL = "windtunnel"


def labels_for(host: str, owner: str, deadline: float) -> dict[str, str]:
    """The labels by which `list_sandboxes` finds a sandbox. `deadline` is in seconds since the epoch."""
    return {
        LABEL: "sandbox",
        f"{LABEL}.host": host,
        f"{LABEL}.owner": owner,
        f"{LABEL}.deadline": str(int(deadline)),
    }


@dataclass(frozen=True)
class Listed:
    """A sandbox that exists, as its labels describe it."""

    id: str
    owner: str
    """The process (or manager) that started it."""
    running: bool
    deadline: float
    """Seconds since the epoch, after which it has no right to exist; 0 where the label is missing."""


def list_sandboxes(host: str) -> list[Listed]:
    """Every sandbox of a host, whatever its state."""
    with engine_errors():
        found = engine().api.containers(all=True, filters={"label": [f"{LABEL}=sandbox", f"{LABEL}.host={host}"]})
    return [_listed(entry["Id"], entry["Labels"], entry["State"] == "running") for entry in found]


def _listed(container_id: str, labels: Mapping[str, str], running: bool) -> Listed:
    deadline = labels.get(f"{LABEL}.deadline", "")
    return Listed(
        container_id, labels.get(f"{LABEL}.owner", ""), running, float(deadline) if deadline.isdigit() else 0.0
    )


def container_process(container_id: str) -> tuple[str, int]:
    """The whole id and the first process of a running container, ours or not, by its id, the start of it, or its name.

    `SandboxFailure` if there is none.
    """
    with engine_errors():
        found = engine().api.inspect_container(container_id)
    if not found["State"]["Running"]:
        raise SandboxFailure(f"Container {container_id[:12]} does not run.")
    return str(found["Id"]), int(found["State"]["Pid"])


def remove_sandbox(container_id: str) -> bool:
    """Kill and remove a sandbox's container. False: it could not be removed, mostly as it was gone already."""
    try:
        with engine_errors():
            engine().api.remove_container(container_id, force=True, v=True)
    except SandboxFailure:
        return False
    return True
