"""What the execution side adds to the `windtunnel` command line. Loaded by the client through an entry point.

Each command imports what it needs when it runs: help must not wait for all of it.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.cli.checks import Check, check
from windtunnel.contract import Job, Report
from windtunnel.settings import DEFAULT_REDIS_URL, URL_FILE
from windtunnel_worker.settings import host_settings

for _library in ("docker", "psutil"):
    if find_spec(_library) is None:  # the client alone is installed; nothing below would work
        raise ModuleNotFoundError(f"No module named {_library!r}", name=_library)


def register(app: typer.Typer) -> None:
    """Add this side's commands."""
    app.command()(up)


def run_local(job: Job) -> Report:
    """Run one job in this process, without a queue."""
    from windtunnel_worker.embedded.manager import SandboxManager

    return SandboxManager().run_job(job)


def checks() -> list[Check]:
    """What must be there on an execution host."""
    from windtunnel_worker.sandbox import images
    from windtunnel_worker.sandbox.engine import engine_version

    image = host_settings().default_image
    return [
        check("Docker", engine_version),
        check(f"image {image}", lambda: images.find(image).digest[:19]),
    ]


def up(
    slots: Annotated[int, typer.Option(help="Sandboxes at a time.", min=1)] = os.cpu_count() or 1,
    flower: Annotated[int | None, typer.Option(help="Port of the monitoring page, on this machine only.")] = None,
    redis_port: Annotated[
        int | None,
        typer.Option(help="Port of the private Redis; not used with WINDTUNNEL_REDIS_URL.", min=1, max=65535),
    ] = None,
    state: Annotated[Path, typer.Option(help="Where Redis keeps its data, and the logs.")] = URL_FILE.parent,
) -> None:
    """Run the whole stack on this host in the foreground; Ctrl-C stops all of it."""
    from windtunnel_worker.stack import up as stack

    default_port = int(DEFAULT_REDIS_URL.rpartition(":")[2].partition("/")[0])
    if redis_port is None and "WINDTUNNEL_REDIS_URL" not in os.environ:
        redis_port = default_port
    stack.run(stack.Options(slots, flower, redis_port, state.expanduser().resolve()), host_settings())
