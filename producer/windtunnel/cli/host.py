"""Finds the execution host's part of the command line through its entry point, if it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from windtunnel.errors import HostFeatureMissing

if TYPE_CHECKING:
    import typer

    from windtunnel.cli.checks import Check
    from windtunnel.contract import Job, Report

GROUP = "windtunnel.host"


class Host(Protocol):
    """What an execution host offers to the command line."""

    def register(self, app: typer.Typer) -> None:
        """Add its commands."""

    def run_local(self, job: Job) -> Report:
        """Run one job in this process."""

    def checks(self) -> list[Check]:
        """Check what an execution host needs."""


def load() -> Host | None:
    """The host's part, or None if only the client is installed."""
    from importlib.metadata import entry_points  # slow to load

    for entry in entry_points(group=GROUP):
        try:
            return cast(Host, entry.load())
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in ("windtunnel", "windtunnel_worker"):
                raise
    return None


def required() -> Host:
    """The host's part; `HostFeatureMissing` if only the client is installed."""
    host = load()
    if host is None:
        raise HostFeatureMissing(
            "This needs the libraries of an execution host.", remedy="Run `pip install 'windtunnel[worker]'`."
        )
    return host
