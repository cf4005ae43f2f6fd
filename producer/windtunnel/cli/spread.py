"""Options that several commands share, written once as a data class. Imports nothing of the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, cast


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of its parameters that are data classes.

    Typer reads a command's options from its signature; the command itself gets the data classes back in one piece.
    """
    parts: dict[str, Any] = {}
    options: list[Parameter] = []
    for parameter in signature(command, eval_str=True).parameters.values():
        if is_dataclass(parameter.annotation):
            kind = parts[parameter.name] = parameter.annotation
            options += signature(cast(Any, kind), eval_str=True).parameters.values()
        else:
            options.append(parameter)

    @wraps(command)
    def with_parts(**given: Any) -> None:
        whole = {
            name: part(**{field: given.pop(field) for field in part.__dataclass_fields__})
            for name, part in parts.items()
        }
        command(**given, **whole)

    named = [option.replace(kind=Parameter.KEYWORD_ONLY) for option in options]
    with_parts.__signature__ = Signature(named)  # type: ignore[attr-defined]
    return with_parts
