"""Every error that Windtunnel raises, in one tree. Imports nothing from the project.

WindtunnelError
├── InvalidInput              the input is wrong; names each field and what to do
│   ├── IdempotencyConflict   the key was used before, for something else
│   ├── AlreadyPromoted       the program was already run on this hold-out
│   └── DataRefused           a data file would be misread; names the option that fixes it
├── LanguageUnavailable       the grammar for judging this language is not installed
├── NotFound                  no such job, batch or dataset, or it has expired
├── QueueFull                 the queue is at its limit; says when to try again
├── AllowanceSpent            an agent's token has used up its daily allowance
├── TooManyCalls              an agent's token has too many calls in progress
├── WaitTimeout               the wait ended before the work did; the work continues
├── ClientClosed              an `AsyncClient` was used after `close`
├── StoreUnavailable          Redis does not answer, or cannot store anything
│   ├── StoreUnsupported      it is a Redis Cluster, or a Sentinel
│   └── StoreForbidden        its user may not do that
├── UnreadableRecord          a stored document is broken
│   └── NewerRecord           a newer version of Windtunnel wrote it, in a form that this one does not know
├── SandboxError              the machinery failed, not the program; the job is retried
│   ├── DockerUnavailable     no Docker Engine answers
│   ├── DockerPermissionDenied
│   ├── ImageNotFound
│   ├── DatasetUnavailable    the host cannot keep the dataset, or its cache is too small
│   ├── FileStoreUnavailable  the store of datasets and artifacts does not answer, or cannot keep a file
│   ├── ObjectUnusable        bytes that the store should have are missing or damaged
│   └── SandboxFailure        the container vanished, the warden broke the protocol, or a deadline passed
├── ImageBuildFailed          `windtunnel image add` could not build an image
├── WebhookRefused            a request is not a webhook from Windtunnel, or is a replay
├── StackRunning              another `windtunnel up` uses the same state folder
├── ExtraMissing              the libraries of an optional extra are not installed
└── HostFeatureMissing        the libraries of an execution host are not installed

How a program ended is never an exception: see `windtunnel.contract.Outcome`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_SHOWN = 20
"""Problems in the text of an `InvalidInput`; a batch may have one in each of its jobs."""


class WindtunnelError(Exception):
    """Base of all errors. `remedy` says what to do next; it is part of the text."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> Any:
        """Pickled and copied as it is, without calling the class: each has arguments of its own."""
        return type(self).__new__, (type(self), *self.args), vars(self)


