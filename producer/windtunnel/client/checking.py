"""Checks jobs before anything is stored. May import contract and errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from windtunnel.errors import FieldProblem, InvalidInput

if TYPE_CHECKING:
    from windtunnel.contract import Batch, Contract, Job, Limits


M = TypeVar("M", bound="Contract")
NOTHING_STORED = "Nothing was stored."
MOST_PROBLEMS = 100
"""Problems after which the rest of a list is not looked at."""


def refused(field: str, problem: str) -> InvalidInput:
    """The error for a wrong argument of a submission."""
    return InvalidInput([FieldProblem(field, problem)], remedy=NOTHING_STORED)


def as_model(kind: type[M], given: M | Mapping[str, Any], path: str = "") -> M:
    """The model built from these fields; `InvalidInput` names a wrong field with its path.

    A model is built again: pydantic does not check `model_copy`, nor what is put into its dictionaries later.
    """
    if isinstance(given, kind):
        given = given.model_dump(warnings=False)
    if not isinstance(given, Mapping):
        problem = f"is of type {type(given).__name__}; give a {kind.__name__} or a dictionary of its fields"
        raise refused(path.rstrip(".") or kind.__name__.lower(), problem)
    fields: Any = {str(name): value for name, value in given.items()}
    try:
        return kind(**fields)
    except InvalidInput as error:
        problems = [FieldProblem(path + problem.field, problem.message) for problem in error.problems]
        raise InvalidInput(problems, remedy=error.remedy) from error


def as_models(kind: type[M], given: Iterable[M | Mapping[str, Any]], path: str) -> tuple[M, ...]:
    """The same for each of a list; `InvalidInput` names what is wrong in all of them."""
    models: list[M] = []
    problems: list[FieldProblem] = []
    for index, one in enumerate(given):
        try:
            models.append(as_model(kind, one, f"{path}.{index}."))
        except InvalidInput as error:
            problems += error.problems
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidInput(problems, remedy=NOTHING_STORED)
    return tuple(models)


def check_keys(batch: Batch) -> None:
    """Refuse idempotency keys of jobs within a batch."""
    problems = [
        FieldProblem(f"jobs.{index}.idempotency_key", "give the batch a key, not a job within it")
        for index, job in enumerate(batch.jobs)
        if job.idempotency_key is not None
    ]
    if problems:
        raise InvalidInput(problems, remedy=NOTHING_STORED)


def check_ceiling(jobs: Sequence[Job], ceiling: Limits, path: str) -> None:
    """Refuse limits that are above the deployment's."""
    fine: set[Limits] = set()
    problems = []
    for index, job in enumerate(jobs):
        if job.limits in fine:
            continue
        above = job.limits.above(ceiling)
        if not above:
            fine.add(job.limits)
        problems += [FieldProblem(path.format(index=index) + one.field, one.message) for one in above]
    if problems:
        raise InvalidInput(problems, remedy="Nothing was stored; ask for less.")
