"""Whatever happens in whatever order: each job is in one place, the sums are right, and all end exactly once."""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import suppress
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
from tests.contract.driver import EVERYTHING, POLICY, QUEUE, Driver
from tests.support import a_report, a_verdict, an_attempt

from windtunnel.contract import Batch, Budget, Isolation, Outcome, SecurityLevel, Stage, StageRun, Webhook
from windtunnel.errors import NotFound
from windtunnel.keyspace import job_id
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel.records.reports import Unfinished, build_record
from windtunnel.records.schedule import VALIDATE, Claimed, Held, Turn
from windtunnel.records.submissions import Opened

EXAMPLES = int(os.environ.get("WINDTUNNEL_FUZZ_EXAMPLES", "0"))
"""How many to try, other ones each time; without it always the same few."""
SESSIONS = st.sampled_from(["h1:1:a", "h1:2:a", "h2:1:a"])
HOSTS = st.sampled_from(["h1", "h2"])
OUTCOMES = st.sampled_from([*[Outcome.SUCCEEDED] * 4, Outcome.FAILED, Outcome.INFRASTRUCTURE_ERROR])
STAGES = (Stage(at_least=0.0, dataset_digests={}),)
PASSED = StageRun(stage=1, metric="sharpe", at_least=0.0, value=1.0, passed=True)
BATCHES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "count": st.integers(1, 6),
        "written": st.sampled_from([1, 100]),
        "owner": st.sampled_from(["a", "b"]),
        "priority": st.sampled_from([0, 5]),
        "isolation": st.sampled_from(Isolation),
        "codes": st.sampled_from([("print(0)",), ("print(0)", "print(1)")]),
        "max_running": st.sampled_from([None, 2]),
        "stages": st.sampled_from([(), STAGES]),
        "webhook": st.sampled_from([None, Webhook(url="https://hooks.example.com/", each="job")]),
        "budget": st.sampled_from([None, Budget(jobs=2), Budget(slot_seconds=0.05), Budget(same_failure=2)]),
    },
    optional={"params": st.just({})},
).map(lambda options: {**options, "cache": "params" in options})
"""Batches of jobs that differ, or that are alike and share their results."""
LASTING = re.compile(r"wt:(batch-list|counters|metrics|queues|seconds|queue:.*|hosts|host:.*|outbox.*)")
"""What has no lifetime when all is finished."""


