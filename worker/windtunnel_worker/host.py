"""The commands that an execution host adds to the `windtunnel` command line, through an entry point.

Each command imports what it needs when it runs, so that help does not wait for all of it.
"""

from __future__ import annotations

import json as plain_json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windtunnel.address import DEFAULT_REDIS_URL
from windtunnel.cli.checks import Check
from windtunnel.cli.options import AsJson
from windtunnel.contract import Job, Report
from windtunnel.settings import URL_FILE
from windtunnel_worker.settings import SHIPPED_IMAGE, host_settings

if TYPE_CHECKING:
    from windtunnel_worker.sandbox.images import Image

REDIS_PORT = int(DEFAULT_REDIS_URL.rpartition(":")[2].partition("/")[0])


def register(app: typer.Typer) -> None:
    """Add the host's commands."""
    app.command()(up)
    image = typer.Typer(
        help="Build and list sandbox images with additional libraries, on an execution host.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    image.command("add")(image_add)
    image.command("list")(image_list)
    app.add_typer(image, name="image")


def run_local(job: Job) -> Report:
    """Run one job in this process, without a queue."""
    from windtunnel_worker.embedded.manager import SandboxManager

    return SandboxManager().run_job(job)


def checks() -> list[Check]:
    """Check what an execution host needs, for `windtunnel doctor`."""
    from windtunnel_worker.host_checks import host_checks

    return host_checks(host_settings())


def up(
    slots: Annotated[
        int,
        typer.Option(metavar="NUMBER", help="Jobs that run at the same time.", min=1, show_default="one per core"),
    ] = os.cpu_count() or 1,
    flower: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="Serve Flower on this port, for this machine only.", min=1, max=65535),
    ] = None,
    redis_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            help="Port of the private Redis; not used with WINDTUNNEL_REDIS_URL.",
            min=1,
            max=65535,
            show_default=str(REDIS_PORT),
        ),
    ] = None,
    state: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder for Redis's data and the logs.")
    ] = URL_FILE.parent,
) -> None:
    """Run the whole stack on this host in the foreground, until Ctrl-C."""
    from windtunnel_worker.stack import up as stack

    if redis_port is None and "WINDTUNNEL_REDIS_URL" not in os.environ:
        redis_port = REDIS_PORT
    stack.run(stack.Options(slots, flower, redis_port, state.expanduser().resolve()), host_settings())


def image_add(
    packages: Annotated[
        list[str] | None, typer.Argument(metavar="PACKAGE", help="Packages for pip: networkx, 'networkx>=3'.")
    ] = None,
    requirements: Annotated[
        Path | None, typer.Option("-r", "--requirements", metavar="FILE", help="A file that lists them.")
    ] = None,
    wheels: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A folder with all their wheels.", show_default="pip downloads them"),
    ] = None,
    tag: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the new image.")
    ] = "windtunnel/sandbox:python-own",
    base: Annotated[
        str | None, typer.Option(metavar="NAME", help="The image to build on.", show_default="the shipped one")
    ] = None,
    json: AsJson = False,
) -> None:
    """Build a sandbox image with additional Python libraries. Jobs that name the image may import them."""
    from windtunnel_worker.sandbox import custom_image

    wanted = [*(packages or []), *(custom_image.read_requirements(requirements) if requirements else [])]
    image = custom_image.build(wanted, tag, base or _shipped_image(), wheels)
    if json:
        typer.echo(plain_json.dumps(_facts(image), indent=2))
        return
    typer.echo(f"{image.name}: holds {', '.join((image.libraries or '').split()) or 'nothing new'}")
    typer.echo(f"Jobs name it: Job(image={image.name!r}). For all jobs: SANDBOX_DEFAULT_IMAGE={image.name}")


def image_list(json: AsJson = False) -> None:
    """List the images made by `image add`.

    With digest, libraries and whether they are up to date.
    """
    from windtunnel_worker.sandbox import images

    found = images.own()
    current = {image.digest for image in (*found, images.find(_shipped_image()))}
    if json:
        rows = [{**_facts(image), "up_to_date": image.base in current} for image in found]
        typer.echo(plain_json.dumps(rows, indent=2))
        return
    for image in found:
        state = "up to date" if image.base in current else "outdated: its base was rebuilt; add it again"
        typer.echo(f"{image.name}\t{image.digest[7:19]}\t{image.libraries or '-'}\t{state}")
    if not found:
        typer.echo("No images of your own. `windtunnel image add PACKAGE` builds one.", err=True)


def _facts(image: Image) -> dict[str, Any]:
    return {"name": image.name, "digest": image.digest, "libraries": (image.libraries or "").split()}


def _shipped_image() -> str:
    """The default image, unless that is one of the operator's own."""
    from windtunnel_worker.sandbox import images

    default = host_settings().default_image
    return SHIPPED_IMAGE if images.find(default).libraries is not None else default
