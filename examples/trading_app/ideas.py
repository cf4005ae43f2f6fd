"""Strategy ideas and their variants: a program, its parameters, and the values that each is tried with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import isfinite, prod
from pathlib import Path

from windtunnel import Job, Limits

MOST_VARIANTS = 10_000
PROGRAMS = Path(__file__).parent / "strategies"
Number = int | float


@dataclass(frozen=True)
class Idea:
    """A program and the values that a user is offered first for its parameters."""

    title: str
    program: str
    values: Mapping[str, str]

    def variants(self, dataset: str, values: Mapping[str, str]) -> list[Job]:
        """A job for every combination of values; `ValueError` says what is wrong with them."""
        if set(values) != set(self.values):
            raise ValueError(f"give values for {', '.join(self.values)}")
        parsed = {name: numbers(text) for name, text in values.items()}
        count = prod(len(found) for found in parsed.values())
        if count > MOST_VARIANTS:
            raise ValueError(f"these are {count:,} variants; at most {MOST_VARIANTS:,} are taken")
        code = (PROGRAMS / self.program).read_text()
        return [
            Job(
                code=code,
                name=self.program.removesuffix(".py"),
                params={"dataset": dataset, **dict(zip(parsed, chosen, strict=True))},
                datasets=(dataset,),
                limits=Limits(timeout_s=20),
            )
            for chosen in product(*parsed.values())
        ]


IDEAS = {
    "crossover": Idea("Moving averages crossing", "crossover.py", {"fast": "5:50:5", "slow": "60:200:20"}),
    "reversion": Idea("Buying after a fall", "reversion.py", {"window": "5,10,20,50", "deviations": "1,1.5,2"}),
}


def numbers(text: str) -> list[Number]:
    """Read `5,10,20`, or `5:50:5` for 5 to 50 in steps of 5, or both mixed."""
    found: list[Number] = []
    for part in text.split(","):
        try:
            first, *rest = [_number(piece) for piece in part.split(":")]
        except ValueError:
            raise ValueError(f"{part.strip()!r} is neither a number nor a range like 5:50:5") from None
        found += _stepped(first, *rest) if rest else [first]
    return found


def _number(text: str) -> Number:
    try:
        return int(text)
    except ValueError:
        found = float(text)
        if not isfinite(found):
            raise ValueError(text) from None
        return found


def _stepped(first: Number, last: Number, step: Number = 1, *more: Number) -> list[Number]:
    if more or not step > 0 or not 0 <= (last - first) / step <= MOST_VARIANTS:
        raise ValueError(f"write a range as from:to:step, with at most {MOST_VARIANTS:,} values")
    return [first + index * step for index in range(int((last - first) / step) + 1)]
