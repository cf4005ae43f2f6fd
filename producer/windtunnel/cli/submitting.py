"""`windtunnel run`, `submit`, `check` and `promote`."""

from __future__ import annotations

import json as plain_json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.cli.exits import DONE, NOT_SUCCEEDED
from windtunnel.cli.job_options import BatchLabel, BatchOptions, Isolated, JobOptions, ProgramFile
from windtunnel.cli.options import AsJson, JobId, as_json
from windtunnel.cli.programs import Program, find, listed
from windtunnel.cli.spread import spread
from windtunnel.cli.waiting import goes_on, wait_for_job
from windtunnel.client import Client
from windtunnel.client import JobId as JobName
from windtunnel.contract import Isolation, Job, Outcome, Report, Sight
from windtunnel.texts import harmless


@spread
def run(
    file: ProgramFile,
    options: JobOptions,
    local: Annotated[
        bool, typer.Option("--local", help="Run in this process, with Docker but without a queue.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="A folder for the files that the program leaves.", show_default="not saved"
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Run one program, wait for it and print its report. Exit code 0 only if it succeeded."""
    job = options.job(Program.at(file))
    if out is not None:
        from windtunnel.client import artifacts

        artifacts.make_folder(out)
    found = _locally(job) if local else _through_the_queue(job, quiet=json)
    _print(found, json=json)
    if out is not None:
        from windtunnel.settings import client_settings
        from windtunnel.store import Store

        artifacts.save(Store(client_settings().store_url.get_secret_value()), found, out)
    raise typer.Exit(DONE if found.outcome is Outcome.SUCCEEDED else NOT_SUCCEEDED)


def _locally(job: Job) -> Report:
    from windtunnel.cli import host

    return host.required().run_local(job)


def _through_the_queue(job: Job, *, quiet: bool) -> Report:
    with Client() as client:
        job_id = client.submit(job)
        with goes_on(job_id):
            if quiet:
                return wait_for_job(client, job_id)
            from windtunnel.cli.following import follow_job

            typer.echo(f"job {job_id}", err=True)
            return follow_job(client, job_id)


@spread
def submit(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Programs, or folders of them; - is standard input.")
    ],
    jobs: JobOptions,
    batch: BatchOptions,
    name: BatchLabel = "batch",
    isolation: Isolated = Isolation.CONTAINER,
    json: AsJson = False,
) -> None:
    """Submit programs as one batch and print its id. Folders are searched with their subfolders."""
    programs = find(paths)
    found = [jobs.job(program, **batch.of_jobs()) for program in programs]
    with Client() as client:
        batch_id = client.submit_batch(found, name=name, isolation=isolation, **batch.of_batch())
    if json:
        typer.echo(plain_json.dumps({"batch_id": batch_id, "jobs": len(found)}, indent=2))
        return
    typer.echo(batch_id)
    typer.echo(harmless(listed(programs)), err=True)
    typer.echo(f"Follow them with: windtunnel watch {batch_id}", err=True)


def check(job: JobId, json: AsJson = False) -> None:
    """Check a job for look-ahead: run it again on changed data. Exit code 0 only if none was found."""
    found = _again(lambda client, of: client.check(of), job, json=json)
    if found.look_ahead is None and not json:
        why = "it returned no positions" if found.outcome is Outcome.SUCCEEDED else "the job did not succeed"
        typer.echo(f"look-ahead: unchecked, since {why}.")
    clean = found.look_ahead is not None and found.look_ahead.sight is Sight.CLEAN
    raise typer.Exit(DONE if clean else NOT_SUCCEEDED)


def promote(job: JobId, json: AsJson = False) -> None:
    """Score a job's program, once, on bars that were held out. Exit code 0 only if the run succeeded.

    The program runs on all of its data, and only rounded figures come back.
    """
    found = _again(lambda client, of: client.promote(of), job, json=json)
    raise typer.Exit(DONE if found.outcome is Outcome.SUCCEEDED else NOT_SUCCEEDED)


def _again(start: Callable[[Client, str], JobName], job: str, *, json: bool) -> Report:
    """Start a new job from a job, wait for its report and print it."""
    with Client() as client, goes_on(again := start(client, client.find(job))):
        found = wait_for_job(client, again)
    _print(found, json=json)
    return found


def _print(found: Report, *, json: bool) -> None:
    if json:
        typer.echo(as_json(found))
    else:
        from windtunnel.cli import render, render_report

        render.console().print(render_report.report(found))
