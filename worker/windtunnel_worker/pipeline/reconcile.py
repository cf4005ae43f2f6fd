"""Acts on what the records say, so that no job waits for a message or a worker that is gone."""

from __future__ import annotations

from windtunnel.records.care import QueueState, Round, Unservable
from windtunnel.records.schedule import VALIDATE
from windtunnel.wake import DEFAULT_POOL
from windtunnel_worker.pipeline.collaborators import Shared

EVERY_S = 2.0
OTHERWISE_EVERY_S = 3.0
"""How often a worker that is not the reconciler checks whether it has to become it."""
TURN_S = 5.0
"""How long after its last round a worker stays the reconciler."""
PATIENCE_S = 15.0
"""How long a job waits for something that no live host has."""
MOST_MESSAGES = 100
ABANDONED = "The producer went away before this job was written, so it never ran. Submit it again."


class Reconcile:
    """One round at a time; acting twice is harmless."""

    def __init__(self, shared: Shared) -> None:
        self._care, self._session, self._wake = shared.records.care, shared.session, shared.wake
        self._terms, self._observe = shared.terms, shared.observe

    def run(self) -> bool:
        """One round. False: somebody else is the reconciler."""
        found = self._care.reconcile(
            self._session,
            turn_s=TURN_S,
            max_attempts=self._terms.max_attempts,
            max_faults=self._terms.max_faults,
            patience_s=PATIENCE_S,
        )
        if found is None:
            return False
        self._report(found)
        for batch in found.abandoned:
            self._care.abandon(batch, ABANDONED)
            self._observe("abandoned", batch)
        for lane in found.unservable:
            count = self._care.end_lane(lane, _missing(lane))
            self._observe("unservable", lane.batch, jobs=count, missing=lane.missing)
        for queue in found.queues:
            self._wake_queue(queue)
        if (found.ended or found.abandoned or found.unservable) and found.finalize_messages == 0:
            self._wake.finalize()
        return True

    def _report(self, found: Round) -> None:
        if found.recovered:
            self._observe("recovered", jobs=found.recovered, lost=found.lost)

    def _wake_queue(self, queue: QueueState) -> None:
        """Publish the messages that are missing: never more than could be used now."""
        wanted = min(queue.waiting, max(1, queue.slots), MOST_MESSAGES)
        missing = wanted - queue.messages
        if missing <= 0:
            return
        if queue.name == VALIDATE:
            self._wake.validate("reconciled", 1)
        else:
            self._wake.execute(queue.name.partition(".")[2] or DEFAULT_POOL, missing)


def _missing(lane: Unservable) -> str:
    parts = []
    for token in lane.missing.split():
        kind, _, name = token.partition(":")
        parts.append(
            {
                "image": f"image {name!r} (WINDTUNNEL_ALLOWED_IMAGES lists those that a job may name)",
                "language": f"the sandbox image for {name} (`sandbox_image/build.sh {name}` makes it)",
            }.get(kind, token)
        )
    return f"No host has {', '.join(parts)}. Then retry the job."
