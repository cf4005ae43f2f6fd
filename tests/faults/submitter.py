"""A trading app that submits one batch of a round, or retries a job, and may stop half-way to be killed there.

Run as a program. Its arguments: seed, jobs of the round, the batch's name (or a job's id, to retry that), an
idempotency key, and where to stop, if anywhere: `module:Class.method`, `before` or `after`, and the number of the
call. It says `stopped`, or the batch's id.
"""

from __future__ import annotations

import sys

from tests.faults.slot import stop_at
from tests.faults.workload import plan

from windtunnel.client import Client
from windtunnel.errors import StoreUnavailable
from windtunnel.records import submissions

SUBMISSIONS, CONNECTION = "windtunnel.records.submissions:Submissions", "windtunnel.records.connection:Connection"
BROKER = "windtunnel.broker:Broker"
STOPS = {
    "before it opens the batch": (f"{SUBMISSIONS}.open", "before", "1"),
    "when it has opened the batch": (f"{SUBMISSIONS}.open", "after", "1"),
    "when it has written a part": (f"{CONNECTION}.run", "after", "3"),
    "before it publishes": (f"{BROKER}.validate", "before", "1"),
    "when it has published": (f"{BROKER}.validate", "after", "1"),
}
RETRY_STOPS = {
    "before it retries": (f"{SUBMISSIONS}.retry", "before", "1"),
    "between record and message": (f"{BROKER}.validate", "before", "1"),
}


def main(seed: int, jobs: int, what: str, key: str, place: str = "", when: str = "", call: str = "1") -> None:
    submissions.JOBS_A_WRITE = 10  # so that even a small batch is written in several steps
    if place:
        stop_at(place, when, int(call))
    with Client() as client:
        if "-" in what:
            client.retry(what)
        else:
            (batch,) = [batch for batch in plan(seed, jobs) if batch.name == what]
            planned = [one.job for one in batch.jobs]
            sys.stdout.write(
                client.submit_batch(planned, name=what, isolation=batch.isolation, idempotency_key=key) + "\n"
            )
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
    except StoreUnavailable as error:
        sys.exit(f"submitter: {error}")