class Operations(RuleBasedStateMachine):
    """Clients, workers, finalizers and the reconciler, none of which waits for another."""

    url = ""
    batches = Bundle("batches")
    claims = Bundle("claims")
    judging = Bundle("judging")
    takings = Bundle("takings")

    @initialize(target=batches, first=BATCHES, second=BATCHES)
    def begin(self, first: dict[str, Any], second: dict[str, Any]) -> object:
        plain = redis.Redis.from_url(self.url, decode_responses=True)
        plain.flushall()
        self.driver = Driver(Records(Connection(self.url, "wt"), 1000), plain)
        self.schedule = self.driver.records.schedule
        self.submitted: dict[str, Batch] = {}
        for host in ("h1", "h2"):
            self.driver.host(host, slots=2)
        return multiple(self.submit(first), self.submit(second))

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
        lasting = [key for key in driver.keys.scan_iter("wt:*", count=1000) if driver.keys.ttl(key) < 0]
        assert [key for key in lasting if not LASTING.fullmatch(key)] == []
        driver.keys.close()
        driver.records.close()

    def let_time_pass(self) -> None:
        """Whatever waits for a time waits no longer."""
        driver = self.driver
        for session in driver.keys.zrange("wt:leases", 0, -1):
            self.a_worker_falls_silent(session)
        for host in ("h1", "h2"):
            driver.host(host, slots=2)
            driver.records.hosts.undrain(host)
        for batch in driver.keys.zrange("wt:opening", 0, -1):
            driver.keys.zadd("wt:opening", {batch: 0})
            driver.records.care.abandon(batch, "gone")
        self.a_finalizer_dies()
        self.pauses_end()
        self.some_seconds_pass()

    # -- clients -----------------------------------------------------------------------------------------

    @rule(target=batches, options=BATCHES)
    def submit(self, options: dict[str, Any]) -> str:
        batch = self.driver.batch(**{name: value for name, value in options.items() if name != "written"})
        opened = self.driver.opened(batch)
        self.submitted[opened.batch_id] = batch
        self.driver.write(opened, batch, options["written"])
        return opened.batch_id

    @rule(batch=batches, written=st.integers(1, 6))
    def a_producer_writes_on(self, batch: str, written: int) -> None:
        with suppress(NotFound):
            self.driver.write(Opened(batch, 0), self.submitted[batch], written)

    @rule(batch=batches)
    def a_producer_falls_silent(self, batch: str) -> None:
        self.driver.keys.zadd("wt:opening", {batch: 0}, xx=True)
        self.driver.records.care.abandon(batch, "gone")

    @rule(batch=batches, index=st.integers(0, 5))
    def cancel_a_job(self, batch: str, index: int) -> None:
        self.driver.records.submissions.cancel([job_id(batch, index)], "client")

    @rule(batch=batches, half_way=st.booleans())
    def cancel_a_batch(self, batch: str, half_way: bool) -> None:
        with suppress(NotFound):
            if half_way:
                self.driver.records.submissions.close_batch(batch, "client")
            else:
                self.driver.cancel(batch)

    @rule(place=st.integers(0, 11), first=st.booleans())
    def retry(self, place: int, first: bool) -> None:
        records = sorted(self.driver.keys.scan_iter("wt:job:*-[0-9]", count=1000))
        jobs = [key.removeprefix("wt:job:") for key in records if self.driver.keys.hget(key, "state") == "finished"]
        if jobs:
            job = jobs[place % len(jobs)]
            if self.driver.field(job, "program"):
                report = a_report(job, attempt=int(self.driver.field(job, "attempt") or 0))
                self.driver.records.submissions.retry(report, "client", first=first)

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

    @rule(target=claims, session=SESSIONS, most=st.integers(1, 4), batch=st.none() | batches)
    def claim(self, session: str, most: int, batch: str | None) -> object:
        claimed = self.driver.claimed(session, most=most, turn=Turn(batch, 0.1) if batch else None)
        return multiple(*((session, job) for job in claimed.jobs)) if isinstance(claimed, Claimed) else multiple()

    @rule(held=claims)
    def begin_a_job(self, held: tuple[str, Held]) -> None:
        self.schedule.begin(*held, lease_s=30)

    @rule(held=claims, outcome=OUTCOMES, following=st.none() | claims)
    def executed(self, held: tuple[str, Held], outcome: Outcome, following: tuple[str, Held] | None) -> None:
        coming = following[1] if following and following[0] == held[0] else None
        self.driver.executed(held[1], held[0], outcome=outcome, following=coming)

    @rule(held=claims)
    def heartbeat(self, held: tuple[str, Held]) -> None:
        self.schedule.heartbeat(*held, lease_s=30)

    @rule(held=claims | judging)
    def give_back(self, held: tuple[str, Held | Claimed]) -> None:
        self.schedule.give_back(held[0], held[1].jobs if isinstance(held[1], Claimed) else [held[1]])

    @rule(held=claims)
    def postpone(self, held: tuple[str, Held]) -> None:
        self.schedule.postpone(*held, pause_s=1000, why="newer")

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
    def all_are_finished(self) -> None:
        self.driver.finalize()

    @rule(taken=takings)
    def advance(self, taken: Unfinished) -> None:
        spec = build_record(taken, None).spec if taken.program else None
        if spec and spec.stages and not spec.passed and taken.outcome == b"succeeded" and not taken.cached_from:
            report = a_report(taken.job_id, attempt=taken.attempt)
            self.driver.records.reports.advance(taken, spec.model_copy(update={"passed": (PASSED,)}), report, "f")

    @rule(taken=takings)
    def a_source_cannot_be_read(self, taken: Unfinished) -> None:
        self.driver.records.reports.run_itself(taken.job_id)

    @rule(taken=takings)
    def a_report_fails(self, taken: Unfinished) -> None:
        self.driver.records.care.count_fault(taken.job_id)
        self.driver.records.care.ended_again(taken.job_id, 1000)

    @rule()
    def a_finalizer_dies(self) -> None:
        for job in self.driver.keys.zrange("wt:ended", 0, -1):
            self.driver.keys.zadd("wt:ended", {job: 0})

    @rule()
    def some_seconds_pass(self) -> None:
        """What was closed is closed for good, and followers are looked at again."""
        for batch in self.driver.keys.zrange("wt:open", 0, -1):
            if self.driver.keys.hexists(f"wt:batch:{batch}", "closed_at"):
                self.driver.keys.hset(f"wt:batch:{batch}", "closed_at", 0)
        for digest in self.driver.keys.zrange("wt:following", 0, -1):
            self.driver.keys.zadd("wt:following", {digest: 1})
        self.driver.reconcile()

    @rule(attempts=st.sampled_from([1, 3]))
    def reconcile(self, attempts: int) -> None:
        self.driver.reconcile(max_attempts=attempts)

    @rule()
    def nobody_has_what_jobs_need(self) -> None:
        for lane in self.driver.reconcile(patience_s=0).unservable:
            self.driver.records.care.end_lane(lane, "missing")

    @rule(host=HOSTS, has=st.sampled_from([(EVERYTHING,), ("language:python",), ()]))
    def a_host_is_seen(self, host: str, has: tuple[str, ...]) -> None:
        self.driver.host(host, has=has, slots=2)

    @rule(host=HOSTS, how=st.sampled_from(["failed", "drain", "undrain"]))
    def a_host_changes(self, host: str, how: str) -> None:
        arguments = {"failed": ("broke", 2), "drain": ("operator",), "undrain": ()}[how]
        getattr(self.driver.records.hosts, how)(host, *arguments)

    @rule()
    def verdicts_expire(self) -> None:
        for key in self.driver.keys.keys("wt:verdict:*"):
            self.driver.keys.delete(key)

    @rule()
    def finished_records_expire(self) -> None:
        """All leases have run out by then."""
        for session in self.driver.keys.zrange("wt:leases", 0, -1):
            self.a_worker_falls_silent(session)
        self.driver.reconcile()
        for key in self.driver.keys.scan_iter("wt:*", count=1000):
            if self.driver.keys.ttl(key) > 60 and not key.startswith("wt:cache:"):
                self.driver.keys.delete(key)

    @rule(delivered=st.booleans())
    def a_webhook_is_sent(self, delivered: bool) -> None:
        for hook in self.driver.records.outbox.take(1, lease_s=0):
            if delivered:
                self.driver.records.outbox.delivered(hook)
            else:
                self.driver.records.outbox.later(hook, 0)

    @rule()
    def scripts_are_forgotten(self) -> None:
        self.driver.keys.script_flush()

    # -- what holds always -------------------------------------------------------------------------------

    @invariant()
    def what_holds_always(self) -> None:
        if not hasattr(self, "driver"):
            return
        keys, places = self.driver.keys, self.driver.places()
        held = {key: keys.hgetall(key) for key in keys.scan_iter("wt:held:*", count=1000)}
        for jobs in held.values():
            for job, token in jobs.items():
                if " " not in token and token != self.driver.field(job, "token"):
                    places[job] -= 1  # a validator may hold what was cancelled
        running: Counter[str] = Counter()
        uses: Counter[str] = Counter()
        unfinished = {}
        for batch in keys.zrange("wt:batch-list", 0, -1):
            if header := keys.hgetall(f"wt:batch:{batch}"):
                unfinished[batch] = int(header["total"]) - int(header["finished"])
                self.holds_of_batch(batch, header, places, running, uses)
        assert sum(unfinished.values()) == self.driver.unfinished()
        assert {batch for batch, jobs in unfinished.items() if jobs} == set(keys.zrange("wt:open", 0, -1))
        for queue in (VALIDATE, QUEUE):
            lanes = sum(keys.llen(lane) for lane in keys.scan_iter(f"wt:lane:{queue}:*", count=1000))
            assert lanes == self.driver.waiting(queue), queue
        followers = sum(keys.zcard(key) for key in keys.scan_iter("wt:followers:*", count=1000))
        assert followers == int(keys.hget("wt:counters", "following") or 0)
        assert uses == {sha: int(jobs) for sha, jobs in keys.hgetall("wt:uses").items()}
        assert all(keys.ttl(f"wt:code:{sha}") == -1 for sha in uses)
        assert sum(map(int, keys.hvals("wt:running"))) == running.total()
        assert running.total() == sum(self.driver.state(job) == "running" for jobs in held.values() for job in jobs)
        assert {key.removeprefix("wt:held:") for key in held} == set(keys.zrange("wt:leases", 0, -1))

    def holds_of_batch(
        self, batch: str, header: dict[str, str], places: Counter[str], running: Counter[str], uses: Counter[str]
    ) -> None:
        """Its counts are those of its jobs. Adds its running jobs and what its unfinished ones use."""
        outcomes = Counter({name[8:]: int(count) for name, count in header.items() if name.startswith("outcome:")})
        assert outcomes.total() == int(header["finished"]), batch
        is_over = header["finished"] == header["total"]
        assert ("finished_at" in header, self.driver.keys.ttl(f"wt:batch:{batch}") > 0) == (is_over, is_over), batch
        expired = 0
        for job in (job_id(batch, index) for index in range(int(header["written"]))):
            record = self.driver.keys.hgetall(f"wt:job:{job}")
            is_left = bool(record) and record["state"] != "finished"
            assert places[job] == is_left, (job, record.get("state"), places[job])
            if not record:
                expired += 1
                continue
            assert (self.driver.keys.ttl(f"wt:job:{job}") == -1) == is_left, job
            assert (record["history"].splitlines()[-1].split()[1] == "finished") != is_left, record["history"]
            running[batch] += record["state"] == "running"
            if not is_left:
                outcomes[record["outcome"]] -= 1
            elif "program" in record:
                uses[record["program"].partition(":")[0]] += 1
        assert (outcomes.total(), -outcomes) == (expired, {}), batch
        assert int(header.get("running", 0)) == running[batch], batch


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
