"""The table of commands, and how they are run: which module has each, what ends in which exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from windtunnel.cli import host
from windtunnel.cli.exits import COULD_NOT, DONE, EXPLAINED, INTERRUPTED
from windtunnel.cli.texts import harmless
from windtunnel.errors import WindtunnelError

MODULES = {
    "run": "submitting",
    "submit": "submitting",
    "sweep": "sweeping",
    "validate": "validate",
    "status": "reading",
    "watch": "following",
    "report": "reading",
    "check": "submitting",
    "promote": "submitting",
    "repro": "results",
    "leaderboard": "results",
    "errors": "results",
    "compare": "results",
    "export": "results",
    "history": "reading",
    "stats": "reading",
    "retry": "changing",
    "cancel": "changing",
    "hosts": "machinery",
    "drain": "machinery",
    "undrain": "machinery",
    "dead": "machinery",
    "artifacts": "storing",
    "mcp": "agents",
    "doctor": "doctor",
}
"""Command → the module of this package that has a function of the same name."""
GROUPS = {"datasets": "datasets", "store": "storing", "archive": "archiving"}
"""Group of commands → the module of this package that has it as `app`."""
HOST_COMMANDS = ("up",)
"""What the host's side adds; named here to say what to install where it is missing."""


class Interrupted(Exception):
    """Ctrl-C while a command ran. Its text says what goes on."""


class Commands(TyperGroup):
    """A group that loads a command's module when the command is asked for, and the host's side only if it must."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - its signature is Typer's
        """Every command, in the order of the table; those of the host's side come last."""
        side = host.load()
        if side is not None:
            self._add(side)
        own = [*MODULES, *GROUPS]
        for name in own:
            self._load(name)
        return [*own, *(name for name in self.commands if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command, or None."""
        if cmd_name in MODULES or cmd_name in GROUPS:
            self._load(cmd_name)
        elif cmd_name in HOST_COMMANDS:
            self._add(host.required())
        else:
            self.list_commands(ctx)  # so that the error can name what is spelled alike
        return self.commands.get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for. Typer itself would say nothing of Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(str(error)) from None
        except BrokenPipeError:
            raise typer.Exit(COULD_NOT) from None

    def _load(self, name: str) -> None:
        if name in self.commands:
            return
        if name in GROUPS:
            self.commands[name] = typer.main.get_group(import_module(f"windtunnel.cli.{GROUPS[name]}").app)
        else:
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(name)(getattr(import_module(f"windtunnel.cli.{MODULES[name]}"), name))
            self.commands[name] = typer.main.get_command(alone)

    def _add(self, side: host.Host) -> None:
        theirs = typer.Typer()
        side.register(theirs)
        for name, command in typer.main.get_group(theirs).commands.items():
            self.commands.setdefault(name, command)


app = typer.Typer(
    name="windtunnel",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=EXPLAINED,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from windtunnel import __version__

        typer.echo(f"windtunnel {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Backtest untrusted trading strategies in sandboxes, one or ten thousand."""


def run() -> int:
    """Run the command line and give its exit code. Errors of ours and Ctrl-C become a line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # where a character cannot be shown
    message = ""
    try:
        app()
        code = DONE
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else DONE
        message = "\ninterrupted\n" if code == INTERRUPTED else ""
    except Interrupted as interrupted:
        code, message = INTERRUPTED, f"\ninterrupted. {interrupted}".rstrip(". ") + ".\n"
    except WindtunnelError as error:
        code, message = COULD_NOT, harmless(f"error: {error}\n")
    if message and sys.stderr is not None:
        with suppress(BrokenPipeError):
            sys.stderr.write(message)
    return code if _flushed() else COULD_NOT


def _flushed() -> bool:
    """Write out what is buffered. False: nobody reads it any more; what is left is thrown away without a word."""
    try:
        if sys.stdout is not None:  # as it is where it was closed from the beginning
            sys.stdout.flush()
        return True
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
