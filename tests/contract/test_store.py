"""What each Lua step of the store promises, on a real Redis."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
import redis
from tests.support import Lifecycle, RedisServer, a_report, a_verdict, an_attempt, free_port

from windtunnel.client import Client
from windtunnel.contract import Batch, EventKind, Job, JobState, Outcome, Sample, SecurityLevel
from windtunnel.errors import IdempotencyConflict, InvalidInput, NotFound, QueueFull, StoreUnavailable
from windtunnel.keyspace import MAX_ATTEMPTS_KEPT, MAX_SAMPLES, job_id
from windtunnel.records.redis import Store
from windtunnel.settings import Settings

RETENTION_S = 1000
T = TypeVar("T")


def submitted(store: Store, count: int = 1, *, batch_id: str = "b") -> list[str]:
    batch = Batch(jobs=tuple(Job(code=f"print({index})", name=f"j{index}") for index in range(count)))
    store.open_batch(batch_id, batch, "batch", None, 1000)
    store.write_jobs(batch_id, batch)
    return [job_id(batch_id, index) for index in range(count)]


@pytest.fixture
def job(store: Store) -> Lifecycle:
    """One stored job of a batch of its own."""
    return Lifecycle(store, submitted(store)[0])


def together(count: int, work: Callable[[int], T]) -> list[T]:
    """What `count` threads get that start the work at the same moment."""
    gate = threading.Barrier(count)

    def wait_and_work(index: int) -> T:
        gate.wait()
        return work(index)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_work, range(count)))


# -- claiming --------------------------------------------------------------------------------------------


def test_a_queued_job_cannot_be_claimed(store: Store, job: Lifecycle) -> None:
    assert store.claim(job.name, "a", 30, 3) is None
    assert store.record(job.name).state is JobState.QUEUED


def test_a_job_that_is_not_there_cannot_be_claimed(store: Store) -> None:
    assert store.claim("none-0", "a", 30, 3) is None


def test_a_rejected_job_cannot_be_claimed(store: Store, job: Lifecycle) -> None:
    assert job.judged(SecurityLevel.CRITICAL) == 1
    assert store.claim(job.name, "a", 30, 3) is None


def test_a_claim_is_exclusive(store: Store, job: Lifecycle) -> None:
    job.judged()
    claims = together(8, lambda index: store.claim(job.name, f"owner{index}", 30, 3))
    won = [claim for claim in claims if claim and claim.job]
    held = [claim for claim in claims if claim and claim.held_s]
    assert (len(won), len(held)) == (1, 7)
    assert store.record(job.name).attempt == 1


def test_a_second_claim_changes_nothing(store: Store, keys: redis.Redis, job: Lifecycle) -> None:
    job.judged()
    job.claimed()
    before = keys.hgetall(store.keys.job(job.name))
    claim = store.claim(job.name, "other", 30, 3)
    assert claim is not None
    assert 0 < claim.held_s <= job.lease_s
    assert claim.job is None
    assert keys.hgetall(store.keys.job(job.name)) == before


def test_a_claim_hands_over_the_job(store: Store, job: Lifecycle) -> None:
    job.judged()
    claim = store.claim(job.name, "a", 30, 3)
    assert claim is not None
    assert claim.job == Job(code="print(0)", name="j0")
    assert (claim.attempt, claim.executed, claim.exhausted) == (1, False, False)


def claim_when_free(job: Lifecycle) -> int | None:
    """Claim as soon as the lease is over; None when no attempt is left."""
    for _ in range(2000):
        claim = job.store.claim(job.name, job.owner, job.lease_s, job.max_attempts)
        assert claim is not None
        if not claim.held_s:
            return None if claim.exhausted else claim.attempt
        time.sleep(claim.held_s)  # Redis tells nobody that a lease has run out
    raise AssertionError("the lease never ran out")


def test_after_an_expired_lease_comes_the_next_attempt_until_none_is_left(store: Store) -> None:
    job = Lifecycle(store, submitted(store)[0], lease_s=0.02, max_attempts=3)
    job.judged()
    assert [claim_when_free(job) for _ in range(4)] == [1, 2, 3, None]
    claim = store.claim(job.name, "a", 0.02, 3)
    assert claim is not None
    assert (claim.attempt, claim.exhausted, claim.job) == (3, True, None)
    attempts = store.record(job.name).attempts
    assert [(attempt.number, attempt.outcome, attempt.host) for attempt in attempts] == [
        (1, Outcome.LOST, "test"),
        (2, Outcome.LOST, "test"),
    ]


def test_an_exhausted_job_can_be_finished_as_lost(store: Store) -> None:
    job = Lifecycle(store, submitted(store)[0], lease_s=0.02, max_attempts=1)
    job.judged()
    assert [claim_when_free(job), claim_when_free(job)] == [1, None]
    assert job.finished(1, Outcome.LOST)
    assert store.batch_status("b").outcomes == {Outcome.LOST: 1}


def test_an_executed_attempt_is_handed_to_finalize_not_run_again(store: Store) -> None:
    job = Lifecycle(store, submitted(store)[0], lease_s=0.02)
    job.judged()
    attempt = job.claimed()
    assert job.executed(attempt)
    claim = store.claim(job.name, "other", 30, 3)
    assert claim is not None
    assert (claim.attempt, claim.executed, claim.job) == (attempt, True, None)


# -- the fencing token -----------------------------------------------------------------------------------


@pytest.fixture
def superseded(store: Store) -> Lifecycle:
    """A job whose attempt 1 lost its lease to attempt 2."""
    job = Lifecycle(store, submitted(store)[0], lease_s=0.02)
    job.judged()
    job.claimed()
    job.lease_s = 30
    assert claim_when_free(job) == 2
    return job


def test_a_heartbeat_renews_the_lease_of_the_current_attempt_only(store: Store, superseded: Lifecycle) -> None:
    assert not store.heartbeat(superseded.name, 1, 30)
    assert store.heartbeat(superseded.name, 2, 30)


def test_a_heartbeat_keeps_the_job_from_others(store: Store, job: Lifecycle) -> None:
    job.judged()
    job.lease_s = 0.5
    attempt = job.claimed()
    assert store.heartbeat(job.name, attempt, 3600)
    claim = store.claim(job.name, "other", 30, 3)
    assert claim is not None
    assert claim.held_s > 3000


def test_an_earlier_attempt_records_nothing(store: Store, superseded: Lifecycle) -> None:
    assert not superseded.executed(1, Outcome.FAILED)
    assert store.record(superseded.name).execution is None
    assert superseded.executed(2)
    assert not superseded.executed(1, Outcome.FAILED)
    execution = store.record(superseded.name).execution
    assert execution is not None
    assert (execution.attempt, execution.outcome) == (2, Outcome.SUCCEEDED)


def test_an_earlier_attempt_finishes_nothing(store: Store, superseded: Lifecycle) -> None:
    assert not superseded.finished(1)
    assert store.record(superseded.name).state is JobState.RUNNING
    assert superseded.executed(2)
    assert superseded.finished(2)


def test_an_earlier_attempt_releases_nothing(store: Store, superseded: Lifecycle) -> None:
    assert not store.release(superseded.name, an_attempt(1, Outcome.INFRASTRUCTURE_ERROR), 3)
    assert [attempt.outcome for attempt in store.record(superseded.name).attempts] == [Outcome.LOST]


# -- verdicts --------------------------------------------------------------------------------------------


def test_a_verdict_is_recorded_once(store: Store, job: Lifecycle) -> None:
    assert job.judged() == 0
    assert store.record_verdicts([(job.name, a_verdict(SecurityLevel.CRITICAL))]) == []
    verdict = store.verdict(job.name)
    assert verdict is not None
    assert verdict.safe


def test_a_rejection_counts_as_the_attempt_that_finalize_shows(store: Store, job: Lifecycle) -> None:
    attempt = job.judged(SecurityLevel.CRITICAL)
    assert attempt == 1
    assert job.finished(attempt, Outcome.REJECTED)
    assert store.batch_status("b").outcomes == {Outcome.REJECTED: 1}


# -- finishing -------------------------------------------------------------------------------------------


def test_a_job_is_finished_exactly_once_under_concurrency(store: Store) -> None:
    names = submitted(store, 20)
    for name in names:
        job = Lifecycle(store, name)
        job.judged()
        job.executed(job.claimed())

    def finish_all(index: int) -> Counter[str]:
        outcome = list(Outcome)[index]
        return Counter(name for name in names if Lifecycle(store, name).finished(1, outcome))

    won = sum(together(8, finish_all), Counter[str]())
    assert won == Counter(names)
    status = store.batch_status("b")
    assert (status.finished, status.done, sum(status.outcomes.values())) == (20, True, 20)
    events = list(store.events("b", "0", 0.01))
    finished = [event for event in events if event.kind is EventKind.FINISHED]
    assert sorted(str(event.job_id) for event in finished) == sorted(names)
    assert [event.finished for event in finished] == list(range(1, 21))
    assert [event.kind for event in events if event.kind is not EventKind.FINISHED] == [EventKind.BATCH_FINISHED]
    outcomes = Counter(event.outcome for event in finished)
    assert outcomes == Counter(status.outcomes)


def test_finishing_writes_report_state_and_time_together(store: Store, job: Lifecycle) -> None:
    with pytest.raises(NotFound, match="queued"):
        store.report(job.name)
    job.to_the_end(Outcome.FAILED)
    assert store.report(job.name) == a_report(job.name, Outcome.FAILED)
    (status,) = store.job_statuses([job.name])
    assert (status.state, status.outcome, status.attempt) == (JobState.FINISHED, Outcome.FAILED, 1)
    assert store.batch_status("b").finished_at is not None


def test_a_finished_job_waits_for_nobody(store: Store, keys: redis.Redis, job: Lifecycle) -> None:
    assert keys.zcard(store.keys.open) == 1
    job.to_the_end()
    assert keys.zcard(store.keys.open) == 0
    assert store.claim(job.name, "a", 30, 3) is None


# -- trying again ----------------------------------------------------------------------------------------


def test_a_release_gives_the_job_back_and_keeps_the_attempt(store: Store, job: Lifecycle) -> None:
    job.judged()
    for number in (1, 2):
        assert job.claimed() == number
        assert store.release(job.name, an_attempt(number, Outcome.INFRASTRUCTURE_ERROR), 3)
    assert [attempt.number for attempt in store.record(job.name).attempts] == [1, 2]
    assert job.claimed() == 3
    assert not store.release(job.name, an_attempt(3, Outcome.INFRASTRUCTURE_ERROR), 3)
    assert store.record(job.name).state is JobState.RUNNING


def test_a_retry_keeps_history_and_counters_right(store: Store) -> None:
    names = submitted(store, 2)
    for name, outcome in zip(names, (Outcome.FAILED, Outcome.SUCCEEDED), strict=True):
        Lifecycle(store, name).to_the_end(outcome)
    failed, succeeded = names
    assert not store.retry(succeeded, [Outcome.FAILED])
    assert store.retry(failed, [Outcome.FAILED, Outcome.TIMED_OUT])
    assert not store.retry(failed, list(Outcome)), "a queued job cannot be retried"

    status = store.batch_status("b")
    assert (status.finished, status.outcomes, status.finished_at) == (1, {Outcome.SUCCEEDED: 1}, None)
    record = store.record(failed)
    assert (record.state, record.attempt, record.verdict, record.execution) == (JobState.QUEUED, 1, None, None)
    assert [(attempt.number, attempt.outcome) for attempt in record.attempts] == [(1, Outcome.FAILED)]
    with pytest.raises(NotFound, match="no report"):
        store.report(failed)

    job = Lifecycle(store, failed)
    job.judged()
    assert job.claimed() == 2
    assert job.executed(2)
    assert job.finished(2)
    status = store.batch_status("b")
    assert (status.finished, status.outcomes, status.done) == (2, {Outcome.SUCCEEDED: 2}, True)
    kinds = Counter(event.kind for event in store.events("b", "0", 0.01))
    assert kinds == {EventKind.FINISHED: 3, EventKind.RETRIED: 1, EventKind.BATCH_FINISHED: 2}


def test_a_retried_job_has_all_its_attempts_again(store: Store, job: Lifecycle) -> None:
    job.to_the_end(Outcome.FAILED)
    assert store.retry(job.name, list(Outcome))
    job.judged()
    for number in (2, 3, 4):
        assert job.claimed() == number
        assert store.release(job.name, an_attempt(number, Outcome.INFRASTRUCTURE_ERROR), 3) is (number < 4)


def test_the_history_of_attempts_is_bounded(store: Store, job: Lifecycle) -> None:
    for _ in range(MAX_ATTEMPTS_KEPT + 5):
        job.to_the_end(Outcome.FAILED)
        assert store.retry(job.name, list(Outcome))
    attempts = store.record(job.name).attempts
    assert len(attempts) == MAX_ATTEMPTS_KEPT
    assert attempts[-1].number == MAX_ATTEMPTS_KEPT + 5


# -- submitting ------------------------------------------------------------------------------------------


def test_the_same_key_with_the_same_content_is_the_same_job(client: Client, keys: redis.Redis) -> None:
    job = Job(code="print(1)", idempotency_key="k")
    first = client.submit(job)
    stored = keys.dbsize()
    assert client.submit(job) == first
    assert keys.dbsize() == stored
    assert keys.llen("validate:6") + keys.llen("validate:3") == 1
    assert client.submit_batch([Job(code="print(1)")], idempotency_key="k") != client.status(first).batch_id


def test_the_same_key_with_other_content_is_a_conflict_and_stores_nothing(client: Client, keys: redis.Redis) -> None:
    first = client.submit_batch([{"code": "print(1)"}, {"code": "print(2)"}], idempotency_key="k")
    before = keys.dbsize()
    with pytest.raises(IdempotencyConflict) as caught:
        client.submit_batch([{"code": "print(2)"}, {"code": "print(1)"}], idempotency_key="k")
    assert caught.value.existing == first
    assert [problem.field for problem in caught.value.problems] == ["idempotency_key"]
    assert keys.dbsize() == before


def test_the_same_key_from_many_threads_is_one_batch(client: Client, keys: redis.Redis) -> None:
    ids = together(8, lambda _: client.submit_batch([Job(code="print(1)")] * 3, idempotency_key="k"))
    assert len(set(ids)) == 1
    assert keys.zcard("wt:open") == 3


def test_a_full_queue_refuses_and_stores_nothing(redis_url: str, keys: redis.Redis) -> None:
    with Client(redis_url, settings=Settings(max_unfinished=3)) as client:
        client.submit_batch([{"code": "print(1)"}] * 2)
        before = keys.dbsize()
        with pytest.raises(QueueFull) as caught:
            client.submit_batch([{"code": "print(1)"}] * 2, idempotency_key="k")
        assert (caught.value.waiting, caught.value.bound) == (2, 3)
        assert caught.value.retry_after > 0
        assert keys.dbsize() == before
        client.submit({"code": "print(1)"})


@pytest.mark.parametrize(
    ("field", "jobs"),
    [
        ("jobs.1.code", [{"code": "print(1)"}, {"code": ""}]),
        ("jobs.1.limits.memory_mb", [{"code": "print(1)"}, {"code": "x", "limits": {"memory_mb": 4097}}]),
        ("jobs.0.idempotency_key", [{"code": "print(1)", "idempotency_key": "k"}]),
        ("jobs", []),
    ],
)
def test_a_refused_batch_names_the_field_and_stores_nothing(
    client: Client, keys: redis.Redis, field: str, jobs: list[dict[str, object]]
) -> None:
    with pytest.raises(InvalidInput, match="Nothing was stored") as caught:
        client.submit_batch(jobs)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert keys.dbsize() == 0


def test_a_single_refused_job_is_named_as_the_caller_wrote_it(client: Client, keys: redis.Redis) -> None:
    for job in ({"code": "print(1)", "limits": {"cpus": 5}}, {"code": "print(1)", "limits": {"cpus": 0}}):
        with pytest.raises(InvalidInput) as caught:
            client.submit(job)
        assert [problem.field for problem in caught.value.problems] == ["limits.cpus"]
    assert keys.dbsize() == 0


def queued_ids(keys: redis.Redis) -> int:
    return sum(keys.llen(f"validate{step}") for step in ("", ":3", ":6", ":9"))


def test_a_submission_that_was_cut_off_is_completed_by_the_same_call(redis_url: str, keys: redis.Redis) -> None:
    batch = Batch(jobs=tuple(Job(code=f"print({index})") for index in range(5)), idempotency_key="k")
    dead = Store(redis_url)
    dead.open_batch("dead", batch, "batch", "k", 1000)
    dead.write_jobs("dead", batch.model_copy(update={"jobs": batch.jobs[:2]}))
    dead.close()
    assert queued_ids(keys) == 0

    with Client(redis_url) as client:
        assert client.submit_batch(batch) == "dead"
        assert [status.state for status in client.jobs("dead")] == [JobState.QUEUED] * 5
        assert queued_ids(keys) == 1
        assert client.submit_batch(batch) == "dead"
        assert queued_ids(keys) == 1


def test_completing_a_submission_touches_no_job_that_has_moved_on(redis_url: str, keys: redis.Redis) -> None:
    batch = Batch(jobs=(Job(code="print(1)"), Job(code="print(2)")), idempotency_key="k")
    with Client(redis_url) as client:
        name = client.submit_batch(batch)
        keys.hdel(f"wt:batch:{name}", "published")
        store = Store(redis_url)
        Lifecycle(store, job_id(name, 0)).to_the_end()
        store.close()
        client.submit_batch(batch)
        assert [status.state for status in client.jobs(name)] == [JobState.FINISHED, JobState.QUEUED]


def test_messages_carry_ids_and_are_published_in_chunks_by_priority(redis_url: str, keys: redis.Redis) -> None:
    jobs = [Job(code="print('marker_5512')", priority=index % 2 * 9) for index in range(10)]
    with Client(redis_url, settings=Settings(chunk_size=2)) as client:
        name = client.submit_batch(jobs)
    assert (keys.llen("validate"), keys.llen("validate:9")) == (3, 3)
    messages = [*keys.lrange("validate", 0, -1), *keys.lrange("validate:9", 0, -1)]
    assert all(name in message and "marker_5512" not in message for message in messages)


# -- lifetimes and bounds --------------------------------------------------------------------------------


def test_every_key_has_a_lifetime_but_those_that_are_documented_without(
    redis_url: str, store: Store, keys: redis.Redis
) -> None:
    with Client(redis_url) as client:
        name = client.submit({"code": "print(1)", "idempotency_key": "k"})
        client.submit({"code": "print(2)"})
    job = Lifecycle(store, name)
    job.judged()
    attempt = job.claimed()
    store.add_samples(name, attempt, [a_sample()])
    assert store.release(name, an_attempt(attempt, Outcome.INFRASTRUCTURE_ERROR), 3)
    attempt = job.claimed()
    job.executed(attempt)
    job.finished(attempt)
    assert store.retry(name, list(Outcome))
    ours = {str(key) for key in keys.scan_iter("wt:*")}
    assert len(ours) >= 10
    assert {key for key in ours if keys.ttl(key) < 0} == {store.keys.batches, store.keys.open}


STEPS: dict[str, Callable[[Lifecycle], object]] = {
    "verdict": lambda job: job.judged(),
    "claim": lambda job: job.claimed(),
    "heartbeat": lambda job: job.store.heartbeat(job.name, 1, 30),
    "execution": lambda job: job.executed(1),
    "finish": lambda job: job.finished(1),
    "retry": lambda job: job.store.retry(job.name, list(Outcome)),
}


@pytest.mark.parametrize("step", STEPS)
def test_the_record_lives_its_retention_from_each_change(redis_url: str, keys: redis.Redis, step: str) -> None:
    store = Store(redis_url, retention_s=RETENTION_S)
    job = Lifecycle(store, submitted(store)[0])
    for name, change in STEPS.items():
        keys.expire(store.keys.job(job.name), 10)
        change(job)
        if name == step:
            break
    assert keys.ttl(store.keys.job(job.name)) > 10
    store.close()


def a_sample() -> Sample:
    return Sample(elapsed_s=0.2, cpu_time_s=0.1, cpu_percent=50.5, memory_mb=60.25, io_operations=3, processes=2)


def test_samples_come_back_as_they_were_and_are_bounded(store: Store, job: Lifecycle, keys: redis.Redis) -> None:
    store.add_samples(job.name, 1, [a_sample()])
    assert store.samples(job.name, 1) == [a_sample()]
    assert store.samples(job.name, 2) == []
    store.add_samples(job.name, 1, [a_sample()] * (3 * MAX_SAMPLES))
    assert keys.xlen(store.keys.samples(job.name, 1)) <= MAX_SAMPLES + 200


# -- reading ---------------------------------------------------------------------------------------------


def test_the_event_stream_can_be_resumed_after_any_event(store: Store, client: Client) -> None:
    for name in submitted(store, 4):
        Lifecycle(store, name).to_the_end()
    events = list(client.stream("b"))
    assert [event.kind for event in events] == [EventKind.FINISHED] * 4 + [EventKind.BATCH_FINISHED]
    for index, event in enumerate(events):
        assert list(client.stream("b", after=event.id)) == events[index + 1 :]


def test_the_event_stream_follows_what_happens(store: Store, client: Client) -> None:
    names = submitted(store, 3)
    with ThreadPoolExecutor(1) as pool:
        stream = client.stream("b", timeout=30)
        following = pool.submit(lambda: list(stream))
        for name in names:
            Lifecycle(store, name).to_the_end()
        assert [event.job_id for event in following.result()][:-1] == names


def test_waiting_ends_with_the_report(store: Store, client: Client) -> None:
    (name,) = submitted(store)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: client.wait(name, timeout=30))
        Lifecycle(store, name).to_the_end()
        assert waiting.result() == store.report(name)
    status = client.wait("b", timeout=30)
    assert status == client.status("b")


def test_a_batch_is_listed_newest_first(store: Store, client: Client) -> None:
    for batch_id in ("one", "two"):
        submitted(store, batch_id=batch_id)
        time.sleep(0.002)  # they are listed by Redis's milliseconds
    assert [status.batch_id for status in client.batches()] == ["two", "one"]


@pytest.mark.parametrize("name", ["none", "none-0"])
def test_what_is_not_there_is_not_found(client: Client, name: str) -> None:
    for ask in (client.status, client.wait, client.report, client.retry):
        with pytest.raises(NotFound, match="There is no"):
            ask(name)


def test_a_batch_whose_header_is_gone_does_not_hide_the_others(store: Store, client: Client, keys: redis.Redis) -> None:
    submitted(store, batch_id="old")
    submitted(store, batch_id="new")
    keys.delete(store.keys.batch("old"))
    assert [status.batch_id for status in client.batches()] == ["new"]


# -- Redis away ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["redis://app:s3cr3t@127.0.0.1:{port}/0", "unix://app:s3cr3t@{folder}/none.sock"])
def test_a_redis_that_is_away_is_named_without_its_password(tmp_path: Path, address: str) -> None:
    store = Store(address.format(port=free_port(), folder=tmp_path), retries=0)
    with pytest.raises(StoreUnavailable) as caught:
        store.ping()
    text = str(caught.value)
    assert "s3cr3t" not in text
    assert "does not answer" in text
    assert "WINDTUNNEL_REDIS_URL" in text
    store.close()


def test_a_redis_that_refuses_the_password_is_named_without_it(tmp_path: Path, redis_program: str) -> None:
    with RedisServer(redis_program, tmp_path, "--requirepass", "right") as server:
        store = Store(server.url.replace("//", "//:s3cr3t@"), retries=0)
        with pytest.raises(StoreUnavailable) as caught:
            store.ping()
        assert "s3cr3t" not in str(caught.value)
        store.close()


def test_a_redis_that_is_full_is_said_to_be(tmp_path: Path, redis_program: str) -> None:
    full = ("--maxmemory", "1", "--maxmemory-policy", "noeviction")
    with (
        RedisServer(redis_program, tmp_path, *full) as server,
        Client(server.url) as client,
        pytest.raises(StoreUnavailable, match="memory"),
    ):
        client.submit({"code": "print(1)"})


def test_a_redis_that_cannot_save_is_said_to_be(tmp_path: Path, redis_program: str) -> None:
    (tmp_path / "gone").mkdir()
    with (
        RedisServer(redis_program, tmp_path / "gone") as server,
        server.connect() as admin,
        Client(server.url) as client,
    ):
        shutil.rmtree(tmp_path / "gone")
        admin.config_set("save", "3600 1")
        admin.bgsave()
        while admin.info("persistence")["rdb_last_bgsave_status"] == "ok":
            time.sleep(0.01)
        with pytest.raises(StoreUnavailable, match="cannot write to its disk"):
            client.submit({"code": "print(1)"})
        admin.config_set("save", "")  # else it does not end before it has saved
        client.submit({"code": "print(1)"})


def test_a_redis_on_a_unix_socket_takes_records_and_messages_in_the_same_place(
    tmp_path: Path, redis_program: str
) -> None:
    with RedisServer(redis_program, tmp_path) as server:
        with Client(f"unix://{server.socket}?db=3") as client:
            client.submit({"code": "print(1)"})
        with redis.Redis(port=server.port, db=3, decode_responses=True) as third:
            assert third.zcard("wt:open") == 1
            assert queued_ids(third) == 1
