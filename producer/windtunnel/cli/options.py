"""Arguments and options that most commands share: ids and `--json`. May import contract and errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windtunnel import contract
from windtunnel.errors import FieldProblem, InvalidInput

if TYPE_CHECKING:
    from windtunnel.contract import Contract

ENOUGH = "Four characters of its beginning or end are enough if they are unique; @last is the newest batch"
SHORT = f"{ENOUGH}, @last-0 its first job."


def known_form(name: str) -> str:
    """The id as it was typed, if a job or batch can have it; otherwise a usage error."""
    if not re.fullmatch(r"@last(-\d{1,9})?|[A-Za-z0-9._-]{1,200}", name.strip()):
        raise typer.BadParameter(
            f"{name!r} cannot be an id. `windtunnel status` lists the newest batches; @last is the newest of them."
        )
    return name.strip()


def _id(metavar: str, text: str) -> Any:
    return typer.Argument(help=text, metavar=metavar, parser=known_form)


class Form(StrEnum):
    """The formats of commands that can also print a prompt for a model."""

    TEXT = "text"
    JSON = "json"
    PROMPT = "prompt"


BatchName = Annotated[str, _id("BATCH", f"A batch's id. {ENOUGH}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JobId = Annotated[str, _id("JOB", f"A job's id. {SHORT}")]
JobOrBatch = Annotated[str, _id("JOB|BATCH", f"The id of a job or of a batch. {SHORT}")]


def write_file(file: Path, content: bytes) -> None:
    """Write a file and print its size; `-` is standard output. `InvalidInput` if it cannot be written."""
    if str(file) == "-":
        typer.echo(content, nl=False)
        return
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidInput([FieldProblem(str(file), f"cannot be written: {error.strerror}")]) from error
    typer.echo(f"{file}: {len(content):,} bytes", err=True)


def as_json(found: Contract | Iterable[Contract], indent: int | None = 2) -> str:
    """A model, or a list of models, as `--json` prints it.

    In ASCII, since text from a program may contain characters that act on a terminal.
    """
    plain = _plain(found) if isinstance(found, contract.Contract) else [_plain(one) for one in found]
    return json.dumps(plain, indent=indent)


def _plain(one: Contract) -> Any:
    return json.loads(one.model_dump_json())  # pydantic writes numbers that are not finite as null
