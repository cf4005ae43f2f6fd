"""The only package that talks to Docker. README.md beside this file explains how sandboxes work.

What most of the worker needs is exported here; operators' commands and checks also use `engine` and `images`. Nothing
is loaded before its name is used, and Docker's client not before an `Executor` is built or a function is called.
"""

from windtunnel.lazy import TYPE_CHECKING
from windtunnel.lazy import deferred as _deferred

if TYPE_CHECKING:
    from windtunnel_worker.sandbox.assignment import Assignment, Hooks, Stop, Superseded
    from windtunnel_worker.sandbox.executor import Executor
    from windtunnel_worker.sandbox.listing import Listed, container_process, list_sandboxes, remove_sandbox

__all__ = [
    "Assignment",
    "Executor",
    "Hooks",
    "Listed",
    "Stop",
    "Superseded",
    "container_process",
    "list_sandboxes",
    "remove_sandbox",
]

_HOMES = ("assignment", "listing", "executor")
"""The modules in which names are searched."""

if not TYPE_CHECKING:  # a type checker knows the names from above, and reports those that do not exist
    __getattr__, __dir__ = _deferred(__name__, __all__, _HOMES)
