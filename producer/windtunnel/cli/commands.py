"""How the commands of `windtunnel.cli.table` are loaded and run, and what ends in which exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from windtunnel.cli import host
from windtunnel.cli.exits import COULD_NOT, DONE, EXPLAINED, INTERRUPTED
from windtunnel.cli.table import COMMANDS, GROUPS, HOST_COMMANDS
from windtunnel.cli.texts import harmless
from windtunnel.errors import WindtunnelError


class Interrupted(Exception):
    """Ctrl-C while a command ran. Its text says what goes on."""


class Commands(TyperGroup):
    """A group that knows its commands by their lines, and loads the module of the one that is used."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        lines = {**{name: entry.line for name, entry in COMMANDS.items()}, **HOST_COMMANDS}
        self.commands.update({name: TyperCommand(name, short_help=line) for name, line in lines.items()})

    def load(self, name: str) -> Any:
        """The command itself in the place of its line; None if there is no such command."""
        if name in HOST_COMMANDS:
            theirs = typer.Typer(rich_markup_mode=None)
            host.required().register(theirs)
            self.commands.update(typer.main.get_group(theirs).commands)
        elif name in COMMANDS:
            self.commands[name] = _command(name)
        return self.commands.get(name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant, and what is left of the words."""
        self.load(args[0])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for. Typer itself would say nothing of Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(str(error)) from None
        except BrokenPipeError:
            raise typer.Exit(COULD_NOT) from None


def _command(name: str) -> Any:
    module = import_module(f"windtunnel.cli.{COMMANDS[name].module}")
    if name in GROUPS:
        return typer.main.get_group(module.app)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(getattr(module, name))
    return typer.main.get_command(alone)


app = typer.Typer(
    name="windtunnel",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: loading what draws the other kind takes longer than most commands
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
