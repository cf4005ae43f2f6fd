"""The base class of every model that crosses a boundary. May import errors only.

All models are frozen and have plain JSON types. Building one from bad input raises `InvalidInput`, which names the
field. Stored documents are read through `windtunnel.records.codec`, which tolerates newer fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from windtunnel.errors import FieldProblem, InvalidInput

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)  # pydantic keeps its name private


NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
_PART = "[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*"
IMAGE_PATTERN = rf"^{_PART}(?::[0-9]+)?(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?(?:@sha256:[0-9a-f]{{64}})?$"
"""Docker's: `registry:5000/folder/name:tag@sha256:…`. Other texts may lead to another of the daemon's addresses."""
CLEARER = {
    "input was not a valid JSON value": "is not a JSON value: a number, text, list, dictionary, true, false or null."
    " Convert it first (a NumPy value with `.item()` or `.tolist()`)",
    f"String should match pattern '{NAME_PATTERN}'": "may have at most 128 letters, digits, dots, underscores and"
    " hyphens, and begins with a letter or a digit",
    f"String should match pattern '{IMAGE_PATTERN}'": "must be the name of an image, such as windtunnel/sandbox:python",
    "String should match pattern '^[^/]+$'": "must be the name of a file, without a folder",
    "Input should be a valid dictionary": "must be a dictionary (in JSON, an object)",
    "Input should be a valid tuple": "must be a list",
    "Input should be a valid integer, unable to parse string as an integer": "must be a whole number",
    "Input should be a valid number, unable to parse string as a number": "must be a number",
    "Extra inputs are not permitted": "is not known",
    "Field required": "is missing",
}
"""Plainer words for some of pydantic's messages."""
SHOULD = re.compile(r"^[A-Z]\w* should ")
"""How pydantic begins many of its messages, as in `Input should be a valid list`."""
LONGEST_PATH = 12
"""Parts of a field's path that are named: a value may be nested without end."""


def plainer(message: str) -> str:
    """A message of pydantic in plainer words."""
    return CLEARER.get(message) or SHOULD.sub("must ", message.removeprefix("Value error, "))


def problems_of(error: ValidationError, whole: str, model: type[BaseModel] | None = None) -> list[FieldProblem]:
    """Pydantic's findings by field; `whole` names the model itself. They never contain the input, which may be code.

    With the model, a field that it does not have is answered with those that it has.
    """
    return [
        FieldProblem(
            ".".join(map(str, place[:LONGEST_PATH])) or whole,
            _unknown(model, place) if model and kind == "extra_forbidden" else message,
        )
        for place, kind, message in found_in(error)
    ]


def found_in(error: ValidationError) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
    """Pydantic's findings: where, of which type, and in plainer words what is wrong. They never contain the input."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = [problem["loc"] for problem in found]
    for place, problem in zip(places, found, strict=True):
        # Pydantic also calls a container too short if its only item is wrong.
        if not any(len(other) > len(place) and other[: len(place)] == place for other in places):
            yield place, problem["type"], plainer(problem["msg"])


def _unknown(model: type[BaseModel] | None, place: tuple[int | str, ...]) -> str:
    """What to say of a field that is not one of the model at this place."""
    import difflib

    for part in place[:-1]:
        if isinstance(part, str):
            field = model.model_fields.get(part) if model else None
            model = next(_models_in(field.annotation), None) if field else None
    fields = list(model.model_fields) if model else []
    near = difflib.get_close_matches(str(place[-1]), fields, n=1)
    if near:
        return f"is not a field; the nearest is `{near[0]}`"
    return f"is not a field; there are {', '.join(fields)}" if fields else "is not a field"


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models_in(one)


class _Checked(ModelMetaclass):
    """Turns pydantic's error into `InvalidInput` when a caller builds a model, with the whole path of each field."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            model = cast("type[BaseModel]", cls)
            raise InvalidInput(problems_of(error, cls.__name__.lower(), model), remedy="Nothing was stored.") from None


class Contract(BaseModel, metaclass=_Checked):
    """Base of every model that crosses a boundary."""

    # Most processes use few of the models, so each is compiled when it is first used.
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="null", hide_input_in_errors=True, defer_build=True
    )


def compile_models(base: type[Contract] = Contract) -> None:
    """Compile every loaded model, so that a process handles its first job as fast as the others."""
    for model in base.__subclasses__():
        model.model_rebuild()
        compile_models(model)


Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""At most 128 letters, digits, dots, underscores and hyphens: safe in a file name, a key and a shell."""
