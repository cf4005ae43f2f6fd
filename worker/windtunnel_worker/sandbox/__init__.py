"""The only package that talks to Docker.

What the rest of the worker may use is exported here. Nothing of it loads Docker's client until an `Executor` is built
or a function is called.
"""

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
