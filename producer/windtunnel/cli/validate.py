"""`windtunnel validate`: checks programs on this machine, without Docker, Redis or the worker's libraries."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.cli.exits import DONE, NOT_SUCCEEDED
from windtunnel.cli.options import Form
from windtunnel.cli.programs import find
from windtunnel.texts import harmless


def validate(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Programs, or folders of them; - is standard input.")
    ],
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            metavar="text|json|prompt",
            help="json: one object per file; prompt: to paste back into a model.",
        ),
    ] = Form.TEXT,
    strict: Annotated[
        bool, typer.Option(envvar="WINDTUNNEL_STRICT", help="Also reject programs with findings of level HIGH.")
    ] = True,
    dataset: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A dataset that the jobs will have, for the remedies to name."),
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option(
            envvar="WINDTUNNEL_POLICIES", metavar="FOLDER", help="A folder with validation policies of your own."
        ),
    ] = None,
) -> None:
    """Check programs without running them. Exit code 0 only if all are safe."""
    from windtunnel.validation import SecurityValidator
    from windtunnel.validation.remedies import for_job

    validator = SecurityValidator(strict_mode=strict, policies=policies)
    unsafe = False
    for program in find(paths):
        verdict = for_job(validator.validate_bytes(program.read(), program.language), dataset or ())
        unsafe |= not verdict.safe
        match Form.JSON if json else form:
            case Form.JSON:
                typer.echo(dumps({"file": str(program.file), **verdict.model_dump(mode="json")}))
            case Form.PROMPT:
                typer.echo(harmless(validator.format_prompt(verdict)))
            case Form.TEXT:
                typer.echo(harmless(f"{program.file}: {validator.format_report(verdict)}"))
    raise typer.Exit(NOT_SUCCEEDED if unsafe else DONE)
