"""`windtunnel sweep`."""

from __future__ import annotations

import json as plain_json
from typing import Annotated

import typer

from windtunnel import texts
from windtunnel.cli.grids import grid_of
from windtunnel.cli.job_options import BatchLabel, BatchOptions, Isolated, JobOptions, ProgramFile
from windtunnel.cli.options import AsJson
from windtunnel.cli.programs import Program
from windtunnel.cli.spread import spread
from windtunnel.client import Client
from windtunnel.contract import Budget, Isolation


@spread
def sweep(
    file: ProgramFile,
    grid: Annotated[
        list[str],
        typer.Option(
            metavar="AXIS",
            help="A parameter and its values, NAME=FIRST:LAST:STEP (both included) or a list: fast=5:50:5, "
            "slow=20,50,100. May be repeated.",
        ),
    ],
    jobs: JobOptions,
    batch: BatchOptions,
    name: BatchLabel = "sweep",
    isolation: Isolated = Isolation.CELL,
    stop_after_s: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Cancel the rest after so many seconds.", show_default="never"),
    ] = None,
    slot_seconds: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="Cancel the rest when so many slot-seconds are used.", show_default="any number"
        ),
    ] = None,
    same_failure: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Stop if the first so many all fail for the same reason; 0: never.", min=0),
    ] = 20,
    json: AsJson = False,
) -> None:
    """Run one program with every combination of parameter values, as one batch. The last one changes fastest."""
    axes = grid_of(grid)
    job = jobs.job(Program.at(file), **batch.of_jobs())
    shared = ("language", "name", "limits", "seed", "aliases", "priority", "pool", "check_lookahead", "scoring")
    budget = Budget(wall_s=stop_after_s, slot_seconds=slot_seconds, same_failure=same_failure or None)
    with Client() as client:
        batch_id = client.submit_sweep(
            job.code,
            grid={**{name: [value] for name, value in job.params.items() if name not in axes}, **axes},
            datasets=job.datasets,
            job={name: getattr(job, name) for name in shared},
            name=name,
            isolation=isolation,
            budget=budget,
            **batch.of_batch(),
        )
        total = client.status(batch_id).total
    if json:
        typer.echo(plain_json.dumps({"batch_id": batch_id, "jobs": total}, indent=2))
        return
    typer.echo(batch_id)
    typer.echo(f"{texts.jobs(total)}. Follow them with: windtunnel watch {batch_id}", err=True)
