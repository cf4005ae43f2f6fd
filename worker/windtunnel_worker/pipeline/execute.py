"""The second stage: a free slot claims the next jobs and runs them, one after the other."""

from __future__ import annotations

import functools
import hashlib
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from windtunnel.contract import Attempt, Execution, Isolation, Job, JobSpec, Outcome, Verdict
from windtunnel.errors import NewerRecord, StoreUnavailable, UnreadableRecord
from windtunnel.records.codec import ProgramKey
from windtunnel.records.schedule import Claimed, Held, Nothing, Turn, ready_queue
from windtunnel.wake import ticket_queue
from windtunnel_worker.pipeline.collaborators import Executor, Shared
from windtunnel_worker.pipeline.faults import NEWER_PAUSE_S, NO_NEWER, describe, pause_s, waits_for_newer
from windtunnel_worker.pipeline.lease import Lease
from windtunnel_worker.pipeline.promotion import withheld
from windtunnel_worker.pipeline.terms import Terms
from windtunnel_worker.sandbox.assignment import Assignment, Hooks, Stop, Superseded

TICKET_S = 2.0
"""How long one ticket keeps a slot busy; then it passes its ticket on, so that a worker that is asked to stop can."""
LOOKS, LOOK_AGAIN_S = {"draining": 10, "paused": 1}, 0.5
"""How often, and after which pauses, a slot of a draining or paused host looks again before it takes another ticket. As
draining lasts, its tickets would soon be all that Flower remembers."""
CLAIM_LASTS_S = 2.0
"""How long a slot keeps claimed jobs that it has not begun. Those that wait behind a long one are for other slots."""
PROGRAMS_KEPT = 64
"""Programs in memory, with their verdicts: most jobs of a batch have the same one."""


@dataclass(frozen=True)
class Program:
    """A program and the verdict on it."""

    code: str
    verdict: Verdict


