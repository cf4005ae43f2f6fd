"""The options of the commands that submit, and the jobs they describe. May import the contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from windtunnel.cli.programs import Program
from windtunnel.contract import Fill, Isolation, Job, Limits, Scoring
from windtunnel.errors import FieldProblem, InvalidInput

DEFAULTS = Limits()

ProgramFile = Annotated[Path, typer.Argument(metavar="FILE", help="The program; - reads standard input.")]
BatchLabel = Annotated[str, typer.Option(metavar="NAME", help="The batch's name.")]
Isolated = Annotated[
    Isolation,
    typer.Option(
        metavar="container|cell", help="cell: for bulk; the jobs of the batch share a container, one after the other."
    ),
]


@dataclass(frozen=True)
class JobOptions:
    """The options that describe a job."""

    params: Annotated[
        str, typer.Option("--params", metavar="JSON", help="The program's `params`, as a JSON object.")
    ] = "{}"
    dataset: Annotated[
        list[str] | None,
        typer.Option("--dataset", metavar="NAME", help="A dataset for the program's `data`. May be repeated."),
    ] = None
    alias: Annotated[
        list[str] | None,
        typer.Option(
            "--alias", metavar="FILE=NAME", help="A file name to read as a dataset: data.csv=sp500. May be repeated."
        ),
    ] = None
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="Time limit (wall clock).")] = DEFAULTS.timeout_s
    memory_mb: Annotated[int, typer.Option(metavar="MB", help="Memory limit.")] = DEFAULTS.memory_mb
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Seeds `random` and NumPy.")] = 0
    check_lookahead: Annotated[
        bool, typer.Option("--check-lookahead", help="Also run it on changed data, to find look-ahead.")
    ] = False
    fill: Annotated[
        Fill, typer.Option(metavar="close|open", help="Positions are taken at this price of the next bar.")
    ] = Fill.CLOSE
    commission_bps: Annotated[
        float, typer.Option(metavar="NUMBER", help="Commission on each fill, in hundredths of a per cent.")
    ] = 0.0
    slippage_bps: Annotated[float, typer.Option(metavar="NUMBER", help="Slippage on each fill, in the same unit.")] = (
        0.0
    )
    price: Annotated[str, typer.Option(metavar="COLUMN", help="The column in which positions are valued.")] = "close"
    warmup: Annotated[
        int,
        typer.Option(metavar="BARS", help="Bars at the start that are not evaluated and whose positions do not count."),
    ] = 0
    leverage: Annotated[
        float, typer.Option(metavar="NUMBER", help="The highest sum of absolute positions, in multiples of equity.")
    ] = 1.0
    capital: Annotated[float, typer.Option(metavar="AMOUNT", help="Equity before the first evaluated bar.")] = 1.0
    bars_per_year: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="For annual figures.", show_default="counted from the dataset's times"),
    ] = None

    def job(self, program: Program, **fields: Any) -> Job:
        """The job for a program; `InvalidInput` names the file if the program itself is wrong."""
        text = program.text()
        try:
            return Job(
                code=text,
                language=program.language,
                name=program.name,
                params=_parsed(self.params),
                datasets=tuple(self.dataset or ()),
                aliases=aliases_of(self.alias),
                limits=Limits(timeout_s=self.timeout, memory_mb=self.memory_mb),
                seed=self.seed,
                check_lookahead=self.check_lookahead,
                scoring=Scoring(
                    fill=self.fill,
                    commission_bps=self.commission_bps,
                    slippage_bps=self.slippage_bps,
                    price=self.price,
                    warmup=self.warmup,
                    leverage=self.leverage,
                    capital=self.capital,
                    bars_a_year=self.bars_per_year,
                ),
                **fields,
            )
        except InvalidInput as error:
            file = str(program.file)
            problems = [FieldProblem(file if one.field == "code" else one.field, one.message) for one in error.problems]
            raise InvalidInput(problems, remedy=error.remedy) from None


@dataclass(frozen=True)
class BatchOptions:
    """The options that describe a batch."""

    owner: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Who submits. Owners share the slots fairly.", show_default="WINDTUNNEL_OWNER"
        ),
    ] = None
    max_running: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", help="Jobs of the batch that may run at the same time.", show_default="any number"
        ),
    ] = None
    priority: Annotated[int, typer.Option(metavar="NUMBER", help="0 is served first, 9 last.")] = 5
    pool: Annotated[str, typer.Option(metavar="NAME", help="Run on hosts that serve this pool.")] = "default"
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="Run on less data first, and continue only from this score on: 'bars=500 dataset=sp500 sharpe>=0.5'. "
            "May be repeated.",
        ),
    ] = None
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Submitting again with the same key adds missing jobs and repeats none."),
    ] = None

    def of_jobs(self) -> dict[str, Any]:
        """The fields of each job."""
        return {"priority": self.priority, "pool": self.pool}

    def of_batch(self) -> dict[str, Any]:
        """The arguments for `Client.submit_batch`."""
        return {
            "owner": self.owner,
            "max_running": self.max_running,
            "stages": stages_of(self.stage),
            "idempotency_key": self.idempotency_key,
        }


def aliases_of(given: Iterable[str] | None) -> dict[str, str]:
    """The aliases that the options describe; `InvalidInput` for one that cannot be read."""
    pairs = [text.rpartition("=") for text in given or ()]
    wrong = next((name + separator + dataset for name, separator, dataset in pairs if not (name and dataset)), None)
    if wrong is not None:
        raise InvalidInput([FieldProblem("--alias", f"{wrong!r} is not understood")], remedy="Write data.csv=sp500.")
    return {name: dataset for name, _, dataset in pairs}


def stages_of(given: Iterable[str] | None) -> list[dict[str, Any]]:
    """The stages that the options describe; `InvalidInput` for one that cannot be read."""
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


def _parsed(params: str) -> Any:
    try:
        return json.loads(params)
    except (ValueError, RecursionError) as error:
        raise InvalidInput([FieldProblem("--params", f"is not JSON: {error}")]) from error
