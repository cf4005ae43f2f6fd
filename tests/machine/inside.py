"""What the tests of a machine do with a client inside it: `python -m tests.machine.inside WHAT …`, JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from examples.demo import batches

from windtunnel import Client, Job
from windtunnel.client.ids import BatchId

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def examples(client: Client) -> object:
    """Run the single programs of the demo: each one's name, its outcome and the one it must have."""
    for name in ("sp500", "nasdaq"):
        client.datasets.add(name, EXAMPLES / "data" / f"{name}.csv")
    _, single = batches()
    batch = client.submit_batch([_patient(job) for job, _ in single])
    client.wait(batch)
    return [
        [report.name, report.outcome, wanted] for report, (_, wanted) in zip(client.reports(batch), single, strict=True)
    ]


def _patient(job: Job) -> Job:
    """The job with more time: an emulated processor is many times slower."""
    longer = job.limits.model_copy(update={"timeout_s": 5 * job.limits.timeout_s})
    return job.model_copy(update={"limits": longer})


def submit(client: Client, count: str, seconds: str) -> object:
    """Submit so many jobs that each sleep so long; the batch's id."""
    code = f"import time\ntime.sleep({float(seconds)})\nemit(at=params['at'])"
    return client.submit_batch([Job(code=code, params={"at": at}) for at in range(int(count))])


def await_finished(client: Client, batch: str, count: str) -> object:
    """Wait until so many jobs of a batch have ended; how many have by then."""
    for event in client.stream(BatchId(batch)):
        if event.finished >= int(count):
            break
    return client.status(BatchId(batch)).finished


def reports(client: Client, batch: str) -> object:
    """Wait for a batch: of each report its outcome, value, attempts, and how often the job was finished."""
    client.wait(BatchId(batch))
    ends = Counter(event.job_id for event in client.stream(BatchId(batch)) if event.job_id)
    return [
        {
            "outcome": report.outcome,
            "values": report.execution.values if report.execution else None,
            "attempts": [attempt.outcome for attempt in report.attempts],
            "finished": ends[report.job_id],
        }
        for report in client.reports(BatchId(batch))
    ]


WHAT: dict[str, Callable[..., object]] = {
    "examples": examples,
    "submit": submit,
    "await_finished": await_finished,
    "reports": reports,
}

if __name__ == "__main__":
    with Client() as client:
        print(json.dumps(WHAT[sys.argv[1]](client, *sys.argv[2:])))  # noqa: T201
