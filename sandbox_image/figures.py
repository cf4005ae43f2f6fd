"""Saves a program's figures beside it: those that it shows, and those that are open at its end.

Standard library only; matplotlib is touched where the program has loaded it. Nothing here is trusted.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
import weakref
from typing import Any

from folder import FOLDER
from reporter import Reporter

MAX_FIGURES = 32
_kept: weakref.WeakSet[Any] = weakref.WeakSet()
"""Figures that are in a file as they look now, unless they have become stale."""
_dropped: list[tuple[str, str]] = []
_number = 0


def note_saved(figure: Any) -> None:
    """Remember that a figure was saved as it is; what is drawn on it later makes it stale again."""
    figure.stale = False
    _kept.add(figure)


def save(figure: Any) -> None:
    """Save a figure as the next `figure-N.png`, unless a file has it. Never raises for what the figure is."""
    global _number  # noqa: PLW0603 - figures are numbered through the whole program
    if figure in _kept and not figure.stale:
        return
    _number += 1
    if _number > MAX_FIGURES:
        _dropped.append((f"figure-{_number}.png", f"comes after the {MAX_FIGURES} figures that are saved"))
        return
    path = _free_path()
    try:
        with warnings.catch_warnings():
            if any(action == "error" for action, *_ in warnings.filters):
                warnings.simplefilter("default")  # the figure is kept although a font lacks a glyph
            figure.savefig(path, format="png")
        note_saved(figure)
    except Exception as error:  # noqa: BLE001 - drawing calls whatever the program put into the figure
        with contextlib.suppress(OSError):
            os.unlink(path)
        _dropped.append((os.path.basename(path), f"could not be drawn: {type(error).__name__}: {error}"))


def _free_path() -> str:
    """The first path from this figure's number on where the program has no file of its own."""
    global _number  # noqa: PLW0603
    while os.path.lexists(path := f"{FOLDER}/figure-{_number}.png"):
        _number += 1
    return path


def keep_open_ones(reporter: Reporter) -> None:
    """At the program's end: save what is open, and tell of all that could not be saved."""
    pylab = sys.modules.get("matplotlib._pylab_helpers")
    if pylab is None and not _dropped:
        return
    with contextlib.suppress(BaseException):
        if pylab is not None:
            for manager in pylab.Gcf.get_all_fig_managers():
                save(manager.canvas.figure)
        for name, reason in _dropped:
            reporter.dropped(name, reason)
