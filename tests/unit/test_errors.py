"""The error tree, and the names that the packages export."""

from __future__ import annotations

import copy
import pickle
import types

import pytest

import windtunnel
import windtunnel_worker
from windtunnel import errors
from windtunnel.errors import FieldProblem, IdempotencyConflict, InvalidInput, QueueFull, WindtunnelError


def drawn_tree(docstring: str) -> dict[str, str]:
    """Error → parent, as the docstring draws it."""
    parents: dict[str, str] = {}
    path = ["WindtunnelError"]
    for line in docstring.splitlines():
        before, branch, after = line.partition("── ")
        if branch:
            depth = len(before) // 4 + 1
            name = after.split()[0]
            path = [*path[:depth], name]
            parents[name] = path[depth - 1]
    return parents


def class_tree(base: type) -> dict[str, str]:
    found: dict[str, str] = {}
    child: type
    for child in base.__subclasses__():
        if child.__module__ == errors.__name__:
            found |= {child.__name__: base.__name__, **class_tree(child)}
    return found


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert drawn_tree(errors.__doc__ or "") == class_tree(WindtunnelError)


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = WindtunnelError("It broke.", remedy="Fix it.")
    assert (str(error), error.message, error.remedy) == ("It broke. Fix it.", "It broke.", "Fix it.")


def test_errors_carry_their_data() -> None:
    problem = FieldProblem("limits.cpus", "is too much")
    assert InvalidInput([problem]).problems == (problem,)
    conflict = IdempotencyConflict("idempotency_key", "k", "abc")
    assert conflict.existing == "abc"
    assert [found.field for found in conflict.problems] == ["idempotency_key"]
    full = QueueFull(10, 10, 7.0)
    assert (full.waiting, full.bound, full.retry_after) == (10, 10, 7.0)
    assert "7 s" in str(full)


def test_errors_survive_pickling_and_copying() -> None:
    problem = FieldProblem("limits.cpus", "is too much")
    for error in (InvalidInput([problem], remedy="Ask for less."), IdempotencyConflict("key", "k", "abc")):
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("package", [windtunnel, windtunnel_worker], ids=lambda package: package.__name__)
def test_every_public_name_is_exported_and_every_exported_name_is_there(package: types.ModuleType) -> None:
    ours = {
        name
        for name in dir(package)
        if not name.startswith("_") and getattr(getattr(package, name), "__module__", "").startswith("windtunnel")
    }
    assert set(package.__all__) == ours
    assert list(package.__all__) == sorted(package.__all__)


def test_the_agreed_names_are_exported() -> None:
    assert set(windtunnel.__all__) >= {
        *("Batch", "BatchId", "BatchStatus", "Client", "Event", "Execution", "IdempotencyConflict"),
        *("InvalidInput", "Issue", "Job", "JobId", "JobState", "JobStatus", "Limits", "NotFound"),
        *("Outcome", "QueueFull", "Report", "Resources", "SecurityLevel", "StoreUnavailable"),
        *("Verdict", "WaitTimeout", "WindtunnelError"),
    }
    assert set(windtunnel_worker.__all__) >= {
        *("ResourceLimits", "SandboxManager", "SecurityLevel", "SecurityValidator"),
    }
