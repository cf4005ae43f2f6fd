"""No rejected program reaches a sandbox, by any path. What reaches one is seen where the job frame is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
import redis

from windtunnel.client import Client
from windtunnel.contract import Job, Outcome
from windtunnel.records.hosts import EVERYTHING
from windtunnel_worker.celery.app import create_app
from windtunnel_worker.celery.process import Process
from windtunnel_worker.embedded.manager import SandboxManager
from windtunnel_worker.host import run_local
from windtunnel_worker.pipeline import Pipeline
from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.container import Sandbox
from windtunnel_worker.settings import HostSettings

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

    def spy(self: Sandbox, job: Mapping[str, Any], *arguments: Any, **hooks: Any) -> Any:
        seen.append(job["code"])
        return run(self, job, *arguments, **hooks)

    monkeypatch.setattr(Sandbox, "run", spy)
    return seen


@pytest.fixture
def stages(redis_url: str, client: Client) -> Iterator[Pipeline]:
    """The pipeline of one worker process, as Celery's tasks run it."""
    assert client
    settings = HostSettings(redis_url=redis_url)
    process = Process(settings, create_app(settings))
    process.records.hosts.seen(settings.host, 1, "", ["default"], [EVERYTHING])
    yield process.pipeline
    process.close()


def through(stages: Pipeline) -> None:
    stages.validate()
    stages.execute("default")
    stages.finalize()


@pytest.mark.parametrize("isolation", ["container", "cell"])
def test_a_rejected_job_of_a_batch_reaches_no_sandbox(
    client: Client, stages: Pipeline, reached: list[str], isolation: str
) -> None:
    batch = client.submit_batch([Job(code=GOOD), Job(code=BAD), Job(code=GOOD)], isolation=isolation)
    through(stages)
    assert [report.outcome for report in client.reports(batch)] == [
        Outcome.SUCCEEDED,
        Outcome.REJECTED,
        Outcome.SUCCEEDED,
    ]
    assert reached == [GOOD, GOOD]


def test_a_retry_of_a_rejected_job_is_judged_again(client: Client, stages: Pipeline, reached: list[str]) -> None:
    job = client.submit(Job(code=BAD))
    through(stages)
    assert client.retry(job) == [job]
    through(stages)
    report = client.report(job)
    assert [attempt.outcome for attempt in report.attempts] == [Outcome.REJECTED, Outcome.REJECTED]
    assert reached == []


@pytest.mark.parametrize("language", BAD_ELSEWHERE)
def test_a_program_in_another_language_is_judged_by_that_languages_policy(
    client: Client, stages: Pipeline, reached: list[str], language: str
) -> None:
    job = client.submit(Job(code=BAD_ELSEWHERE[language], language=language))
    through(stages)
    assert client.report(job).outcome is Outcome.REJECTED
    assert reached == []


def test_code_that_was_changed_after_it_was_judged_does_not_run(
    client: Client, stages: Pipeline, reached: list[str], keys: redis.Redis
) -> None:
    job = client.submit(Job(code=GOOD))
    stages.validate()
    keys.set(f"wt:code:{Job(code=GOOD).code_sha256}", f"1j{BAD}")
    through(stages)
    report = client.report(job)
    assert (report.outcome, "not the one that was validated" in report.message) == (Outcome.INFRASTRUCTURE_ERROR, True)
    assert reached == []


def test_the_embedded_face_and_the_local_run_are_gated(reached: list[str]) -> None:
    assert asyncio.run(SandboxManager().execute_code(BAD))["outcome"] == "rejected"
    assert run_local(Job(code=BAD)).outcome is Outcome.REJECTED
    assert asyncio.run(SandboxManager().execute_code(GOOD))["success"]
    assert reached == [GOOD]


def test_a_job_that_was_given_the_verdict_of_another_program_does_not_run(
    client: Client, stages: Pipeline, reached: list[str], keys: redis.Redis
) -> None:
    good, bad = client.submit(Job(code=GOOD)), client.submit(Job(code=BAD))
    stages.validate()
    policy = str(keys.hget(f"wt:job:{good}", "policy"))
    verdict = cast("str", keys.get(f"wt:verdict:{Job(code=GOOD).code_sha256}:python:{policy}"))
    keys.set(f"wt:verdict:{Job(code=BAD).code_sha256}:python:{policy}", verdict)
    stages.finalize()
    assert client.retry(bad) == [bad]
    through(stages)
    assert client.report(bad).outcome is Outcome.REJECTED
    assert reached == [GOOD]
