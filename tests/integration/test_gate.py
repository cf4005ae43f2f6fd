"""No rejected program reaches a sandbox, by any path. What reaches one is seen where the job frame is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import redis

from windtunnel.client import Client, JobId
from windtunnel.contract import Job, Outcome
from windtunnel.keyspace import job_id
from windtunnel_worker import runtime
from windtunnel_worker.celery import tasks
from windtunnel_worker.embedded.manager import SandboxManager
from windtunnel_worker.host import run_local
from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.container import Sandbox

BAD = "import os\nprint(os.listdir('/'))"
GOOD = "print('fine')"
BAD_ELSEWHERE = {
    "javascript": "require('child_process').execSync('id')",
    "typescript": "import * as fs from 'fs';\nconsole.log(fs.readdirSync('/'));",
    "java": 'class Main { public static void main(String[] a) throws Exception { Runtime.getRuntime().exec("id"); } }',
    "cpp": '#include <cstdlib>\nint main() { return std::system("id"); }',
    "go": 'package main\n\nimport "os/exec"\n\nfunc main() { exec.Command("id").Run() }\n',
}


@pytest.fixture
def reached(docker_engine: images.Image, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The code of every job that was given to a sandbox."""
    assert docker_engine
    seen: list[str] = []
    run = Sandbox.run

    def spy(self: Sandbox, job: Mapping[str, Any], **hooks: Any) -> Any:
        seen.append(job["code"])
        return run(self, job, **hooks)

    monkeypatch.setattr(Sandbox, "run", spy)
    return seen


@pytest.fixture
def stages(setenv: pytest.MonkeyPatch, redis_url: str, client: Client) -> Iterator[Callable[[list[str]], None]]:
    """Run all stages on jobs in this process. The execute task gets every id, as a forged message would have it."""
    setenv.setenv("WINDTUNNEL_REDIS_URL", redis_url)
    caches = (runtime.store, runtime.publisher, tasks._executor, tasks._validator)
    for cache in caches:
        cache.cache_clear()

    def through(ids: list[str]) -> None:
        tasks.validate.apply((ids,))
        tasks.execute.apply((ids,))
        statuses = [client.status(JobId(name)) for name in ids]
        tasks.finalize.apply(([[status.job_id, status.attempt] for status in statuses],))

    yield through
    tasks._executor().close()
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("isolation", ["container", "cell"])
def test_a_rejected_job_of_a_batch_reaches_no_sandbox(
    client: Client, stages: Callable[[list[str]], None], reached: list[str], isolation: str
) -> None:
    batch = client.submit_batch([Job(code=GOOD), Job(code=BAD), Job(code=GOOD)], isolation=isolation)
    stages([job_id(batch, index) for index in range(3)])
    assert [report.outcome for report in client.reports(batch)] == [
        Outcome.SUCCEEDED,
        Outcome.REJECTED,
        Outcome.SUCCEEDED,
    ]
    assert reached == [GOOD, GOOD]


def test_a_retry_of_a_rejected_job_is_judged_again(
    client: Client, stages: Callable[[list[str]], None], reached: list[str]
) -> None:
    job = client.submit(Job(code=BAD))
    stages([job])
    assert client.retry(job) == [job]
    stages([job])
    report = client.report(job)
    assert [attempt.outcome for attempt in report.attempts] == [Outcome.REJECTED, Outcome.REJECTED]
    assert reached == []


@pytest.mark.parametrize("language", BAD_ELSEWHERE)
def test_a_program_in_another_language_is_judged_by_that_languages_policy(
    client: Client, stages: Callable[[list[str]], None], reached: list[str], language: str
) -> None:
    job = client.submit(Job(code=BAD_ELSEWHERE[language], language=language))
    stages([job])
    assert client.report(job).outcome is Outcome.REJECTED
    assert reached == []


def test_code_that_was_changed_after_it_was_judged_does_not_run(
    client: Client, stages: Callable[[list[str]], None], reached: list[str], keys: redis.Redis
) -> None:
    job = client.submit(Job(code=GOOD))
    tasks.validate.apply(([job],))
    record = f"wt:job:{job}"
    keys.hset(record, "spec", json.dumps({**json.loads(str(keys.hget(record, "spec"))), "code": BAD}))
    stages([job])
    report = client.report(job)
    assert (report.outcome, "not the one that was validated" in report.message) == (Outcome.REJECTED, True)
    assert reached == []


def test_the_embedded_face_and_the_local_run_are_gated(reached: list[str]) -> None:
    assert asyncio.run(SandboxManager().execute_code(BAD))["outcome"] == "rejected"
    assert run_local(Job(code=BAD)).outcome is Outcome.REJECTED
    assert asyncio.run(SandboxManager().execute_code(GOOD))["success"]
    assert reached == [GOOD]


def test_a_verdict_that_was_recorded_but_not_handed_on_is_handed_on_by_the_next_delivery(
    client: Client, stages: Callable[[list[str]], None], keys: redis.Redis
) -> None:
    batch = client.submit_batch([Job(code=GOOD), Job(code=BAD)])
    ids = [job_id(batch, index) for index in range(2)]
    tasks.validate.apply((ids,))
    keys.delete("execute", "finalize")  # the worker died before its messages were out
    tasks.validate.apply((ids,))
    assert keys.llen("finalize") == 1
    stages(ids)
    assert [report.outcome for report in client.reports(batch)] == [Outcome.SUCCEEDED, Outcome.REJECTED]
