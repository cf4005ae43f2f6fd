"""The whole system as real processes: what goes in comes out once, right, and leaks nothing."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.support import (
    EXAMPLES,
    PATIENCE_S,
    Role,
    Stack,
    command,
    command_line,
    get_json,
    still_running,
    unique,
    until,
)

from windtunnel.broker import served_queues
from windtunnel.client import Client
from windtunnel.contract import EventKind, Job, JobState, JobStatus, Limits, Outcome
from windtunnel.errors import UnreadableRecord
from windtunnel.keyspace import Keyspace
from windtunnel.records.codec import unpack
from windtunnel.wake import STAGES
from windtunnel_worker.sandbox.engine import engine
from windtunnel_worker.sandbox.listing import LABEL

KEYS = Keyspace("wt")
MARKER = "strategy_marker_90417"
QUICK = Limits(timeout_s=PATIENCE_S, memory_mb=128, processes=20, output_kb=4, disk_mb=4)
BRIEF = QUICK.model_copy(update={"timeout_s": 1.0})

BAD_KINDS: list[tuple[Outcome, str, Limits]] = [
    (Outcome.SUCCEEDED, "print('fine')\nemit(sharpe=1.5)", QUICK),
    (Outcome.REJECTED, "x = (", QUICK),
    (Outcome.REJECTED, "import os\nos.system('ls')", QUICK),
    (Outcome.REJECTED, "import socket", QUICK),
    (Outcome.REJECTED, "eval('1')", QUICK),
    (Outcome.FAILED, "1 / 0", QUICK),
    (Outcome.TIMED_OUT, "while True: pass", BRIEF),
    (Outcome.MEMORY_EXCEEDED, "x = b'x' * 2**30", QUICK),
    (Outcome.OUTPUT_EXCEEDED, "while True: print('x' * 1000)", QUICK),
    (Outcome.CPU_EXCEEDED, "while True: pass", Limits(cpu_time_s=1, timeout_s=PATIENCE_S)),
    (Outcome.PROCESSES_EXCEEDED, (EXAMPLES / "misbehaving" / "thread_bomb.py").read_text(), Limits()),
]


SLOTS = 2


@pytest.fixture(autouse=True)
def _only_prepared_sandboxes_are_left(stack: Stack) -> Iterator[None]:
    yield
    until(lambda: _single_use(stack.host) <= SLOTS, "the used sandboxes, removed in the background, are gone")


def _single_use(host: str) -> int:
    """How many sandboxes serve one job. Cells of tests before these may wait for their next one."""
    found = engine().api.containers(all=True, trunc=False, filters={"label": f"{LABEL}.host={host}"})
    return sum(" --jobs=1 " in sandbox["Command"] for sandbox in found)


def report_of(app: Client, code: str, limits: Limits = QUICK) -> Outcome:
    return app.wait(app.submit(Job(code=code, limits=limits)), timeout=PATIENCE_S).outcome


def test_a_batch_with_every_kind_of_bad_program(stack: Stack, app: Client) -> None:
    jobs = [Job(code=code, limits=limits, name=f"job{index}") for index, (_, code, limits) in enumerate(BAD_KINDS)]
    jobs[10] = Job(code=jobs[10].code, limits=Limits(processes=20, timeout_s=20), name="job10", datasets=("sp500",))
    added = command("datasets", "add", "sp500", EXAMPLES / "data" / "sp500.csv", under=stack.environment)
    assert added.returncode == 0, added.stderr
    batch = app.submit_batch(jobs, name="kinds")
    events = list(app.stream(batch, timeout=2 * PATIENCE_S))

    reports = list(app.reports(batch))
    expected = [outcome for outcome, _, _ in BAD_KINDS]
    assert [report.outcome for report in reports] == expected
    assert [report.name for report in reports] == [job.name for job in jobs]
    status = app.status(batch)
    assert (status.finished, status.total, status.done) == (len(jobs), len(jobs), True)
    assert status.outcomes == Counter(expected)

    finished = [event for event in events if event.kind is EventKind.FINISHED]
    assert Counter(event.job_id for event in finished) == Counter(report.job_id for report in reports)
    assert {event.job_id: event.outcome for event in finished} == {report.job_id: report.outcome for report in reports}
    assert events[-1].kind is EventKind.BATCH_FINISHED
    assert all(len(report.attempts) == 1 for report in reports)
    for report in reports:
        assert (report.execution is None) is (report.outcome is Outcome.REJECTED)
        assert bool(report.message) is (report.outcome is not Outcome.SUCCEEDED)


def test_text_that_is_no_unicode_ends_in_a_report_like_any_other(app: Client) -> None:
    assert report_of(app, "emit(x='\\ud800')\nraise ValueError('\\ud800')") is Outcome.FAILED


def test_a_report_has_what_was_used_and_how_long_each_stage_took(app: Client) -> None:
    code = "import time\nuntil = time.monotonic() + 0.8\nwhile time.monotonic() < until: pass\nemit(done=True)"
    report = app.wait(app.submit(Job(code=code, seed=3, params={"a": 1}, labels={"team": "x"})), timeout=PATIENCE_S)
    used, timings = report.resources, report.timings
    assert report.outcome is Outcome.SUCCEEDED
    assert used.duration_s >= 0.8
    assert used.cpu_percent_average > 0
    assert used.cpu_percent_peak >= used.cpu_percent_average
    assert used.memory_mb_peak > 0
    assert used.samples > 0
    stages = ("queued_s", "validate_s", "waiting_s", "prepare_s", "execute_s", "finalize_s")
    assert all(getattr(timings, stage) is not None for stage in stages)
    assert (report.seed, report.params, report.labels) == (3, {"a": 1}, {"team": "x"})
    assert report.image_digest.startswith("sha256:")


def test_samples_of_a_running_job_are_in_redis(stack: Stack, app: Client) -> None:
    job = app.submit(Job(code="import time\ntime.sleep(600)", limits=Limits(timeout_s=600)))
    sample = stack.await_sample(job)
    assert app.status(job).state is JobState.RUNNING
    assert sample.keys() >= {"cpu_percent", "memory_mb", "io_operations", "elapsed_s", "processes"}
    assert float(sample["memory_mb"]) > 0
    assert app.cancel(job) == 1
    assert app.wait(job, timeout=PATIENCE_S).resources.samples > 0


def test_a_retry_keeps_the_earlier_attempts(app: Client) -> None:
    batch = app.submit_batch([{"code": "print('good')"}, {"code": "1 / 0"}])
    app.wait(batch, timeout=PATIENCE_S)
    assert app.retry(batch) == [f"{batch}-1"]
    app.wait(batch, timeout=PATIENCE_S)
    report = app.report(f"{batch}-1")
    assert [(attempt.number, attempt.outcome) for attempt in report.attempts] == [
        (1, Outcome.FAILED),
        (2, Outcome.FAILED),
    ]
    assert len(app.report(f"{batch}-0").attempts) == 1
    assert app.status(batch).outcomes == {Outcome.SUCCEEDED: 1, Outcome.FAILED: 1}
    assert app.retry(batch, outcomes=[Outcome.TIMED_OUT]) == []
    events = [event.kind for event in app.stream(batch)]
    assert events.count(EventKind.BATCH_FINISHED) == 2


def test_many_killed_jobs_in_a_row_leave_the_slots_ready(app: Client) -> None:
    kills = [
        ("x = b'x' * 2**30", Limits(memory_mb=64)),
        ("while True: pass", Limits(timeout_s=0.1)),
        ("while True: print('x' * 1000)", Limits(output_kb=1)),
    ]
    jobs = [Job(code=kills[index % 3][0], limits=kills[index % 3][1]) for index in range(24)]
    status = app.wait(app.submit_batch(jobs, name="killed"), timeout=200)
    assert status.outcomes == dict.fromkeys((Outcome.MEMORY_EXCEEDED, Outcome.TIMED_OUT, Outcome.OUTPUT_EXCEEDED), 8)
    assert report_of(app, "print('still here')") is Outcome.SUCCEEDED


def test_a_thousand_jobs_that_wait_and_those_that_run_are_cancelled(app: Client) -> None:
    endless = "import time\nwhile True: time.sleep(0.1)"
    limits = Limits(timeout_s=600)
    batch = app.submit_batch(Job(code=endless, params={"at": at}, limits=limits) for at in range(1000 + SLOTS))
    until(lambda: app.status(batch).running == SLOTS and app.stats().ready >= 1000, "the others wait for a slot")
    assert app.cancel(batch) == 1000 + SLOTS
    assert app.wait(batch, timeout=PATIENCE_S).outcomes == {Outcome.CANCELLED: 1000 + SLOTS}
    assert sum(report.execution is not None for report in app.reports(batch)) == SLOTS
    # The slots serve the next jobs; that the sandboxes of the cancelled ones are gone is what the fixture looks at.
    again = app.submit_batch([Job(code="print('still here')", limits=QUICK)] * SLOTS)
    assert app.wait(again, timeout=PATIENCE_S).outcomes == {Outcome.SUCCEEDED: SLOTS}


def test_the_code_is_stored_once_and_is_nowhere_else(stack: Stack, app: Client) -> None:
    programs = [
        f"text = '{MARKER}'\nprint('fine')",
        f"text = '{MARKER}'\nimport os",
        f"text = '{MARKER}'\nwhile True: pass",
        f"text = '{MARKER}'\nraise SystemExit(3)",
    ]
    batch = app.submit_batch([Job(code=code, limits=BRIEF if "while" in code else QUICK) for code in programs])
    with stack.connect() as keys:
        in_flight = places_of_marker(stack)
        app.wait(batch, timeout=PATIENCE_S)
        assert keys.dbsize() > 0
    codes = {(KEYS.code(Job(code=code).code_sha256), "") for code in programs}
    assert in_flight == places_of_marker(stack) == codes
    for log in stack.logs.iterdir():
        assert MARKER not in log.read_text(errors="replace"), log.name
    assert app.report(f"{batch}-0").outcome is Outcome.SUCCEEDED


def places_of_marker(stack: Stack) -> set[tuple[str, str]]:
    """Key and field of everything in Redis that holds the marker, Celery's own keys included."""
    places = set()
    with redis.Redis.from_url(stack.url) as keys:
        for key in keys.scan_iter():
            match keys.type(key).decode():
                case "hash":
                    found = keys.hgetall(key)
                case "list":
                    found = dict(enumerate(keys.lrange(key, 0, -1)))
                case "zset":
                    found = dict(enumerate(keys.zrange(key, 0, -1)))
                case "set":
                    found = dict(enumerate(keys.smembers(key)))
                case "stream":
                    found = dict(keys.xrange(key))
                case _:
                    found = {"": keys.get(key)}
            places |= {(key.decode(), readable(field)) for field, value in found.items() if MARKER in readable(value)}
    return places


