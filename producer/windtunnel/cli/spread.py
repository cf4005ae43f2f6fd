"""Lets commands share options that are defined once, as a data class. Imports nothing from the project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, cast


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of those parameters that are data classes.

    Typer reads the options from the command's signature; the command itself receives the data classes.
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
