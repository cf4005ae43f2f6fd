"""The pipeline under faults of what it works with, on records in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

import fakeredis
import pytest
import redis

from windtunnel.client import Client, JobId
from windtunnel.contract import BatchStatus, Execution, Isolation, Limits, Outcome, Report, Verdict
from windtunnel.errors import NotFound, StoreUnavailable
from windtunnel.records import Records
from windtunnel.records.codec import encode, pack
from windtunnel.records.connection import Connection
from windtunnel.records.hosts import EVERYTHING
from windtunnel.settings import Settings
from windtunnel.testing import ended, succeeded
from windtunnel.validation import SecurityValidator
from windtunnel.wake import Silent
from windtunnel_worker.pipeline import Pipeline, Terms
from windtunnel_worker.sandbox.assignment import Assignment, Hooks, Stop, Superseded

Act = Callable[[Assignment, Hooks], Execution]


class Woken(Silent):
    """Notes the pools whose slots were woken."""

    def __init__(self) -> None:
        self.pools: list[str] = []

    def execute(self, pool: str, tickets: int = 1) -> None:
        self.pools += [pool] * tickets


class System:
    """A pipeline whose parts can be made to fail, with a client and a plain connection to what is stored."""

    def __init__(self, **terms: Any) -> None:
        server = fakeredis.FakeServer()
        self.fake = fakeredis.FakeRedis(server=server)
        self.keys: Any = fakeredis.FakeRedis(server=server, decode_responses=True)
        self.records = Records(Connection("memory:", "wt", client=self.fake), 1000)
        self.happened: list[str] = []
        self.judged: list[str] = []
        self.now = 1000.0
        self.woken = Woken()
        self.act: Act = lambda assignment, _: succeeded(at=assignment.job.params.get("at"))
        self.judge: Callable[[str, str], Verdict] = SecurityValidator().validate_code
        self.client = Client(settings=Settings(), records=self.records, broker=Silent())
        self.terms = Terms(**{"retry_pause_s": 0.0, "failures_to_pause": None, **terms})
        self.pipeline = self.pipeline_of("here")

    def pipeline_of(self, host: str) -> Pipeline:
        return Pipeline(
            self.records,
            session=f"{host}:1:a",
            validator=lambda: self,
            executor=lambda: self,
            wake=self.woken,
            terms=self.terms,
            observer=lambda what, *_, **__: self.happened.append(what),
            clock=lambda: self.now,
        )

    # What the pipeline asks of its validator and executor.

    def policy_id(self, language: str, _libraries: Collection[str] = ()) -> str:
        return f"{language}@test"

    def validate_code(self, code: str, language: str, _libraries: Collection[str] = ()) -> Verdict:
        self.judged.append(code)
        return self.judge(code, language)

    def execute(self, assignment: Assignment, hooks: Hooks) -> Execution:
        execution = self.act(assignment, hooks)
        return execution.model_copy(update={"attempt": assignment.attempt, "host": "here"})

    def warm_up(self) -> None:
        pass

    def rest(self) -> None:
        pass

    def close(self) -> None:
        pass

    # What tests do with it.

    def submit(self, count: int = 1, code: str = "print(1)", **options: Any) -> str:
        batch = {name: options.pop(name) for name in ("isolation", "max_running") if name in options}
        jobs = [{"code": code, "params": {"at": at}, **options} for at in range(count)]
        return self.client.submit_batch(jobs, **batch)

    def run(self) -> None:
        """All that waits, whatever it waits for, to its report, and once more when nothing waits."""
        for _ in range(12):
            done = all(batch.done for batch in self.client.batches())
            self.records.hosts.seen("here", 1, "test", ["default"], [EVERYTHING])
            for key in ("wt:later", "wt:ended"):
                for job in self.keys.zrange(key, 0, -1):
                    self.keys.zadd(key, {job: 0})
            self.pipeline.validate()
            self.pipeline.execute("default")
            self.pipeline.finalize()
            if done:
                break

    def reports(self, batch: str) -> list[Report]:
        return list(self.client.reports(batch))

    def outcomes(self, batch: str) -> list[str]:
        return [report.outcome.value for report in self.reports(batch)]


def fails(times: int, error: Exception, then: Any) -> Callable[..., Any]:
    """Raises so many times, then goes on as `then` does."""
    left = [times]

    def act(*arguments: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return then(*arguments)

    return act


# -- unexpected exceptions -------------------------------------------------------------------------------

ERRORS: Sequence[Exception] = (RuntimeError("boom\n" * 100), RecursionError(), MemoryError(), KeyError("x"))


@pytest.mark.parametrize("error", ERRORS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("times", [2, 100])
def test_an_executor_that_raises(error: Exception, times: int) -> None:
    system = System()
    act = fails(times, error, system.act)
    system.act = lambda assignment, hooks: (
        act(assignment, hooks) if assignment.job.params["at"] == 0 else succeeded(at=assignment.job.params["at"])
    )
    batch = system.submit(3, isolation=Isolation.CELL)
    system.run()
    first, *others = system.reports(batch)
    assert [report.outcome.value for report in others] == ["succeeded"] * 2
    if times == 2:
        assert first.outcome is Outcome.SUCCEEDED
    else:
        assert first.outcome is Outcome.INFRASTRUCTURE_ERROR
        assert type(error).__name__ in first.message
        assert len(first.message) < 400
        assert system.happened.count("fault") == 3


@pytest.mark.parametrize("times", [2, 100])
def test_a_validator_that_raises(times: int) -> None:
    system = System()
    judge, broken = system.judge, fails(times, RuntimeError("boom"), system.judge)
    system.judge = lambda code, language: broken(code, language) if "2" in code else judge(code, language)
    fine, bad = system.submit(2), system.submit(2, "print(2)")
    system.run()
    assert system.outcomes(fine) == ["succeeded"] * 2
    assert system.outcomes(bad) == ["succeeded" if times == 2 else "infrastructure_error"] * 2


def test_a_report_that_cannot_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    from windtunnel_worker.pipeline import finalize, report

    system, build = System(), report.build_report

    def broken(record: Any, samples: Any) -> Report:
        if record.job_id.endswith("-0"):
            raise RuntimeError("boom")
        return build(record, samples)

    monkeypatch.setattr(finalize, "build_report", broken)
    batch = system.submit(3)
    system.run()
    assert system.outcomes(batch) == ["infrastructure_error", "succeeded", "succeeded"]
    assert "boom" in system.reports(batch)[0].message
    assert system.happened.count("fault") == 3


def test_a_fault_of_the_machinery_is_tried_again_and_then_said() -> None:
    system = System()
    system.act = lambda *_: ended(Outcome.INFRASTRUCTURE_ERROR, "Docker is away.")
    batch = system.submit()
    system.run()
    (report,) = system.reports(batch)
    assert (report.outcome, report.message) == (Outcome.INFRASTRUCTURE_ERROR, "Docker is away.")
    assert [attempt.number for attempt in report.attempts] == [1, 2, 3]


def test_a_host_that_fails_three_times_in_a_row_takes_nothing_more() -> None:
    system = System(failures_to_pause=3, max_attempts=10)
    system.act = lambda *_: ended(Outcome.INFRASTRUCTURE_ERROR, "Docker is away.")
    system.submit(20)
    system.run()
    (host,) = system.client.hosts()
    assert host.paused == "Docker is away."
    assert system.happened.count("retry") == 3


def test_jobs_that_wait_behind_a_long_one_are_given_back() -> None:
    system, held = System(), []

    def act(assignment: Assignment, hooks: Hooks) -> Execution:
        system.now += 0.001
        if assignment.job.params["at"] == 5:
            for _ in range(2):
                held.append(system.keys.hlen("wt:held:here:1:a"))
                system.now += 1.5
                hooks.stop()
            held.append(system.keys.hlen("wt:held:here:1:a"))
        return succeeded()

    system.act = act
    batch = system.submit(30, isolation=Isolation.CELL)
    system.run()
    assert held[0] > 1
    assert held[1:] == [held[0], 1]
    assert system.outcomes(batch) == ["succeeded"] * 30
    transitions = [line.what for line in system.client.history(f"{batch}-6")]
    assert transitions == ["submitted", "validated", "claimed", "given_back", "claimed", "executed", "finished"]
    assert [len(report.attempts) for report in system.reports(batch)] == [1] * 30


# -- Redis -----------------------------------------------------------------------------------------------


class Trouble(fakeredis.FakeRedis):
    """A Redis that refuses a script while it is told to."""

    refuse: str = ""
    error: Exception = redis.OutOfMemoryError("OOM command not allowed")

    def evalsha(self, sha: str, numkeys: int, *rest: Any) -> Any:
        from windtunnel.records.lua import script

        if self.refuse and sha == script(self.refuse)[1]:
            raise self.error
        return super().evalsha(sha, numkeys, *rest)


@pytest.mark.parametrize(
    "error", [redis.OutOfMemoryError("OOM"), redis.ConnectionError("away"), redis.ResponseError("OOM x")]
)
@pytest.mark.parametrize("script", ["claim", "judged", "executed", "take_ended", "finish"])
def test_a_redis_that_fails_in_the_middle_costs_no_job(script: str, error: Exception) -> None:
    server = fakeredis.FakeServer()
    system = System()
    trouble = Trouble(server=server)
    trouble.error = error
    system.keys = fakeredis.FakeRedis(server=server, decode_responses=True)
    system.records = Records(Connection("memory:", "wt", client=trouble), 1000)
    system.client = Client(settings=Settings(), records=system.records, broker=Silent())
    system.pipeline = Pipeline(
        system.records, session="here:1:a", validator=lambda: system, executor=lambda: system, wake=Silent(),
        terms=Terms(retry_pause_s=0.0), observer=lambda *_, **__: None,
    )  # fmt: skip
    batch = system.submit(3, isolation=Isolation.CELL)
    trouble.refuse = script
    with pytest.raises(StoreUnavailable):
        system.run()
    trouble.refuse = ""
    system.run()
    assert system.outcomes(batch) == ["succeeded"] * 3


# -- what is stored was changed --------------------------------------------------------------------------


def test_limits_above_the_hosts_ceiling_are_refused_on_the_worker() -> None:
    system = System(ceiling=Limits(memory_mb=1024))
    system.client = Client(
        settings=Settings(ceiling=Limits(memory_mb=2**20, processes=10_000)), records=system.records, broker=Silent()
    )
    batch = system.submit(1, limits={"memory_mb": 2**20, "processes": 9000})
    system.run()
    (report,) = system.reports(batch)
    assert report.outcome is Outcome.REJECTED
    assert "limits.memory_mb" in report.message
    assert "limits.processes" in report.message


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stored", [b"1jimport os", pack(b"import os" * 1000), b"\xff", b"1z\x00", None], ids=str)
def test_a_program_that_was_changed_does_not_run(when: str, stored: bytes | None) -> None:
    system = System()
    ran: list[str] = []
    system.act = lambda assignment, _: ran.append(assignment.job.code) or succeeded()  # type: ignore[func-returns-value]
    batch, other = system.submit(), system.submit(1, "print(2)")
    if when == "after":
        system.pipeline.validate()
    key = f"wt:code:{hashlib.sha256(b'print(1)').hexdigest()}"
    system.keys.delete(key)
    if stored is not None:
        system.fake.set(key, stored)
    system.run()
    assert ran == ["print(2)"]
    (report,) = system.reports(batch)
    assert report.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert "Submit" in report.message
    assert system.outcomes(other) == ["succeeded"]


def test_the_verdict_on_another_program_lets_nothing_run() -> None:
    system = System()
    batch = system.submit(1, "print(1)")
    other = system.submit(1, "import os")
    system.pipeline.validate()
    ids = {code: hashlib.sha256(code.encode()).hexdigest() for code in ("print(1)", "import os")}
    verdict = system.fake.get(f"wt:verdict:{ids['print(1)']}:python:python@test")
    job = f"wt:job:{other}-0"
    system.fake.set(f"wt:verdict:{ids['import os']}:python:python@test", cast(bytes, verdict))
    system.keys.hset(job, "state", "ready")
    system.keys.zrem("wt:ended", f"{other}-0")
    system.keys.rpush(f"wt:lane:execute.default:5:{batch}:language:python", "0")
    system.keys.hset(f"wt:job:{batch}-0", "program", f"{ids['import os']}:python")
    system.run()
    assert system.outcomes(batch) == ["rejected"]


@pytest.mark.parametrize(
    "field", ["spec", "program", "policy", "attempt", "outcome", "message", "execution", "history"]
)
@pytest.mark.parametrize(
    "value",
    [b"", b"\xff\xfe", b'1j{"name', b'1j{"limits":{"cpus":NaN}}', b'1j{"outcome":"teleported"}', b"1z\x00",
     encode(Limits()), b"9" * 50],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
@pytest.mark.parametrize("when", ["queued", "ready", "ended"])
def test_a_broken_record_ends_with_a_report_and_touches_no_neighbour(field: str, value: bytes, when: str) -> None:
    system = System()
    batch = system.submit(2)
    if when != "queued":
        system.pipeline.validate()
    if when == "ended":
        system.records.hosts.seen("here", 1, "test", ["default"], [EVERYTHING])
        system.pipeline.execute("default")
    system.fake.hset(f"wt:job:{batch}-0", field, value)
    system.run()
    status = system.client.status(batch)
    assert isinstance(status, BatchStatus)
    assert status.done
    assert system.client.report(f"{batch}-1").outcome is Outcome.SUCCEEDED
    for call in (system.client.jobs, lambda one: list(system.client.reports(one)), system.client.history):
        call(f"{batch}-0" if call == system.client.history else batch)


# -- stopping --------------------------------------------------------------------------------------------


def test_a_superseded_attempt_records_nothing_and_the_rest_goes_on() -> None:
    system = System()

    def act(assignment: Assignment, _: Hooks) -> Execution:
        if assignment.job.params["at"] == 1 and assignment.attempt == 1:
            system.keys.zadd("wt:leases", {"here:1:a": 0})
            system.records.care.reconcile("r", turn_s=1, max_attempts=3, max_faults=3, patience_s=15)
            raise Superseded
        return succeeded()

    system.act = act
    batch = system.submit(4, isolation=Isolation.CELL)
    system.run()
    assert system.outcomes(batch) == ["succeeded"] * 4
    assert [len(report.attempts) for report in system.reports(batch)] == [1, 2, 1, 1]
    assert "superseded" in system.happened


def test_a_batch_that_is_cancelled_in_the_middle_of_a_cells_chunk() -> None:
    system = System()
    ran: list[int] = []

    def act(assignment: Assignment, _: Hooks) -> Execution:
        ran.append(assignment.job.params["at"])  # type: ignore[arg-type]
        if len(ran) == 3:
            system.client.cancel(batch)
            return ended(Outcome.CANCELLED, "Stopped.")
        return succeeded().model_copy(update={})

    system.act = act
    batch = system.submit(8, isolation=Isolation.CELL)
    system.run()
    assert ran == [0, 1, 2]
    assert system.outcomes(batch) == ["succeeded"] * 2 + ["cancelled"] * 6
    assert {report.message for report in system.reports(batch)[2:]} == {"Cancelled by client:default."}


def test_the_lease_says_that_a_job_was_cancelled() -> None:
    from windtunnel_worker.pipeline.lease import Lease

    system = System()
    batch = system.submit()
    system.pipeline.validate()
    seconds = [0.0]

    def act(assignment: Assignment, hooks: Hooks) -> Execution:
        del assignment
        assert hooks.stop() is None
        return succeeded()

    system.act = act
    system.records.hosts.seen("here", 1, "test", ["default"], [EVERYTHING])
    claimed = system.records.schedule.claim("execute.default", "here:1:a", lease_s=15)
    (job,) = claimed.jobs  # type: ignore[union-attr]
    lease = Lease(system.records.schedule, "here:1:a", job, 15, lambda: seconds[0])
    system.client.cancel(f"{batch}-0")
    assert lease.stop() is None  # it asks once a second
    seconds[0] = 1.5
    assert lease.stop() is Stop.CANCELLED
    system.keys.hset(f"wt:job:{batch}-0", "token", "2-b")
    seconds[0] = 3.0
    assert lease.stop() is Stop.SUPERSEDED


# -- one verdict a program -------------------------------------------------------------------------------


def test_a_sweep_is_judged_once_and_so_is_the_next_batch_of_the_program() -> None:
    system = System()
    system.submit(2_500)
    passed = system.pipeline.validate()
    while sum(passed.ready.values()) < 2_500:
        passed.ready.update(system.pipeline.validate().ready)
    system.submit(3)
    system.pipeline.validate()
    assert system.judged == ["print(1)"]
    system.submit(1, "print(2)")
    system.pipeline.validate()
    assert system.judged == ["print(1)", "print(2)"]


def test_a_fault_that_another_host_would_have_too_pauses_no_host() -> None:
    system = System(failures_to_pause=1, max_attempts=2)
    system.act = lambda *_: ended(Outcome.INFRASTRUCTURE_ERROR, "No such bytes.").model_copy(
        update={"host_at_fault": False}
    )
    batch = system.submit()
    system.run()
    assert "host-paused" not in system.happened
    assert [host.paused for host in system.records.hosts.all()] == [""]
    assert system.client.report(f"{batch}-0").outcome is Outcome.INFRASTRUCTURE_ERROR


def test_a_host_whose_jobs_then_run_on_another_one_has_a_fault_of_its_own() -> None:
    system = System(failures_to_pause=3)
    there = system.pipeline_of("there")
    for host in ("here", "there"):
        system.records.hosts.seen(host, 1, "test", ["default"], [EVERYTHING])
    batch = system.submit(3)
    system.pipeline.validate()
    system.act = lambda *_: ended(Outcome.INFRASTRUCTURE_ERROR, "No such bytes.").model_copy(
        update={"host_at_fault": False}
    )
    system.pipeline.execute("default")
    assert [host.paused for host in system.records.hosts.all()] == ["", ""]
    system.act = lambda *_: succeeded()
    there.execute("default")
    assert [host.paused for host in system.records.hosts.all()] == ["No such bytes.", ""]
    there.finalize()
    assert system.outcomes(batch) == ["succeeded"] * 3
    assert not system.keys.hexists(f"wt:job:{batch}-0", "suspect")


def test_jobs_whose_program_is_gone_keep_no_other_of_their_batch_from_a_retry(caplog: pytest.LogCaptureFixture) -> None:
    system = System()
    batch = system.client.submit_batch([{"code": "print(1)"}, {"code": "print(2)"}, {"code": "print(1)"}])
    system.run()
    system.fake.delete(f"wt:code:{hashlib.sha256(b'print(1)').hexdigest()}")
    assert system.client.retry(batch, outcomes="succeeded") == [f"{batch}-1"]
    (line,) = [one.getMessage() for one in caplog.records if "not-retried" in one.getMessage()]
    assert f"jobs=2 reason=The program of {batch}-0 is no longer stored." in line
    with pytest.raises(NotFound):
        system.client.retry(JobId(f"{batch}-0"))


def test_a_host_that_drains_leaves_its_ticket_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windtunnel_worker.pipeline.execute.LOOKS", {})
    system, job = _until("spec")
    system.woken.pools.clear()
    system.client.drain("here")
    assert system.pipeline.execute("default") == []
    assert system.woken.pools == ["default"]
    system.fake.lpush("execute", "a ticket")
    system.pipeline.execute("default")
    assert system.woken.pools == ["default"]
    system.fake.delete("execute")
    system.client.undrain("here")
    assert system.pipeline.execute("default") == [job]
    system.client.drain("here")
    system.pipeline.execute("default")
    assert system.woken.pools == ["default"]


def test_a_slot_of_a_host_that_drains_keeps_one_ticket_and_works_once_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    system, job = _until("spec")
    system.client.drain("here")
    system.woken.pools.clear()
    left: list[list[str]] = []

    def sleep(_: float) -> None:
        left.append(list(system.woken.pools))
        if len(left) == 3:
            system.client.undrain("here")

    monkeypatch.setattr("windtunnel_worker.pipeline.execute.time.sleep", sleep)
    assert system.pipeline.execute("default") == [job]
    assert left == [["default"]] * 3


NEWER = b'99j{"limits":"of another kind","outcome":"of another kind","safe":"perhaps"}'


def _until(what: str) -> tuple[System, JobId]:
    """A system with a job that was validated, and that has run where it is about its execution."""
    system = System()
    system.records.hosts.seen("here", 1, "test", ["default"], [EVERYTHING])
    job = system.client.submit({"code": "print(1)"})
    system.pipeline.validate()
    if what == "execution":
        system.pipeline.execute("default")
    return system, job


@pytest.mark.parametrize("what", ["spec", "verdict", "execution"])
def test_a_record_that_only_a_newer_version_can_read_waits_for_it(what: str) -> None:
    system, job = _until(what)
    record = f"wt:job:{job}"
    if what == "verdict":
        (record,) = system.keys.keys("wt:verdict:*")
        written = system.fake.getset(record, NEWER)
    else:
        written = system.fake.hget(record, what)
        system.fake.hset(record, what, NEWER)
    system.pipeline.execute("default")
    system.pipeline.finalize()
    assert "newer" in system.happened
    status = system.client.status(job)
    assert (status.state.value, status.attempt) == (("ended", 1) if what == "execution" else ("ready", 0))
    # A newer worker can read it.
    if what == "verdict":
        system.fake.set(record, written or b"")
    else:
        system.fake.hset(record, what, written)
    system.fake.zadd("wt:ended" if what == "execution" else "wt:later", {job: 0}, xx=True)
    system.pipeline.execute("default")
    system.pipeline.finalize()
    report = system.client.report(job)
    assert (report.outcome, len(report.attempts)) == (Outcome.SUCCEEDED, 1)


@pytest.mark.parametrize("other", ['{"image":"alpine:latest"}', '{"language":"cpp"}'])
def test_a_record_that_names_another_image_than_was_claimed_is_the_submitters_fault(other: str) -> None:
    system, job = _until("spec")
    system.fake.hset(f"wt:job:{job}", "spec", other)
    system.pipeline.execute("default")
    system.pipeline.finalize()
    report = system.client.report(job)
    assert (report.outcome, len(report.attempts)) == (Outcome.REJECTED, 1)


@pytest.mark.parametrize("stored", [NEWER, b"{"])
def test_a_record_that_cannot_be_read_ends_as_cancelled_at_once_if_it_was(stored: bytes) -> None:
    system, job = _until("spec")
    system.fake.hset(f"wt:job:{job}", "spec", stored)
    assert system.client.cancel(job) == 1
    system.pipeline.finalize()
    report = system.client.report(job)
    assert (report.outcome, report.message) == (Outcome.CANCELLED, "Cancelled by client:default.")


@pytest.mark.parametrize("what", ["spec", "execution"])
def test_a_record_of_a_newer_version_waits_for_a_day_at_most(what: str) -> None:
    system, job = _until(what)
    system.fake.hset(f"wt:job:{job}", mapping={what: NEWER, "history": "1000 submitted app\n"})
    system.pipeline.execute("default")
    system.fake.hset(f"wt:job:{job}", "spec", b"1j{}")
    system.pipeline.finalize()
    report = system.client.report(job)
    assert report.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert "No worker of the version that wrote this job came within a day" in report.message