def readable(stored: object) -> str:
    """What is stored, as text; a compressed document is taken apart."""
    if isinstance(stored, bytes):
        try:
            return unpack(stored).decode(errors="replace")
        except UnreadableRecord:
            return stored.decode(errors="replace")
    return str(stored)


def test_flower_shows_the_tasks_and_the_jobs_that_failed_and_no_code(stack: Stack, app: Client) -> None:
    (flower,) = [line for one in stack.processes() if "flower" in (line := command_line(one))[3:4]]
    (port,) = [part.partition("=")[2] for part in flower if part.startswith("--port=")]
    url, names = f"http://127.0.0.1:{port}/api/tasks", {f"windtunnel.{stage}" for stage in (*STAGES, "job")}
    jobs: list[str] = []

    def shown() -> dict[str, Any]:
        """The tasks, if all kinds are among them. Flower may begin to listen after the first jobs."""
        jobs.append(app.submit(Job(code=f"text = '{MARKER}'\nraise KeyError(text)")))
        app.wait(jobs[-1], timeout=PATIENCE_S)
        tasks: dict[str, Any] = get_json(url)
        return tasks if names <= {task["name"] for task in tasks.values()} else {}

    until(lambda: bool(shown()), "Flower, which is told of tasks and jobs once they are done, shows them")
    tasks = get_json(url)
    failed = {name: task for name, task in tasks.items() if name in jobs}
    assert failed
    for job, task in failed.items():
        assert (task["name"], task["state"]) == ("windtunnel.job", "FAILURE")
        assert task["exception"] == f"failed: windtunnel report {job}"
    assert MARKER not in str(tasks)


