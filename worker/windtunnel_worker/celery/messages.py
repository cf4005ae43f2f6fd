"""What a readable message is: checks everything that kombu and Celery take on trust before either looks at it.

Whoever can write to Redis can put anything on a queue. Knows the wire format of kombu and of Celery's protocol 2.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Container
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from kombu.message import Message
from kombu.utils.json import loads
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from windtunnel.broker import task_name

MAX_MESSAGE_BYTES = 1_000_000
"""A message carries ids; the longest, of 1,000 jobs, takes a tenth of this."""
LONGEST_TIME_LIMIT_S = 30 * 86_400
LONGEST_PAUSE_S = 60.0
"""Until a message's `eta`: a worker keeps it until then. That of a task whose process died is a second away."""


class Unreadable(Exception):
    """A message that no worker can read; the text says why and quotes nothing of it."""


def _base64(text: str) -> str:
    base64.b64decode(text, validate=True)
    return text


def _moment(text: str) -> str:
    datetime.fromisoformat(text).timestamp()
    return text


def _soon(text: str) -> str:
    if datetime.fromisoformat(text).timestamp() > time.time() + LONGEST_PAUSE_S:
        raise ValueError("is too far ahead")
    return text


Label = Annotated[str, Field(max_length=1000)]
Moment = Annotated[str, Field(max_length=100), AfterValidator(_moment)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_TIME_LIMIT_S, allow_inf_nan=False)]
Nothing = Annotated[list[Any], Field(max_length=0)] | None
STEPS = {(task_name(stage), stage) for stage in ("execute", "finalize")}
"""The tasks that a message may name to come after its own, and their queues."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Delivery(_Strict):
    exchange: Label
    routing_key: Label
    redelivered: bool = False


class _Properties(_Strict):
    delivery_tag: Annotated[str, Field(min_length=1, max_length=200)]
    delivery_info: _Delivery
    body_encoding: Literal["base64", "utf-8"] | None = None
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    correlation_id: Label | None = None
    reply_to: Label | None = None


class _Headers(_Strict):
    # A compressed body of a few bytes may unpack to gigabytes, and nothing of ours is compressed.
    compression: None = None


class _Envelope(_Strict):
    body: str
    content_type: Annotated[Label | None, Field(alias="content-type")] = None
    content_encoding: Annotated[Label | None, Field(alias="content-encoding")] = None
    headers: _Headers
    properties: _Properties


class _EncodedEnvelope(_Envelope):
    body: Annotated[str, AfterValidator(_base64)]


class _TaskHeaders(_Strict):
    task: Annotated[str, Field(min_length=1, max_length=200)]
    id: Annotated[str, Field(min_length=1, max_length=200)]
    root_id: Label | None = None
    parent_id: Label | None = None
    group: Label | None = None
    group_index: int | None = None
    shadow: Label | None = None
    eta: Annotated[Moment, AfterValidator(_soon)] | None = None
    expires: Moment | None = None
    retries: Annotated[int, Field(ge=0, le=10_000)] | None = None
    timelimit: Annotated[list[Seconds | None], Field(min_length=2, max_length=2)] | None = None
    argsrepr: str | None = None
    kwargsrepr: str | None = None
    origin: Label | None = None
    ignore_result: bool | None = None
    replaced_task_nesting: int = 0
    stamped_headers: list[Label] | None = None
    stamps: dict[str, Any] | None = None


class _StepOptions(_Strict):
    model_config = ConfigDict(extra="forbid")

    queue: Label
    task_id: Label | None = None
    reply_to: Label | None = None


class _Step(_Strict):
    task: Label
    arguments: Annotated[list[Any], Field(max_length=0, alias="args")]
    named: Annotated[dict[str, Any], Field(max_length=0, alias="kwargs")]
    options: _StepOptions
    subtask_type: None = None
    immutable: Literal[False] = False

    @model_validator(mode="after")
    def _is_the_next_stage(self) -> Self:
        if (self.task, self.options.queue) not in STEPS:
            raise ValueError("is not a stage on its own queue")
        return self


class _Embedded(_Strict):
    """What the worker publishes after the task, with rights that the sender may not have: so only the stages."""

    model_config = ConfigDict(extra="forbid")

    callbacks: Nothing = None
    errbacks: Nothing = None
    chain: Annotated[list[_Step], Field(max_length=len(STEPS))] | None = None
    chord: None = None


class _Body(_Strict):
    content: tuple[list[Any], dict[str, Any], _Embedded | None]


class _Call(_Strict):
    arguments: tuple[Any, ...]
    named: Annotated[dict[str, Any], Field(max_length=0)]


class _Validate(_Call):
    arguments: tuple[str]


class _Execute(_Call):
    arguments: tuple[dict[str, Any]]


class _Finalize(_Call):
    arguments: tuple[list[Any]]


Token = Annotated[str, Field(pattern=r"^[0-9]{1,9}-[0-9a-f]{1,64}$")]
ContainerId = Annotated[str, Field(pattern=r"^[0-9a-f]{12,64}$")]


class _Monitor(_Call):
    arguments: tuple[str, Token, ContainerId, Annotated[int, Field(ge=1)], Annotated[float, Field(allow_inf_nan=False)]]


CALLS: dict[str, type[_Call]] = {
    task_name("validate"): _Validate,
    task_name("execute"): _Execute,
    task_name("finalize"): _Finalize,
    task_name("monitor"): _Monitor,
}
"""What the tasks are called with."""

M = TypeVar("M", bound=BaseModel)


def read_envelope(raw: bytes) -> dict[str, Any]:
    """The message that kombu put on a queue or a channel as these bytes; `Unreadable` if it is none."""
    if len(raw) > MAX_MESSAGE_BYTES:
        raise Unreadable(f"it has {len(raw)} bytes, more than {MAX_MESSAGE_BYTES}")
    try:
        message = loads(raw)
    except Exception as error:  # kombu's decoder builds objects that the text names: anything may be raised
        raise Unreadable(f"it is not JSON ({type(error).__name__})") from error
    return check_envelope(message)


def read_unacknowledged(raw: bytes) -> None:
    """Check what kombu keeps of a delivered message until it is acknowledged: message, exchange, routing key."""
    try:
        entry = loads(raw)
    except Exception as error:  # as above
        raise Unreadable(f"it is not JSON ({type(error).__name__})") from error
    match entry:
        case [dict() as message, str(), str()]:
            check_envelope(message)
        case _:
            raise Unreadable("it is not a list of a message, an exchange and a routing key")


def check_envelope(message: object) -> dict[str, Any]:
    """Return the message if kombu can take it."""
    if not isinstance(message, dict):
        raise Unreadable(f"it is not an object but of type {type(message).__name__}")
    encoding = message["properties"].get("body_encoding") if isinstance(message.get("properties"), dict) else None
    _validate(_EncodedEnvelope if encoding == "base64" else _Envelope, message)
    return message


def check_task(message: Message, known: Container[str]) -> None:
    """`Unreadable` unless Celery can run this message as one of the tasks that it may name."""
    headers = _validate(_TaskHeaders, message.headers)
    # Celery's own tasks (`celery.map` and so on) are registered everywhere; no message of ours names one.
    if headers.task not in known or headers.task.startswith("celery."):
        raise Unreadable("it names a task that does not exist here")
    try:
        content = message.decode()
    except Exception as error:  # the decoder is chosen by the message
        raise Unreadable(f"its body cannot be decoded ({type(error).__name__})") from error
    if not isinstance(content, list) or len(content) != 3:
        raise Unreadable("its body is not a list of arguments, named arguments and options")
    _validate(_Body, {"content": tuple(content)})
    if headers.task in CALLS:
        _validate(CALLS[headers.task], {"arguments": tuple(content[0]), "named": content[1]})


def raw_bytes(message: Any) -> bytes:
    """The message as it was on the queue, as near as kombu can say."""
    return json.dumps(message.serializable(), default=repr).encode(errors="replace")


def _validate(kind: type[M], value: object) -> M:
    """The value as this model; the error names the places that are wrong and nothing of what stands there."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        places = {".".join(map(str, problem["loc"][:3])): problem["type"] for problem in error.errors()[:3]}
        raise Unreadable(", ".join(f"{place[:60]}: {what}" for place, what in places.items())) from None
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