class Execute:
    """Claims ready jobs and runs an attempt of each."""

    def __init__(self, shared: Shared, executor: Executor) -> None:
        self._schedule, self._hosts, self._session = shared.records.schedule, shared.records.hosts, shared.session
        self._promotions, self._reading = shared.records.promotions, shared.records.reading
        self._wake, self._terms, self._clock, self._observe = shared.wake, shared.terms, shared.clock, shared.observe
        self._host, self._executor = shared.host, executor
        self._program = functools.lru_cache(PROGRAMS_KEPT)(self._read_program)
        self._unwoken = False
        """A job waits for its report, and no finalizer has been woken yet."""
        self._rest: deque[Held] = deque()
        """The claimed jobs that have not begun."""
        self._claimed_at = 0.0
        self._worked_s = 0.0
        """How long the claimed jobs ran, without what they waited for a sandbox."""

    def warm_up(self) -> None:
        """Have a sandbox ready before the first job arrives."""
        self._executor.warm_up()

    def close(self) -> None:
        """Remove the sandboxes that are ready."""
        self._executor.close()

    def run(self, pool: str) -> list[str]:
        """Run ready jobs until none is left, or for about two seconds. Returns the ids of those that were run.

        The caller wakes a finalizer.
        """
        self._unwoken = False
        ran: list[str] = []
        turn = Turn()
        over = self._clock() + TICKET_S
        looks = 0
        while True:
            claimed = self._schedule.claim(
                ready_queue(pool), self._session, lease_s=self._terms.lease_s, most=self._terms.claim_jobs, turn=turn
            )
            if isinstance(claimed, Nothing):
                if claimed.reason == "none":
                    self._executor.rest()
                    return ran
                if not looks:
                    self._pass_on(pool)
                if ran or looks >= LOOKS.get(claimed.reason, 0):
                    return ran
                looks += 1
                time.sleep(LOOK_AGAIN_S)
                continue
            self._worked_s = 0.0
            ran += self._serve(claimed)
            turn = turn.after(claimed, self._worked_s)
            if self._clock() >= over:
                self._wake.execute(pool)
                return ran

    def _pass_on(self, pool: str) -> None:
        """Leave a ticket to other hosts, as this one does not work now. Its other slots take it at most once each."""
        if self._schedule.shortage(ready_queue(pool), ticket_queue(pool), 1) > 0:
            self._wake.execute(pool)

    def _serve(self, claimed: Claimed) -> list[str]:
        """Run the claimed jobs in their order. Each is handed on when it ends. Returns the ids of those it ran."""
        self._rest, self._claimed_at = deque(claimed.jobs), self._clock()
        ran, stop = [], ""
        while self._rest:
            job = self._rest.popleft()
            ran.append(job.job_id)
            self._wake_finalize()
            if stop == Stop.SUPERSEDED:
                stop = self._begin_next()
            elif stop:
                cancelled = Execution(attempt=job.attempt, outcome=Outcome.CANCELLED, host=self._host)
                stop = self._record(job, cancelled, 0.0)
            else:
                stop = self._attempt(claimed, job)
        return ran

    def _next(self) -> Held | None:
        """The next of the claimed jobs, if it is to begin here."""
        if self._clock() - self._claimed_at >= CLAIM_LASTS_S:
            self._schedule.give_back(self._session, self._rest)
            self._rest.clear()
        return self._rest[0] if self._rest else None

    def _attempt(self, claimed: Claimed, job: Held) -> str:
        """Run one attempt; returns why the following job must not begin, or nothing."""
        began = self._clock()
        try:
            execution = self._execute(claimed, job)
        except Superseded:
            self._observe("superseded", job.job_id, attempt=job.attempt)
            return self._begin_next()
        except StoreUnavailable:
            raise
        except NewerRecord as error:
            self._leave(job, error)
            return self._begin_next()
        except UnreadableRecord as error:
            self._give_up(job, f"This job cannot be read, so it did not run: {error}. Submit it again.", most=1)
            return self._begin_next()
        except Exception as error:  # noqa: BLE001 - whatever it is, the job and its neighbours must go on
            self._observe("fault", job.job_id, stage="execute", error=describe(error))
            message = f"The execution failed unexpectedly ({describe(error)})."
            self._give_up(job, message, most=self._terms.max_faults)
            return self._begin_next()
        if execution.outcome is Outcome.INFRASTRUCTURE_ERROR and self._try_again(job, execution):
            return self._begin_next()
        seconds = self._clock() - began
        self._worked_s += seconds - execution.prepare_s
        return self._record(job, execution, seconds)

    def _execute(self, claimed: Claimed, job: Held) -> Execution:
        spec = job.spec.current()
        program = self._program(job.program, job.policy)
        refusal = _refusal(spec, program, job, self._terms) or self._promoted_before(spec, program, job)
        if refusal:
            return Execution(attempt=job.attempt, outcome=Outcome.REJECTED, message=refusal, host=self._host)
        lease = Lease(self._schedule, self._session, job, self._terms.lease_s, self._clock, self._next)
        deadline = time.time() + spec.limits.timeout_s

        def lasting(sandbox: Any) -> None:
            if not spec.holdouts:  # what it uses could tell of the bars that it sees
                self._wake.monitor(self._host, job.job_id, job.token, sandbox.id, sandbox.pid, deadline)

        assignment = Assignment(
            job_id=job.job_id,
            attempt=job.attempt,
            job=_job(spec, program.code),
            imports=program.verdict.imports,
            isolation=Isolation.CONTAINER if spec.holdouts else claimed.isolation,
            batch_id=claimed.batch_id,
        )
        execution = self._executor.execute(assignment, Hooks(lasting=lasting, stop=lease.stop))
        return withheld(execution, spec) if spec.holdouts else execution

    def _promoted_before(self, spec: JobSpec, program: Program, job: Held) -> str:
        """Why this program must not see the hold-outs, whoever submitted it; empty where it may, this once."""
        if not spec.holdouts:
            return ""
        earlier = self._promotions.claim(program.code, spec.language, spec.holdouts, job.job_id)
        return f"This program was promoted before, as {earlier}, and is promoted once." if earlier else ""

    def _read_program(self, key: str, policy: str) -> Program:
        """A program and its verdict; `UnreadableRecord` if they cannot be had."""
        sha256 = ProgramKey.read(key).sha256
        code = self._schedule.code(sha256)
        verdict = self._schedule.verdict(key, policy)
        if verdict is None:
            raise UnreadableRecord("its verdict is no longer stored")
        if hashlib.sha256(code.encode()).hexdigest() != sha256:
            raise UnreadableRecord("the stored program is not the one that was validated")
        return Program(code, verdict)

    def _record(self, job: Held, execution: Execution, seconds: float) -> str:
        answer = self._schedule.executed(self._session, job, execution, seconds, self._terms.lease_s, self._next())
        self._unwoken |= answer.wake
        if answer.suspect:
            host, _, what = answer.suspect.partition(" ")
            self._count_failure(job, host, what)
        self._observe(
            "executed" if answer.recorded else "superseded",
            job.job_id,
            attempt=job.attempt,
            outcome=execution.outcome.value,
        )
        return answer.next_stop

    def _wake_finalize(self) -> None:
        """Wake a finalizer for the jobs before this one. For the last one, the next task of the chain does it."""
        if self._unwoken:
            self._unwoken = False
            self._wake.finalize()

    def _begin_next(self) -> str:
        following = self._next()
        return self._schedule.begin(self._session, following, self._terms.lease_s) if following else ""

    def _try_again(self, job: Held, execution: Execution) -> bool:
        """After a fault of the machinery: give the job back for another attempt. False if none is left."""
        failed = "" if execution.host_at_fault else execution.message
        if execution.host_at_fault:
            self._count_failure(job, self._host, execution.message)
        summary = Attempt(number=job.attempt, outcome=execution.outcome, message=execution.message, host=execution.host)
        pause = pause_s(job.attempt, self._terms)
        again = self._schedule.try_again(self._session, job, summary, pause, self._terms.max_attempts, failed)
        if again:
            self._observe("retry", job.job_id, attempt=job.attempt, reason=execution.message)
        return again

    def _count_failure(self, job: Held, host: str, what: str) -> None:
        most = self._terms.failures_to_pause
        if most is not None and self._hosts.failed(host, what, most):
            self._observe("host-paused", job.job_id, host=host, reason=what)

    def _leave(self, job: Held, error: NewerRecord) -> None:
        """Leave a job to a worker of the version that wrote its record, for a day."""
        if waits_for_newer(self._reading.history(job.job_id)):
            self._observe("newer", job.job_id, error=str(error))
            self._schedule.postpone(self._session, job, NEWER_PAUSE_S, "newer")
        else:
            self._give_up(job, f"{NO_NEWER} {error}. Upgrade the workers and retry the job.", most=1)

    def _give_up(self, job: Held, message: str, most: int) -> None:
        pause = pause_s(job.attempt, self._terms)
        if self._schedule.faulted(self._session, job, message, pause, most):
            self._wake.finalize()


def _refusal(spec: JobSpec, program: Program, job: Held, terms: Terms) -> str:
    """Why the job must not run here, whatever its submitter's settings allowed; empty when it may."""
    sha256, *rest = ProgramKey.read(job.program)
    verdict = program.verdict
    ours = [spec.language, spec.image or ""]
    if not verdict.safe or verdict.code_sha256 != sha256 or verdict.language != spec.language or rest != ours:
        return "The program is not the one that was validated, so it did not run. Submit it again."
    above = spec.limits.above(terms.ceiling)
    if above:
        return f"This host's ceiling is lower: {'; '.join(map(str, above))}. Ask for less."
    return ""


def _job(spec: JobSpec, code: str) -> Job:
    """The job as it was submitted; both parts were checked when they were read."""
    return Job.model_construct(**{**dict(spec), "code": code})
