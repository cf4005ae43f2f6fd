"""Loads and runs the commands in `windtunnel.cli.table`, and turns their end into an exit code."""

from __future__ import annotations

import gc
import os
import re
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
from windtunnel.errors import WindtunnelError
from windtunnel.texts import harmless


class Interrupted(Exception):
    """Ctrl-C during a command. The text says what continues."""


class Commands(TyperGroup):
    """A group that has the commands' lines of help, and loads a command's module when it is used."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        lines = {**{name: entry.line for name, entry in COMMANDS.items()}, **HOST_COMMANDS}
        self.commands.update({name: TyperCommand(name, short_help=line) for name, line in lines.items()})

    def load(self, name: str) -> Any:
        """Load a command in place of its line; None if there is no such command."""
        if name in HOST_COMMANDS:
            hosts = typer.Typer(rich_markup_mode=None)
            host.required().register(hosts)
            self.commands.update(typer.main.get_group(hosts).commands)
        elif name in COMMANDS:
            self.commands[name] = _command(name)
        return self.commands.get(name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the command that is meant before it is looked up."""
        self.load(args[0])
        if not gc.isenabled():  # `windtunnel.cli.main` put it off until here
            gc.freeze()
            gc.enable()
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command. On Ctrl-C, Typer itself would not print what continues."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(str(error)) from None
        except BrokenPipeError:
            raise typer.Exit(COULD_NOT) from None
        except typer.BadParameter as error:
            error.message = _plainer(error.message)
            raise


def _plainer(message: str) -> str:
    """What is wrong with an option's value, in plain words; of a few allowed values, with the one that is meant."""
    from difflib import get_close_matches

    from windtunnel.contract.base import plainer

    plain = plainer(message)
    given, _, allowed = plain.partition(" is not one of ")
    near = get_close_matches(given.strip("'"), re.findall(r"'(\w+)'", allowed), n=1)
    return f"{plain.removesuffix('.')}. Did you mean '{near[0]}'?" if near else plain


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
    rich_markup_mode=None,  # plain help: loading Rich takes longer than most commands
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
    """Run the command line and return its exit code. Windtunnel's errors and Ctrl-C become a line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for characters that the terminal cannot show
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
    except OSError as error:  # of the user's files or of a full disk
        code, message = COULD_NOT, harmless(f"error: {_named(error)}\n")
    if message and sys.stderr is not None:
        with suppress(BrokenPipeError):
            sys.stderr.write(message)
    return code if _flushed() else COULD_NOT


def _named(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}."


def _flushed() -> bool:
    """Flush standard output. False if its reader is gone; the rest is then discarded silently."""
    try:
        if sys.stdout is not None:  # it is None if it was closed from the beginning
            sys.stdout.flush()
        return True
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"error: standard output: {_named(error)}\n")
        return False
