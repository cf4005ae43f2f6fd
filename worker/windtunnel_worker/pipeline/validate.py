"""The first stage: one verdict a program, whatever the number of jobs that run it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from windtunnel.contract import Verdict
from windtunnel.errors import NewerRecord, StoreUnavailable, UnreadableRecord
from windtunnel.records.codec import ProgramKey
from windtunnel.records.schedule import VALIDATE, Claimed, Nothing, ready_queue
from windtunnel.wake import DEFAULT_POOL, ticket_queue
from windtunnel_worker.pipeline.collaborators import Shared, Validator
from windtunnel_worker.pipeline.faults import describe, pause_s

MESSAGE_S = 2.0
"""How long one message keeps a validator busy; then it wakes another, so that none is away for long."""
JOBS_A_CLAIM = 1000
LEASE_S = 15.0
"""Several times what the largest program takes to be judged: the jobs of a validator that died wait for so long."""
MOST_TICKETS = 1000


@dataclass
class Passed:
    """What a validator passed on."""

    ready: Counter[str] = field(default_factory=Counter)
    """Jobs that became ready, by pool."""
    unwoken: set[str] = field(default_factory=set)
    """Pools whose slots have not been woken yet."""


class Validate:
    """Claims queued jobs by program, judges the program once, and passes all of them on."""

    def __init__(self, shared: Shared, validator: Validator) -> None:
        self._schedule, self._session, self._validator = shared.records.schedule, shared.session, validator
        self._hosts = shared.records.hosts
        self._wake, self._terms, self._clock, self._observe = shared.wake, shared.terms, shared.clock, shared.observe

    def run(self) -> Passed:
        """Judge queued programs until none is left, or for about two seconds."""
        passed, over = Passed(), self._clock() + MESSAGE_S
        while True:
            claimed = self._schedule.claim(VALIDATE, self._session, lease_s=LEASE_S, most=JOBS_A_CLAIM)
            if isinstance(claimed, Nothing):
                break
            # Whoever is idle starts on the first programs while the next one is being judged.
            self._wake_slots(passed)
            self._judge_carefully(claimed, passed)
            if self._clock() >= over:
                self._wake.validate(claimed.batch_id)
                break
        self._wake_slots(passed, chained=DEFAULT_POOL)
        return passed

    def _wake_slots(self, passed: Passed, chained: str = "") -> None:
        """Publish the tickets that are missing; the one of the chained pool goes along the chain."""
        for pool in passed.unwoken:
            missing = self._schedule.shortage(ready_queue(pool), ticket_queue(pool), MOST_TICKETS)
            if pool == chained:
                missing -= 1
            if missing > 0:
                self._wake.execute(pool, missing)
        passed.unwoken.clear()

    def _judge_carefully(self, claimed: Claimed, passed: Passed) -> None:
        """Judge; a program that cannot be read, or that the validator breaks at, ends its own jobs only."""
        try:
            self._judge(claimed, passed)
        except StoreUnavailable:
            raise
        except UnreadableRecord as error:
            self._end(claimed, f"The program cannot be read: {error}. Submit it again.", most=1)
        except Exception as error:  # noqa: BLE001 - whatever it is, other programs must be served
            self._observe("fault", claimed.batch_id, stage="validate", error=describe(error))
            self._end(claimed, f"Validation failed unexpectedly ({describe(error)}).", most=self._terms.max_faults)

    def _judge(self, claimed: Claimed, passed: Passed) -> None:
        program = ProgramKey.read(claimed.lane)
        libraries = self._hosts.libraries(program.image) if program.language == "python" else frozenset()
        policy = self._validator.policy_id(program.language, libraries)
        try:
            verdict = self._schedule.verdict(claimed.lane, policy)
        except NewerRecord:  # a newer validator's; this one judges for itself
            verdict = None
        cached = verdict is not None and verdict.code_sha256 == program.sha256
        if verdict is None or not cached:
            verdict = self._new_verdict(program, libraries)
        ready, wake = self._schedule.judged(claimed, self._session, policy, verdict, cached=cached)
        self._observe("validated", claimed.batch_id, jobs=len(claimed.jobs), safe=verdict.safe)
        passed.ready.update(ready)
        passed.unwoken.update(ready)
        if wake:
            self._wake.finalize()

    def _new_verdict(self, program: ProgramKey, libraries: frozenset[str]) -> Verdict:
        code = self._schedule.code(program.sha256)
        if hashlib.sha256(code.encode()).hexdigest() != program.sha256:
            raise UnreadableRecord("it is not the one that was submitted")
        return self._validator.validate_code(code, program.language, libraries)

    def _end(self, claimed: Claimed, message: str, most: int) -> None:
        ended = False
        for job in claimed.jobs:
            ended |= self._schedule.faulted(self._session, job, message, pause_s(1, self._terms), most)
        if ended:
            self._wake.finalize()
