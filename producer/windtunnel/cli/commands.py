"""The commands of the client: run, submit, validate, status, watch, report, retry, doctor."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from windtunnel import __version__
from windtunnel.broker import served_queues
from windtunnel.cli import host, render
from windtunnel.cli.checks import Check, check
from windtunnel.cli.programs import Program, find, listed
from windtunnel.cli.validate import validate
from windtunnel.client import BatchId, Client, is_job
from windtunnel.contract import BatchStatus, Isolation, Job, Limits, Outcome
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.records import records_of
from windtunnel.settings import client_settings
from windtunnel.wake import STAGES

NOT_SUCCEEDED = 1

app = typer.Typer(
    name="windtunnel",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Params = Annotated[str, typer.Option("--params", help="What the program finds as `params`, a JSON object.")]
Datasets = Annotated[
    list[str] | None, typer.Option("--dataset", help="A dataset it finds in `data`; may be given again.")
]
Timeout = Annotated[float, typer.Option(help="Wall-clock seconds.")]
Memory = Annotated[int, typer.Option(help="Megabytes.")]
Seed = Annotated[int, typer.Option(help="Seeds `random` and NumPy.")]
DEFAULTS = Limits()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"windtunnel {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Backtest untrusted trading strategies in sandboxes, one or ten thousand."""


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="The program.")],
    params: Params = "{}",
    dataset: Datasets = None,
    timeout: Timeout = DEFAULTS.timeout_s,
    memory_mb: Memory = DEFAULTS.memory_mb,
    seed: Seed = 0,
    local: Annotated[bool, typer.Option(help="In this process, with Docker and without a queue.")] = False,
    json: AsJson = False,
) -> None:
    """Run one program, wait for it and print its report. Exit code 0 only if it succeeded."""
    job = _job(Program.at(file), params, dataset, timeout, memory_mb, seed)
    if local:
        found = host.required().run_local(job)
    else:
        with Client() as client:
            found = client.wait(client.submit(job))
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        render.console().print(render.report(found))
    raise typer.Exit(0 if found.outcome is Outcome.SUCCEEDED else NOT_SUCCEEDED)


@app.command()
def submit(
    paths: Annotated[list[Path], typer.Argument(help="Programs, or folders of them.")],
    name: Annotated[str, typer.Option(help="The batch's name.")] = "batch",
    params: Params = "{}",
    dataset: Datasets = None,
    timeout: Timeout = DEFAULTS.timeout_s,
    memory_mb: Memory = DEFAULTS.memory_mb,
    seed: Seed = 0,
    isolation: Annotated[
        Isolation, typer.Option(help="cell: for bulk, jobs of the batch share a container one after the other.")
    ] = Isolation.CONTAINER,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same key again completes, and never repeats, the submission.")
    ] = None,
) -> None:
    """Submit programs as one batch and print its id. Of a folder, its subfolders' programs are submitted too."""
    programs = find(paths)
    jobs = [_job(program, params, dataset, timeout, memory_mb, seed) for program in programs]
    with Client() as client:
        batch = client.submit_batch(jobs, name=name, isolation=isolation, idempotency_key=idempotency_key)
    typer.echo(batch)
    typer.echo(render.harmless(listed(programs)), err=True)
    typer.echo(f"Follow them with: windtunnel watch {batch}", err=True)


app.command()(validate)


@app.command()
def status(
    name: Annotated[str | None, typer.Argument(help="A job or a batch; without it, the newest batches.")] = None,
    json: AsJson = False,
) -> None:
    """Show where a job or a batch stands."""
    with Client() as client:
        if name is None:
            found = client.batches()
            if json:
                typer.echo(jsonlib.dumps([one.model_dump(mode="json") for one in found], indent=2))
            else:
                render.console().print(render.batches(found))
            return
        one = client.status(name)
        if json:
            typer.echo(one.model_dump_json(indent=2))
        elif isinstance(one, BatchStatus):
            render.console().print(render.batch(one, client.jobs(name)))
        else:
            render.console().print(render.batch(client.status(BatchId(one.batch_id)), [one]))


