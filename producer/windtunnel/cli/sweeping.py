"""`windtunnel sweep`."""

from __future__ import annotations

import json as plain_json
from typing import Annotated

import typer

from windtunnel.cli.grids import grid_of
from windtunnel.cli.job_options import (
    DEFAULTS,
    Aliases,
    BatchLabel,
    Datasets,
    IdempotencyKey,
    Isolated,
    MaxRunning,
    Memory,
    Owner,
    Params,
    ProgramFile,
    Seed,
    Stages,
    Timeout,
    aliases_of,
    job_of,
    stages_of,
)
from windtunnel.cli.options import AsJson
from windtunnel.cli.programs import Program
from windtunnel.client import Client
from windtunnel.contract import Budget, Isolation


def sweep(
    file: ProgramFile,
    grid: Annotated[
        list[str],
        typer.Option(help="An axis, FIRST:LAST:STEP (both included) or values: fast=5:50:5, slow=20,50,100. Repeat."),
    ],
    params: Params = "{}",
    name: BatchLabel = "sweep",
    dataset: Datasets = None,
    alias: Aliases = None,
    timeout: Timeout = DEFAULTS.timeout_s,
    memory_mb: Memory = DEFAULTS.memory_mb,
    seed: Seed = 0,
    isolation: Isolated = Isolation.CELL,
    owner: Owner = None,
    max_running: MaxRunning = None,
    stop_after_s: Annotated[
        float | None, typer.Option(help="Cancel what is left after so many seconds.", show_default="never")
    ] = None,
    slot_seconds: Annotated[
        float | None, typer.Option(help="Cancel the rest when so many are used.", show_default="any number")
    ] = None,
    same_failure: Annotated[
        int | None,
        typer.Option(help="Stop when the first so many all fail for the same reason; 0: never.", min=0),
    ] = 20,
    stage: Stages = None,
    idempotency_key: IdempotencyKey = None,
    json: AsJson = False,
) -> None:
    """Run one program with every point of a grid, as one batch. The last axis changes fastest."""
    axes = grid_of(grid)
    job = job_of(
        Program.at(file), params, dataset, aliases=aliases_of(alias), timeout_s=timeout, memory_mb=memory_mb, seed=seed
    )
    shared = {name: getattr(job, name) for name in ("language", "name", "limits", "seed", "aliases")}
    budget = Budget(wall_s=stop_after_s, slot_seconds=slot_seconds, same_failure=same_failure or None)
    with Client() as client:
        batch = client.submit_sweep(
            job.code,
            grid={**{name: [value] for name, value in job.params.items() if name not in axes}, **axes},
            datasets=job.datasets,
            job=shared,
            name=name,
            isolation=isolation,
            owner=owner,
            max_running=max_running,
            budget=budget,
            stages=stages_of(stage),
            idempotency_key=idempotency_key,
        )
        total = client.status(batch).total
    if json:
        typer.echo(plain_json.dumps({"batch_id": batch, "jobs": total}, indent=2))
        return
    typer.echo(batch)
    typer.echo(f"{total:,} jobs. Follow them with: windtunnel watch {batch}", err=True)
