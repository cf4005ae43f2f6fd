"""Whatever happens in whatever order: each job is in one place, the sums are right, and all end exactly once."""

from __future__ import annotations

from collections import Counter

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    run_state_machine_as_test,
)
from tests.contract.driver import QUEUE, Driver

from windtunnel.contract import Outcome
from windtunnel.keyspace import job_id
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel.records.schedule import VALIDATE

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
            self.let_time_pass(driver)
            for session in ("h1:9:a", "h2:9:a"):
                driver.run_all(session)
            if driver.unfinished() == 0:
                break
        driver.reconcile()
        assert driver.unfinished() == 0, driver.places()
        self.driver.keys.script_flush()

    @staticmethod
    def let_time_pass(driver: Driver) -> None:
        """Whatever waits for a time waits no longer."""
        for session in driver.keys.zrange("wt:leases", 0, -1):
            driver.expire(session)
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
        driver.end_pauses()
        driver.reconcile()

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
                # A validator may hold what was cancelled.
                in_one_place = places[job] == 1 or (places[job] == 2 and state == "ended")
                assert in_one_place if state != "finished" else places[job] <= 1, (job, state, places[job])
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
            max_examples=40,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
