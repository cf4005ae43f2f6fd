"""Every Redis key of Windtunnel, its type and its lifetime, in one place. Imports nothing.

Celery's own keys (`validate`, `execute`, `execute.<pool>`, `monitor.<host>`, `finalize`, `unacked*`, `_kombu.*`) are beside
these and are Celery's business. `<p>` is the prefix; the scripts build the same names from it.

| key                                    | type   | holds                                         | lives                  |
|----------------------------------------|--------|-----------------------------------------------|------------------------|
| `<p>:job:<job>`                        | hash   | the job record: fields below                  | retention once finished |
| `<p>:job:<job>:attempts`               | list   | Attempt JSON of ended attempts, oldest first  | as the job; 50 at most |
| `<p>:job:<job>:samples:<n>`            | stream | Sample JSON of attempt n                      | retention; 1,200 at most |
| `<p>:batch:<batch>`                    | hash   | header and counters: fields below             | retention once finished |
| `<p>:batch:<batch>:events`             | stream | finished, retried, batch_finished             | as the batch; 2 a job  |
| `<p>:batch-list`                       | zset   | batch ids by submission time (ms)             | 10,000 at most         |
| `<p>:idempotency:<kind>:<owner>:<key>` | string | `<id> <digest>`                               | retention              |
| `<p>:code:<sha256>`                    | string | a program's text                              | retention once unused  |
| `<p>:verdict:<sha256>:<lang>:<policy>` | string | Verdict JSON                                  | retention once used    |
| `<p>:uses`                             | hash   | sha256 → unfinished jobs that run that code   | until none does        |
| `<p>:cache:<digest>`                   | hash   | an equal job's `leader` under way, or `source` with its `attempt`, `needs` and `image` | retention |
| `<p>:followers:<digest>`               | zset   | jobs that wait for the leader's result, by since when | until they have it |
| `<p>:following`                        | zset   | digests with followers by when they were looked at | until they have none |
| `<p>:outbox`                           | zset   | hosts that webhooks go to, by when the next is due | until they have none |
| `<p>:outbox:<host>`                    | zset   | webhooks (`<batch>:<number>`) by when they are due | until delivered or given up |
| `<p>:hook:<event>`                     | hash   | a webhook's `url`, `body`, `attempt`          | until delivered; retention |
| `<p>:datasets`                         | hash   | dataset → `<newest version> <sha256>`         | until removed          |
| `<p>:dataset:<name>`                   | hash   | version → `<sha256> <DatasetVersion JSON>`    | until removed          |
| `<p>:origins`                          | hash   | dataset → digests of the files that removed versions were made from | for ever |
| `<p>:allowance:<token>:<day>`          | hash   | `jobs`, `seconds`, `validations` that an agent's token used | two days  |
| `<p>:allowance:<token>:open`           | hash   | its unfinished batches → `<day> <slot-seconds reserved>` | a week at most |
| `<p>:allowance:<token>:paid:<digest>`  | string | a submission that was charged: its batch, once opened | retention       |
| `<p>:trials:<owner>:<dataset>`         | hash   | trial's digest → `<Sharpe ratio per bar>/<bars>`, `-` if undefined | for ever; 100,000 at most |
| `<p>:trials:<owner>:<dataset>:more`    | hash   | figures of those beyond: `scored`, `flat`, `bars`, `mean`, `squares` | for ever |
| `<p>:holdouts:<dataset>`               | hash   | digest of a hold-out that programs were promoted on → its first and last second | for ever |
| `<p>:promotions:<sha256>`              | hash   | program's essence → `<job> <ms>`, and `<job>:result` → `<outcome> <Promotion JSON>`, by the hold-out's digest | for ever |
| `<p>:counters`                         | hash   | `unfinished`, `following` now; `outcome:<outcome>` in all | for ever   |
| `<p>:metrics`                          | hash   | counters for monitoring: `jobs:<outcome>`, `stage:<stage>:<bucket>`, `stage:<stage>:sum`, `retries` … | for ever |
| `<p>:open`                             | zset   | unfinished batches by submission time         | until each is finished |
| `<p>:archive`                          | list   | reports that wait for the archive: `<job> <attempt> <ms>` | until they are in a part; 1,000,000 at most |
| `<p>:archive:part`                     | list   | those of the part that is being written       | until it is written; 1,000 at most |
| `<p>:archive:turn`                     | string | who writes it                                 | two minutes            |
| `<p>:opening`                          | zset   | batches being written by when to give up on their producer | until written |

The schedule. `<q>` is a stage queue: `validate` or `execute.<pool>`; `<c>` a priority class 0 to 9.

| key                         | type | holds                                                                     |
|-----------------------------|------|---------------------------------------------------------------------------|
| `<p>:queues`                | set  | stage queues with waiting jobs or a host, as far as the reconciler has looked |
| `<p>:queue:<q>`             | hash | `waiting` jobs, `slots` of live hosts                                     |
| `<p>:classes:<q>`           | zset | priority classes with jobs                                                |
| `<p>:owners:<q>:<c>`        | zset | owners with waiting jobs, by virtual time                                 |
| `<p>:batches:<q>:<c>:<owner>` | zset | an owner's batches with waiting jobs, by virtual time                   |
| `<p>:lanes:<q>:<c>:<batch>` | zset | a batch's lanes by their first job's index                                |
| `<p>:lane:<q>:<c>:<batch>:<lane>` | list | indices of the jobs that wait there, next first                     |
| `<p>:times:<q>:<c>`         | hash | virtual times: `owner <owner>`, `batch <batch>`, `floor` and `served` (also by owner) |
| `<p>:weights`, `<p>:caps`   | hash | owner → weight, most running jobs; unset: 1, any                          |
| `<p>:running`, `<p>:seconds` | hash | owner → running jobs, slot-seconds used so far                           |
| `<p>:later`                 | zset | jobs in a pause after a fault, by when it ends                            |
| `<p>:leases`                | zset | sessions (`<host>:<pid>:<random>`) by when their lease runs out           |
| `<p>:held:<session>`        | hash | job → `<token> <estimate charged>` of the jobs a session holds            |
| `<p>:ended`                 | zset | jobs that wait for their report, by when to look at them                  |
| `<p>:waking`                | string | somebody was woken for them; two seconds at most                        |
| `<p>:reconciler`            | string | who reconciles; some seconds                                            |
| `<p>:unservable`            | hash | lane → since when no live host has what it needs                          |
| `<p>:hosts`                 | zset | hosts by when they were last seen; a day at most                          |
| `<p>:host:<host>`           | hash | `slots`, `sandboxes`, `pools`, `versions`, `draining`, `paused_until`, `reason`, `failures` |
| `<p>:host:<host>:workers`   | zset | the host's workers by when they were last seen; each has its `slots <worker>` in the hash |
| `<p>:host:<host>:has`       | set  | `language:<name>`, `image:<name>`                                         |
| `<p>:host:<host>:images`    | hash | `language:<name>`, `image:<name>` → digest of that image on the host      |
| `<p>:libraries`             | hash | image → top-level modules it holds beyond the shipped ones; `-`: the default image |
| `<p>:dead`                  | list | messages that could not be read, webhooks given up; 1,000 at most                            |

A job id is its batch id, a hyphen and its index, so that a batch needs no list of its jobs and a producer that
died half-way can write the same records again.

Job fields: `spec` (Job JSON without the code), `program` (`<sha256>:<language>[:<image>]`), `place` (priority, pool and needs),
`state`, `policy` (whose verdict counts), `attempt`, `round` (attempts before this round), `token` (fencing token of the
attempt: its number and a random part), `cache` (digest of all that decides its result), `follows` (the same, while an equal
job runs), `cached_from` (whose report it gets), `begun`, `started` (the attempt with which it counts in a budget of jobs),
`stop` (why to stop, and a message), `avoid` (the hosts it failed on), `suspect` (the last of
them, and what failed, if it is not known to be at fault), `faults`, `execution` (until there is a report), `outcome`,
`message`, `report`, `figures` (JSON: what a list shows of the report), `history` (a line a transition:
`<ms> <what> <who>[ <detail>]`). Times are Redis's own clock in ms.

Batch fields: `name`, `owner`, `trace` (of the app's span that submitted it), `isolation`, `key`, `total`, `written`, `submitted_at`, `cancelled` (by whom), `running`,
`max_running`, `seconds` and `measured` (for the mean of its jobs), `finished`, `finished_at`, `outcome:<outcome>`.
`webhook` (JSON) and `hooks` (events written). Of its budget: `budget` (JSON), `since` (ms from when it counts), `spent` (slot-seconds), `begun` (jobs), `alike` (the first
reports that all say the failure `alike_reason`; -1 when they differ).
"""

