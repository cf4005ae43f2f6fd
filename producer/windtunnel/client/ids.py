"""Ids of jobs and batches, as types of their own. May import errors."""

from __future__ import annotations

import re
from typing import NewType

from windtunnel.errors import FieldProblem, InvalidInput

JobId = NewType("JobId", str)
BatchId = NewType("BatchId", str)


def checked(name: str) -> str:
    """The same text; `InvalidInput` if it cannot be the id of a job or a batch."""
    if not isinstance(name, str) or not re.fullmatch(r"[!-~]{1,128}", name):
        shown = repr(name) if len(repr(name)) <= 60 else repr(name)[:60] + "…"
        problem = FieldProblem("id", f"{shown} is not the id of a job or a batch")
        raise InvalidInput([problem], remedy="Give it as it was returned.")
    return name


def is_job(name: str) -> bool:
    """True for a job's id, False for a batch's; `InvalidInput` for what can be neither."""
    return "-" in checked(name)