@dataclass(frozen=True)
class FieldProblem:
    """One wrong field: its dotted path (`limits.memory_mb`) and what is wrong with it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class InvalidInput(WindtunnelError):
    """The input was refused, and nothing was stored. `problems` has every field that is wrong."""

    def __init__(self, problems: Sequence[FieldProblem], *, remedy: str = "") -> None:
        self.problems = tuple(problems)
        shown = "; ".join(map(str, self.problems[:MOST_SHOWN]))
        more = len(self.problems) - MOST_SHOWN
        super().__init__(f"{shown}; and {more:,} more." if more > 0 else f"{shown}.", remedy=remedy)


class IdempotencyConflict(InvalidInput):
    """The idempotency key was used before for other content; `existing` is the id of that job or batch."""

    def __init__(self, field: str, key: str, existing: str, difference: str = "") -> None:
        self.existing = existing
        differs = difference or "which has other content"
        problem = FieldProblem(field, f"key {key!r} already stands for {existing}, {differs}")
        super().__init__([problem], remedy="Use a new key for new content.")


class AlreadyPromoted(InvalidInput):
    """A program can be promoted only once on a hold-out. `existing` is the job that was; `message` has its result."""

    def __init__(self, existing: str, result: str) -> None:
        self.existing, self.result = existing, result
        super().__init__([FieldProblem("promote", f"this program was promoted as {existing}: {result}")])


class DataRefused(InvalidInput):
    """A data file that would be misread. `findings` (`windtunnel.contract.dataset.DataFinding`) say why."""

    def __init__(self, problems: Sequence[FieldProblem], findings: Sequence[Any], *, remedy: str) -> None:
        self.findings = tuple(findings)
        super().__init__(problems, remedy=remedy)


class LanguageUnavailable(WindtunnelError):
    """Programs in this language cannot be judged here: its grammar is not installed."""

    def __init__(self, language: str) -> None:
        self.language = language
        super().__init__(
            f"Programs in {language} cannot be judged here: the grammar is not installed.",
            remedy="Run `pip install 'windtunnel[languages]'`.",
        )


class NotFound(WindtunnelError):
    """No such job, batch or dataset, or it has expired."""


class QueueFull(WindtunnelError):
    """The queue is at its limit. `retry_after` is in seconds."""

    def __init__(self, waiting: int, bound: int, retry_after: float) -> None:
        self.waiting, self.bound, self.retry_after = waiting, bound, retry_after
        super().__init__(
            f"The queue is full: {waiting} unfinished jobs (limit {bound}).",
            remedy=f"Nothing was stored; try again in {retry_after:.0f} s.",
        )


CHEAPER = {
    "jobs a day": "ask for fewer jobs, or ",
    "slot-seconds a day": "ask for fewer jobs or a lower timeout_s, wait for batches to end, or ",
}
"""What an agent can do today about a daily allowance that is not enough."""


class AllowanceSpent(WindtunnelError):
    """An agent's token has used up a daily allowance. Nothing was stored."""

    def __init__(self, what: str, spent: float, wanted: float, most: float) -> None:
        self.what, self.spent, self.wanted, self.most = what, spent, wanted, most
        super().__init__(
            f"The allowance of {most:,.0f} {what} is not enough: {spent:,.0f} used, {wanted:,.0f} more asked for.",
            remedy=f"Nothing was stored; {CHEAPER.get(what, '')}continue after midnight UTC.",
        )


class TooManyCalls(WindtunnelError):
    """An agent's token has too many calls in progress."""

    def __init__(self, what: str, most: int) -> None:
        self.most = most
        super().__init__(
            f"{most} {what} are in progress, the most for one token.", remedy="Wait for one of them to end."
        )


class WaitTimeout(WindtunnelError):
    """The wait ended before the work did; the work continues."""


class ClientClosed(WindtunnelError):
    """An `AsyncClient` was used after `close`."""


class StoreUnavailable(WindtunnelError):
    """Redis does not answer, or cannot store anything."""


class StoreUnsupported(StoreUnavailable):
    """Redis answers, but is of a kind that cannot be used."""


class StoreForbidden(StoreUnavailable):
    """Redis answers, but this user of it may not do that."""


class UnreadableRecord(WindtunnelError):
    """A stored document is broken."""


class NewerRecord(UnreadableRecord):
    """A newer version of Windtunnel wrote a document in a form that this one does not know."""


class SandboxError(WindtunnelError):
    """The machinery failed, not the program."""


class DockerUnavailable(SandboxError):
    """No Docker Engine answers."""


class DockerPermissionDenied(SandboxError):
    """The Docker socket may not be opened by this user."""


class ImageNotFound(SandboxError):
    """The sandbox image is not on this host."""


class DatasetUnavailable(SandboxError):
    """The host cannot keep a dataset: its disk is full, or its cache is too small."""


class FileStoreUnavailable(SandboxError):
    """The store of datasets and artifacts does not answer, or cannot keep a file."""


class ObjectUnusable(SandboxError):
    """The bytes that the store should have under a digest are missing or damaged."""


class SandboxFailure(SandboxError):
    """The sandbox broke: the container vanished, the protocol was violated or a deadline passed."""


class ImageBuildFailed(WindtunnelError):
    """An image with additional libraries could not be built: a wheel is missing, or a library does not load."""


class ExtraMissing(WindtunnelError):
    """An operation needs the libraries of an optional extra, which is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs more libraries.", remedy=f"Run `pip install 'windtunnel[{extra}]'`.")


class HostFeatureMissing(WindtunnelError):
    """A command of an execution host was used where only the client is installed."""


class WebhookRefused(WindtunnelError):
    """A request is not signed with this secret, or is too old."""


class StackRunning(WindtunnelError):
    """Another `windtunnel up` uses the same state folder."""