from __future__ import annotations

MAX_ATTEMPTS_KEPT = 50
MAX_SAMPLES = 1_200
MAX_BATCHES_LISTED = 10_000
MAX_DEAD_LETTERS = 1_000


def batch_of(job_id: str) -> str:
    """The batch a job belongs to."""
    return job_id.rpartition("-")[0]


def job_id(batch_id: str, index: int) -> str:
    """The id of the job at this place of a batch."""
    return f"{batch_id}-{index}"


class Keyspace:
    """Builds key names under one prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __call__(self, *parts: str | int) -> str:
        """The key of these parts."""
        return ":".join((self.prefix, *map(str, parts)))

    def job(self, job_id: str) -> str:
        """The job record."""
        return self("job", job_id)

    def attempts(self, job_id: str) -> str:
        """Ended attempts of a job."""
        return self("job", job_id, "attempts")

    def samples(self, job_id: str, attempt: int) -> str:
        """Samples of one attempt."""
        return self("job", job_id, "samples", attempt)

    def batch(self, batch_id: str) -> str:
        """A batch's header and counters."""
        return self("batch", batch_id)

    def events(self, batch_id: str) -> str:
        """A batch's event stream."""
        return self("batch", batch_id, "events")

    def code(self, sha256: str) -> str:
        """A program's text."""
        return self("code", sha256)

    def verdict(self, program: str, policy: str) -> str:
        """The verdict of a policy on a program, `<sha256>:<language>`."""
        return self("verdict", program, policy)

    def trials(self, owner: str, dataset: str, *more: str) -> str:
        """The trials of an owner on a dataset."""
        return self("trials", owner, dataset, *more)

    def host(self, host: str) -> str:
        """What is known of a host."""
        return self("host", host)
