"""Whatever happens in whatever order: each job is in one place, the sums are right, and all end exactly once."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from tests.contract.driver import POLICY, QUEUE, Driver
from tests.support import a_report, a_verdict, an_attempt

from windtunnel.contract import Budget, Isolation, Outcome, SecurityLevel
from windtunnel.keyspace import job_id
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel.records.reports import Unfinished
from windtunnel.records.schedule import VALIDATE, Claimed, Held

EXAMPLES = int(os.environ.get("WINDTUNNEL_FUZZ_EXAMPLES", "0"))
"""How many to try, other ones each time; without it always the same few."""
SESSIONS = st.sampled_from(["h1:1:a", "h1:2:a", "h2:1:a"])
OUTCOMES = st.sampled_from([Outcome.SUCCEEDED, Outcome.FAILED, Outcome.INFRASTRUCTURE_ERROR])


class Operations(RuleBasedStateMachine):
    """Clients, workers, finalizers and the reconciler, none of which waits for another."""

    url = ""
    batches = Bundle("batches")
    claims = Bundle("claims")
    judging = Bundle("judging")
    takings = Bundle("takings")

    @initialize()
    def begin(self) -> None:
        plain = redis.Redis.from_url(self.url, decode_responses=True)
        plain.flushall()
        self.driver = Driver(Records(Connection(self.url, "wt"), 1000), plain)
        self.schedule = self.driver.records.schedule
        for host in ("h1", "h2"):
            self.driver.host(host, slots=2)

    def teardown(self) -> None:
        if not hasattr(self, "driver"):
            return
        driver = self.driver
        for _ in range(40):
            self.let_time_pass()
            for session in ("h1:9:a", "h2:9:a"):
                driver.run_all(session)
            if driver.unfinished() == 0:
                break
        driver.reconcile()
        assert driver.unfinished() == 0, driver.places()
        assert driver.left_in_the_schedule() == []
        self.what_holds_always()
        driver.keys.close()
        driver.records.close()

    def let_time_pass(self) -> None:
        """Whatever waits for a time waits no longer."""
        driver = self.driver
        for session in driver.keys.zrange("wt:leases", 0, -1):
            self.a_worker_falls_silent(session)
        for host in ("h1", "h2"):
            driver.records.hosts.undrain(host)
        for batch in driver.keys.zrange("wt:opening", 0, -1):
            driver.keys.zadd("wt:opening", {batch: 0})
            driver.records.care.abandon(batch, "gone")
        for batch in driver.keys.zrange("wt:open", 0, -1):
            if driver.keys.hexists(f"wt:batch:{batch}", "closed_at"):
                driver.keys.hset(f"wt:batch:{batch}", "closed_at", 0)
        for job in driver.keys.zrange("wt:ended", 0, -1):
            driver.keys.zadd("wt:ended", {job: 0})
        for digest in driver.keys.zrange("wt:following", 0, -1):
            driver.keys.zadd("wt:following", {digest: 1})
        driver.end_pauses()
        driver.reconcile()

    # -- clients -----------------------------------------------------------------------------------------

    @rule(
        target=batches,
        count=st.integers(1, 6),
        owner=st.sampled_from(["a", "b"]),
        priority=st.sampled_from([0, 5]),
        cell=st.booleans(),
        programs=st.integers(1, 2),
        written=st.sampled_from([1, 100]),
        cap=st.sampled_from([None, 2]),
        alike=st.booleans(),
        budget=st.sampled_from([None, Budget(jobs=2), Budget(slot_seconds=0.05), Budget(same_failure=2)]),
    )
    def submit(
        self,
        count: int,
        owner: str,
        priority: int,
        cell: bool,
        programs: int,
        written: int,
        cap: int | None,
        alike: bool,
        budget: Budget | None,
    ) -> str:
        same: dict[str, Any] = {"params": {}, "cache": True} if alike else {}
        batch = self.driver.batch(
            count,
            **same,
            budget=budget,
            owner=owner,
            priority=priority,
            isolation=Isolation.CELL if cell else Isolation.CONTAINER,
            codes=[f"print({at})" for at in range(programs)],
            max_running=cap,
        )
        opened = self.driver.opened(batch)
        self.driver.write(opened, batch, written)
        return opened.batch_id

    @rule(batch=batches, index=st.integers(0, 5))
    def cancel_a_job(self, batch: str, index: int) -> None:
        self.driver.records.submissions.cancel([job_id(batch, index)], "client")

    @rule(batch=batches, half_way=st.booleans())
    def cancel_a_batch(self, batch: str, half_way: bool) -> None:
        if half_way:
            self.driver.records.submissions.close_batch(batch, "client")
        else:
            self.driver.cancel(batch)

    @rule(batch=batches, index=st.integers(0, 5))
    def retry(self, batch: str, index: int) -> None:
        job = job_id(batch, index)
        attempt = int(self.driver.field(job, "attempt") or 0)
        if self.driver.field(job, "program"):
            self.driver.records.submissions.retry(a_report(job, attempt=attempt), "client")

    # -- workers -----------------------------------------------------------------------------------------

    @rule(target=judging, session=SESSIONS, most=st.integers(1, 4))
    def claim_programs(self, session: str, most: int) -> object:
        claimed = self.driver.claimed(session, queue=VALIDATE, most=most)
        return (session, claimed) if isinstance(claimed, Claimed) else multiple()

    @rule(held=judging, safe=st.sampled_from([True, True, False]))
    def judge(self, held: tuple[str, Claimed], safe: bool) -> None:
        verdict = a_verdict() if safe else a_verdict(SecurityLevel.CRITICAL)
        self.schedule.judged(held[1], held[0], POLICY if safe else "other@1", verdict)

    @rule()
    def all_are_judged(self) -> None:
        self.driver.judge(session="v:1:a")

    @rule(target=claims, session=SESSIONS)
    def claim_one(self, session: str) -> object:
        self.driver.judge(session="v:1:a")
        return multiple(*((session, job) for job in self.driver.claim(session)))

    @rule(target=claims, session=SESSIONS, most=st.integers(1, 4))
    def claim(self, session: str, most: int) -> object:
        return multiple(*((session, job) for job in self.driver.claim(session, most=most)))

    @rule(held=claims, outcome=OUTCOMES, following=st.none() | claims)
    def executed(self, held: tuple[str, Held], outcome: Outcome, following: tuple[str, Held] | None) -> None:
        self.driver.executed(held[1], held[0], outcome=outcome, following=following[1] if following else None)

    @rule(held=claims)
    def heartbeat(self, held: tuple[str, Held]) -> None:
        self.schedule.heartbeat(*held, lease_s=30)

    @rule(held=claims)
    def give_back(self, held: tuple[str, Held]) -> None:
        self.schedule.give_back(held[0], [held[1]])

    @rule(held=claims)
    def try_again(self, held: tuple[str, Held]) -> None:
        self.schedule.try_again(*held, an_attempt(held[1].attempt), 1000, 3)

    @rule(held=claims | judging)
    def fault(self, held: tuple[str, Held | Claimed]) -> None:
        jobs = held[1].jobs if isinstance(held[1], Claimed) else (held[1],)
        for job in jobs:
            self.schedule.faulted(held[0], job, "broke", 1000, 3)

    @rule(session=SESSIONS)
    def a_worker_falls_silent(self, session: str) -> None:
        self.driver.keys.zadd("wt:leases", {session: 0}, xx=True)

    @rule()
    def pauses_end(self) -> None:
        self.driver.end_pauses()

    # -- finalizers, the reconciler, accidents -----------------------------------------------------------

    @rule(target=takings, most=st.integers(1, 5))
    def take(self, most: int) -> object:
        return multiple(*self.driver.records.reports.take(most))

    @rule(taken=takings)
    def finish(self, taken: Unfinished) -> None:
        self.driver.finish([taken])

    @rule()
    def a_finalizer_dies(self) -> None:
        for job in self.driver.keys.zrange("wt:ended", 0, -1):
            self.driver.keys.zadd("wt:ended", {job: 0})

    @rule()
    def reconcile(self) -> None:
        self.driver.reconcile()

    @rule(host=st.sampled_from(["h1", "h2"]))
    def drain(self, host: str) -> None:
        self.driver.records.hosts.drain(host, "operator")

    @rule(host=st.sampled_from(["h1", "h2"]))
    def undrain(self, host: str) -> None:
        self.driver.records.hosts.undrain(host)

    @rule()
    def verdicts_expire(self) -> None:
        for key in self.driver.keys.keys("wt:verdict:*"):
            self.driver.keys.delete(key)

    @rule()
    def scripts_are_forgotten(self) -> None:
        self.driver.keys.script_flush()

    # -- what holds always -------------------------------------------------------------------------------

    @invariant()
    def what_holds_always(self) -> None:
        if not hasattr(self, "driver"):
            return
        keys, places = self.driver.keys, self.driver.places()
        unfinished = 0
        running_of: Counter[str] = Counter()
        for batch in keys.zrange("wt:batch-list", 0, -1):
            header = keys.hgetall(f"wt:batch:{batch}")
            outcomes = sum(int(value) for name, value in header.items() if name.startswith("outcome:"))
            assert outcomes == int(header["finished"]), batch
            unfinished += int(header["total"]) - int(header["finished"])
            finished = 0
            for index in range(int(header["written"])):
                job = job_id(batch, index)
                state = self.driver.state(job)
                finished += state == "finished"
                held = places[job] == 1 or (
                    places[job] == 2 and state == "ended"
                )  # a validator holds what was cancelled
                assert held if state != "finished" else places[job] <= 1, (job, state, places[job])
                running_of[batch] += state == "running"
            assert finished == int(header["finished"]), batch
            assert int(header.get("running", 0)) == running_of[batch], batch
        assert unfinished == self.driver.unfinished()
        for queue in (VALIDATE, QUEUE):
            lanes = sum(keys.llen(lane) for lane in keys.scan_iter(f"wt:lane:{queue}:*", count=1000))
            assert lanes == self.driver.waiting(queue), queue
        assert sum(map(int, keys.hvals("wt:running"))) == sum(running_of.values())
        held = {job for key in keys.scan_iter("wt:held:*") for job in keys.hkeys(key)}
        assert {f"{job}" for job in held if self.driver.state(job) == "running"} == {
            job for job in places if self.driver.state(job) == "running"
        }


def test_random_operations(redis_url: str) -> None:
    Operations.url = redis_url
    run_state_machine_as_test(
        Operations,
        settings=settings(
            max_examples=EXAMPLES or 40,
            stateful_step_count=50,
            deadline=None,
            derandomize=not EXAMPLES,
            suppress_health_check=list(HealthCheck),
        ),
    )