# -- the stages apart ------------------------------------------------------------------------------------


def test_a_rejected_job_never_reaches_the_schedule(
    redis_url: str, keys: redis.Redis, client: Client, tmp_path: Path
) -> None:
    host = unique("apart")
    jobs = [
        *[Job(code=code, priority=priority) for priority in (0, 5, 9) for code in ("import os", "x = (")],
        Job(code="print('fine')"),
    ]
    batch = client.submit_batch(jobs)
    with (
        Role("validate", redis_url, host, tmp_path / "validate.log"),
        Role("finalize", redis_url, host, tmp_path / "finalize.log"),
    ):
        for event in client.stream(batch, timeout=PATIENCE_S):
            if event.finished == 6:
                break
        until(lambda: client.jobs(batch)[6].state is JobState.READY, "the good one is judged too")
    assert keys.hget("wt:queue:execute.default", "waiting") == "1"
    statuses = client.jobs(batch)
    assert [status.outcome for status in statuses[:6]] == [Outcome.REJECTED] * 6
    assert (statuses[6].state, statuses[6].outcome) == (JobState.READY, None)
    assert client.report(f"{batch}-0").execution is None


# -- crashes ---------------------------------------------------------------------------------------------


def test_a_job_whose_slot_is_killed_still_ends_in_one_report(start_stack: Callable[..., Stack], tmp_path: Path) -> None:
    # Long enough that a busy machine renews the lease in time and kills the slot while the program runs.
    with start_stack(tmp_path, slots=1, WINDTUNNEL_LEASE_S="5") as short, Client(short.url) as client:
        job = client.submit(Job(code="import time\ntime.sleep(4)\nprint('ran')", limits=Limits(timeout_s=60)))
        short.await_sample(job)
        (slot,) = short.role("execute").children()
        slot.send_signal(signal.SIGKILL)
        report = client.wait(job, timeout=PATIENCE_S)
        assert report.outcome is Outcome.SUCCEEDED
        assert [(attempt.number, attempt.outcome) for attempt in report.attempts] == [
            (1, Outcome.LOST),
            (2, Outcome.SUCCEEDED),
        ]
        batch = report.batch_id
        assert [event.kind for event in client.stream(batch)] == [EventKind.FINISHED, EventKind.BATCH_FINISHED]
        following = client.wait(client.submit({"code": "print('next')"}), timeout=PATIENCE_S)
        assert following.outcome is Outcome.SUCCEEDED


def test_a_role_that_dies_is_started_again(stack: Stack, app: Client) -> None:
    before = stack.role("finalize")
    before.kill()
    assert still_running([before]) == []
    assert report_of(app, "print('fine')") is Outcome.SUCCEEDED
    assert stack.role("finalize").pid != before.pid


# -- what it serves --------------------------------------------------------------------------------------


def test_up_serves_every_queue(stack: Stack) -> None:
    one_each = dict.fromkeys((*STAGES, f"monitor.{stack.host}"), 1)

    def as_it_should() -> bool:
        return {queue: len(workers) for queue, workers in served_queues(stack.url).items()} == one_each

    until(as_it_should, "one worker of each queue has answered within a second")


def test_a_status_knows_where_a_job_stands(app: Client) -> None:
    job = app.submit(Job(code="print(1)", name="named"))
    app.wait(job, timeout=PATIENCE_S)
    status = app.status(job)
    assert isinstance(status, JobStatus)
    assert (status.name, status.state, status.outcome, status.attempt) == (
        "named",
        JobState.FINISHED,
        Outcome.SUCCEEDED,
        1,
    )
