"""The only package that talks to Docker. README.md beside this file explains how sandboxes work.

What most of the worker needs is exported here; operators' commands and checks also use `engine` and `images`. Docker's
client is not loaded before an `Executor` is built or a function is called.
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
