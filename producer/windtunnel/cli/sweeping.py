"""`windtunnel sweep` and `stats`."""

from __future__ import annotations

import json as plain_json
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.cli.grids import grid_of
from windtunnel.cli.options import (
    DEFAULTS,
    AsJson,
    Datasets,
    Memory,
    Params,
    Seed,
    Stages,
    Timeout,
    as_json,
    job_of,
    stages_of,
)
from windtunnel.cli.programs import Program
from windtunnel.client import Client
from windtunnel.contract import Budget, Isolation


def sweep(
    file: Annotated[Path, typer.Argument(help="The program.")],
    grid: Annotated[
        list[str],
        typer.Option(help="An axis, FIRST:LAST:STEP (both included) or values: fast=5:50:5, slow=20,50,100. Repeat."),
    ],
    params: Params = "{}",
    name: Annotated[str, typer.Option(help="The batch's name.")] = "sweep",
    dataset: Datasets = None,
    timeout: Timeout = DEFAULTS.timeout_s,
    memory_mb: Memory = DEFAULTS.memory_mb,
    seed: Seed = 0,
    isolation: Annotated[
        Isolation, typer.Option(help="cell: for bulk, jobs of the batch share a container one after the other.")
    ] = Isolation.CELL,
    owner: Annotated[
        str | None, typer.Option(help="Who submits; owners share the slots fairly.", show_default="WINDTUNNEL_OWNER")
    ] = None,
    max_running: Annotated[
        int | None, typer.Option(help="Jobs of the batch that may run at the same time.", show_default="any number")
    ] = None,
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
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same key again completes, and never repeats, the submission.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Run one program with every point of a grid, as one batch. The last axis changes fastest."""
    axes = grid_of(grid)
    job = job_of(Program.at(file), params, dataset, timeout_s=timeout, memory_mb=memory_mb, seed=seed)
    shared = {name: getattr(job, name) for name in ("language", "name", "limits", "seed")}
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


def stats(json: AsJson = False) -> None:
    """Show what the whole queue holds: ready, running, waiting by owner and priority, the oldest, outcomes."""
    with Client() as client:
        found = client.stats()
    if json:
        typer.echo(as_json(found))
    else:
        from windtunnel.cli import render, render_stats

        render.console().print(render_stats.stats(found))
