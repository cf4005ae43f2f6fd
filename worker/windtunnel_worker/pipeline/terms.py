"""What a deployment has decided about leases, attempts and limits."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.contract import DEFAULT_CEILING, Limits


@dataclass(frozen=True)
class Terms:
    """What a deployment has decided about leases, attempts and limits."""

    lease_s: float = 15.0
    """How long a session may be silent before its jobs are taken from it."""
    max_attempts: int = 3
    """Attempts a round: the first and those after faults of the machinery."""
    max_faults: int = 3
    """Unexpected exceptions over one job before it ends."""
    retry_pause_s: float = 2.0
    """Before the second attempt; it doubles with each, with jitter."""
    failures_to_pause: int | None = 3
    """A host that fails so often in a row for its own reasons pauses itself; None: never."""
    gather_s: float = 0.2
    """While jobs run, a finalizer waits so long for more to report together; 0: it does not wait."""
    claim_jobs: int = 50
    """Jobs of a batch that a slot claims at once for a cell, at most."""
    ceiling: Limits = DEFAULT_CEILING
    """The highest limits that this host grants, whatever a submitter's settings say."""
