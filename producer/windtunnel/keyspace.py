"""Every Redis key of Windtunnel, its type and its lifetime, in one place. Imports nothing.

Celery's own keys (`validate`, `execute`, `monitor.<host>`, `finalize`, `unacked*`, `_kombu.*`) stand
beside these and are Celery's business.

| key                             | type   | holds                                        | lives                  |
|---------------------------------|--------|----------------------------------------------|--------------------------|
| `<p>:job:<job>`                 | hash   | the job record: fields below                 | retention              |
| `<p>:job:<job>:attempts`        | list   | Attempt JSON of ended attempts, oldest first | as the job; 50 at most   |
| `<p>:job:<job>:samples:<n>`     | stream | Sample JSON of attempt n                     | as the job; 1,200 at most |
| `<p>:batch:<batch>`             | hash   | header and counters: fields below            | retention              |
| `<p>:batch:<batch>:events`      | stream | finished, retried, batch_finished            | as the batch; 2 a job |
| `<p>:batches`                   | zset   | batch ids by submission time (ms)            | for ever; 10,000 at most |
| `<p>:open`                      | zset   | unfinished job ids by when to look after them | until each finishes |
| `<p>:idempotency:<kind>:<key>`  | string | `<id> <digest>`                              | retention                |

A job id is its batch id, a hyphen and its index, so that a batch needs no list of its jobs and a producer that
died half-way can write the same records again.

Job fields: `spec` (Job JSON, the only place of the code), `isolation`, `state`, `attempt` (fencing token),
`round_start` (attempts before this round), `owner`, `lease_until`, `submitted_at`, `validating_at`, `validated_at`,
`validation` (Verdict JSON), `claimed_at`, `execution` (Execution JSON), `executed_at`, `outcome`, `summary`
(Attempt JSON), `report` (Report JSON), `finished_at`. Times are Redis's own clock in ms.

Batch fields: `name`, `total`, `written`, `published`, `submitted_at`, `finished`, `finished_at`,
`outcome:<outcome>`.
"""

from __future__ import annotations

MAX_ATTEMPTS_KEPT = 50
MAX_SAMPLES = 1_200
MAX_BATCHES_LISTED = 10_000


def batch_of(job_id: str) -> str:
    """The batch a job belongs to."""
    return job_id.rpartition("-")[0]


def job_id(batch_id: str, index: int) -> str:
    """The id of the job at this place of a batch."""
    return f"{batch_id}-{index}"


class Keyspace:
    """Builds key names under one prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.batches = f"{prefix}:batches"
        self.open = f"{prefix}:open"

    def job(self, job: str) -> str:
        """The job record."""
        return f"{self._prefix}:job:{job}"

    def attempts(self, job: str) -> str:
        """Ended attempts of a job."""
        return f"{self.job(job)}:attempts"

    def samples(self, job: str, attempt: int) -> str:
        """Samples of one attempt."""
        return f"{self.job(job)}:samples:{attempt}"

    def batch(self, batch: str) -> str:
        """A batch's header and counters."""
        return f"{self._prefix}:batch:{batch}"

    def events(self, batch: str) -> str:
        """A batch's event stream."""
        return f"{self.batch(batch)}:events"

    def idempotency(self, kind: str, key: str) -> str:
        """What an idempotency key stands for; `kind` is `job` or `batch`."""
        return f"{self._prefix}:idempotency:{kind}:{key}"
