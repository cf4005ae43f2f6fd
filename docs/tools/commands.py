"""A hook of mkdocs: writes every command with its options into the page of commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from windtunnel.cli.commands import app
from windtunnel.cli.exits import EXPLAINED

PLACE = "{{ commands }}"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the place-holder; called by mkdocs for every page."""
    return markdown.replace(PLACE, "\n".join(_lines())) if PLACE in markdown else markdown


def _lines() -> Iterator[str]:
    yield EXPLAINED
    command: Any = typer.main.get_command(app)
    for name in command.commands:
        yield from _command(f"windtunnel {name}", command.load(name))


def _command(title: str, command: Any) -> Iterator[str]:
    yield f"\n## {title}\n\n{command.help or ''}\n"
    for name, member in getattr(command, "commands", {}).items():
        yield from _command(f"{title} {name}", member)
    options = [option for option in command.params if option.name != "help"]
    if options:
        yield "| | |\n|---|---|"
    for option in options:
        argument = option.param_type_name == "argument"
        takes = f" {option.metavar}" if option.metavar else ""
        names = [takes.strip()] if argument else [f"{one}{takes}" for one in (*option.opts, *option.secondary_opts)]
        yield f"| {', '.join(f'`{one}`' for one in names)} | {_cell((option.help or '') + _default(option))} |"


def _default(option: Any) -> str:
    """Its default, in the words of its help where it has some."""
    if isinstance(option.show_default, str):
        return f" Default: {option.show_default}."
    if option.default is None or option.default is False:
        return ""
    value = option.opts[0] if option.default is True else getattr(option.default, "value", option.default)
    return f" Default: `{value}`."


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
