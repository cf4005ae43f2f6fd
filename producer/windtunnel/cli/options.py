"""Options and arguments that several commands share, and the job that they describe. May import the contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from windtunnel.cli.programs import Program
from windtunnel.contract import Contract, Job, Limits
from windtunnel.errors import FieldProblem, InvalidInput

DEFAULTS = Limits()
SHORT = "A unique beginning or end of it will do; @last is the newest batch, @last-0 its first job."


def known_form(name: str) -> str:
    """An id as it was typed; refused if no job or batch can have it."""
    if not re.fullmatch(r"@last(-\d{1,9})?|[A-Za-z0-9._-]{1,200}", name.strip()):
        raise typer.BadParameter(f"{name!r} cannot be an id. `windtunnel status` lists the newest batches.")
    return name.strip()


def _id(metavar: str, text: str) -> Any:
    return typer.Argument(help=f"{text} {SHORT}", metavar=metavar, parser=known_form)


BatchName = Annotated[str, _id("BATCH", "A batch's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JobId = Annotated[str, _id("JOB", "A job's id.")]
JobOrBatch = Annotated[str, _id("JOB|BATCH", "The id of a job or of a batch.")]
Params = Annotated[str, typer.Option("--params", help="What the program finds as `params`, a JSON object.")]
Datasets = Annotated[
    list[str] | None, typer.Option("--dataset", help="A dataset it finds in `data`; may be given again.")
]
Timeout = Annotated[float, typer.Option(help="Wall-clock seconds.")]
Memory = Annotated[int, typer.Option(help="Megabytes.")]
CheckLookahead = Annotated[
    bool, typer.Option("--check-lookahead", help="Also run it on changed data, to see whether it knows the future.")
]
Stages = Annotated[
    list[str] | None,
    typer.Option(
        "--stage",
        help="A cheap run first, and what it must reach to go on: 'bars=500 dataset=sp500 sharpe>=0.5'. Repeat.",
    ),
]
Seed = Annotated[int, typer.Option(help="Seeds `random` and NumPy.")]


def job_of(
    program: Program,
    params: str,
    datasets: Iterable[str] | None,
    *,
    timeout_s: float,
    memory_mb: int,
    **fields: Any,
) -> Job:
    """The job that the options describe; `InvalidInput` names the file where the program itself is wrong."""
    text = program.text()
    try:
        return Job(
            code=text,
            language=program.language,
            name=program.name,
            params=_parsed(params),
            datasets=tuple(datasets or ()),
            limits=Limits(timeout_s=timeout_s, memory_mb=memory_mb),
            **fields,
        )
    except InvalidInput as error:
        file = str(program.file)
        problems = [FieldProblem(file if one.field == "code" else one.field, one.message) for one in error.problems]
        raise InvalidInput(problems, remedy=error.remedy) from None


def stages_of(given: Iterable[str] | None) -> list[dict[str, Any]]:
    """The stages that the options describe; `InvalidInput` for a word that is none."""
    found = []
    for text in given or ():
        stage: dict[str, Any] = {"datasets": []}
        for word in text.split():
            matched = re.fullmatch(r"(bars|dataset)=(\S+)|(\w+)>=(\S+)", word)
            if matched is None:
                remedy = "Write for example --stage 'bars=500 dataset=sp500 sharpe>=0.5'."
                raise InvalidInput([FieldProblem("--stage", f"{word!r} is not understood")], remedy=remedy)
            name, value, metric, least = matched.groups()
            if metric:
                stage |= {"metric": metric, "at_least": least}
            elif name == "bars":
                stage["bars"] = value
            else:
                stage["datasets"].append(value)
        found.append(stage)
    return found


def write_file(file: Path, content: bytes) -> None:
    """Write a file and say so; `InvalidInput` says why it cannot be."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidInput([FieldProblem(str(file), f"cannot be written: {error.strerror}")]) from error
    typer.echo(f"{file}: {len(content):,} bytes", err=True)


def as_json(found: Contract | Iterable[Contract], indent: int | None = 2) -> str:
    """A model or a list of them as it is printed with `--json`.

    In ASCII: what a program said may hold characters that act on a terminal.
    """
    plain = _plain(found) if isinstance(found, Contract) else [_plain(one) for one in found]
    return json.dumps(plain, indent=indent)


def _plain(one: Contract) -> Any:
    return json.loads(one.model_dump_json())  # of Python's own kinds a number might not be finite


def _parsed(params: str) -> Any:
    try:
        return json.loads(params)
    except (ValueError, RecursionError) as error:
        raise InvalidInput([FieldProblem("--params", f"is not JSON: {error}")]) from error
