"""Finds the id of a job or batch from what a person typed. May import records, keyspace and errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from windtunnel.errors import FieldProblem, InvalidInput, NotFound
from windtunnel.keyspace import MAX_BATCHES_LISTED

if TYPE_CHECKING:
    from windtunnel.records.reading import Reading

LAST = "@last"
SHORTEST = 4
MOST_NAMED = 5


def full_id(reading: Reading, typed: str) -> str:
    """The id that is meant: the text itself if such a batch exists, otherwise by `@last` or part of a batch's id.

    A part is its beginning or its end, at least four characters; a job's index may follow: `@last-3`, `9f2c-3`.
    `InvalidInput` lists the candidates if several match; text that matches nothing is returned unchanged.
    """
    batch, hyphen, index = typed.partition("-")
    if batch == LAST:
        newest = reading.batch_ids(1)
        if not newest:
            raise NotFound("There is no batch yet.", remedy="Submit one.")
        return newest[0] + hyphen + index
    if len(batch) < SHORTEST or not re.fullmatch(r"[0-9a-f]+", batch) or reading.is_batch(batch):
        return typed
    known = reading.batch_ids(MAX_BATCHES_LISTED)
    fitting = [one for one in known if one.startswith(batch) or one.endswith(batch)]
    if len(fitting) > 1:
        more = f" and {len(fitting) - MOST_NAMED} more" if len(fitting) > MOST_NAMED else ""
        raise InvalidInput(
            [FieldProblem(typed, f"may be any of {', '.join(fitting[:MOST_NAMED])}{more}")],
            remedy="Give more characters; the last ones differ most.",
        )
    return fitting[0] + hyphen + index if fitting else typed