@app.command()
def watch(batch: Annotated[str, typer.Argument(help="A batch.")]) -> None:
    """Follow a batch to its end with a progress bar and counts by outcome."""
    with Client() as client:
        final = follow(client, batch)
    render.console().print(render.batches([final]))


def follow(client: Client, batch: str) -> BatchStatus:
    """Show a live progress bar until every job of the batch has its report."""
    status = client.status(BatchId(batch))
    progress = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    task = progress.add_task(status.name, total=status.total, completed=status.finished)
    with Live(progress, console=render.console()) as live:
        for _ in client.stream(batch):
            status = client.status(BatchId(batch))
            progress.update(task, completed=status.finished)
            live.update(Group(progress, Text(render.counts(status.outcomes))))
        live.update(progress)
    return client.status(BatchId(batch))


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="A job or a batch.")],
    json: AsJson = False,
) -> None:
    """Print a job's report, or those of a batch (JSON: one a line)."""
    with Client() as client:
        if is_job(name):
            found = client.report(name)
            if json:
                typer.echo(found.model_dump_json(indent=2))
            else:
                render.console().print(render.report(found))
            return
        current = client.status(BatchId(name))
        if json:
            for one in client.reports(name):
                typer.echo(one.model_dump_json())
        else:
            render.console().print(render.batches([current]), render.reports(client.reports(name)))


@app.command()
def retry(
    name: Annotated[str, typer.Argument(help="A job, or a batch: then all that did not succeed.")],
    outcome: Annotated[list[Outcome] | None, typer.Option(help="Only jobs that ended so; may be given again.")] = None,
) -> None:
    """Run finished jobs again, each as a new attempt; the earlier ones stay in the report."""
    with Client() as client:
        again = client.retry(name, outcomes=outcome)
    typer.echo(f"{len(again)} jobs queued again")


@app.command()
def doctor() -> None:
    """Look at Redis, the workers of each queue, Docker and the image; say how to fix what is not well."""
    settings = client_settings()
    url = settings.redis_url.get_secret_value()
    found = [check("Redis", records_of(settings, retries=0).reading.ping)]
    if found[0].well:
        found += _worker_checks(url)
    side = host.load()
    found += side.checks() if side else []
    for one in found:
        typer.echo(f"{'ok ' if one.well else 'BAD'} {one.name}: {one.detail}")
    raise typer.Exit(0 if all(one.well for one in found) else NOT_SUCCEEDED)


def _worker_checks(url: str) -> list[Check]:
    served = served_queues(url)
    fix = "none; start one with `windtunnel up`, or `python -m windtunnel_worker {}`"
    found = []
    for stage in (*STAGES, "monitor"):
        workers = [worker for queue, its in served.items() if queue.partition(".")[0] == stage for worker in its]
        found.append(Check(f"workers of {stage}", bool(workers), ", ".join(sorted(workers)) or fix.format(stage)))
    return found


def _job(
    program: Program, params: str, datasets: Iterable[str] | None, timeout: float, memory_mb: int, seed: int
) -> Job:
    text = program.text()
    try:
        return Job(
            code=text,
            language=program.language,
            name=program.name,
            params=_params(params),
            datasets=tuple(datasets or ()),
            seed=seed,
            limits=Limits(timeout_s=timeout, memory_mb=memory_mb),
        )
    except InvalidInput as error:
        file = str(program.file)
        problems = [FieldProblem(file if one.field == "code" else one.field, one.message) for one in error.problems]
        raise InvalidInput(problems, remedy=error.remedy) from None


def _params(text: str) -> Any:
    try:
        return jsonlib.loads(text)
    except ValueError as error:
        raise InvalidInput([FieldProblem("--params", f"is not JSON: {error}")]) from error
