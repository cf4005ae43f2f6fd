"""matplotlib's back end in a sandbox, named by MPLBACKEND: it draws as Agg does, and saves what is shown.

There is no display, so the choice of another back end changes nothing.
"""

from __future__ import annotations

import os
from typing import Any

import figures
import matplotlib
from matplotlib import pyplot
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

NAME = "module://drawing"


class FigureManager(FigureManagerBase):
    """Shows a figure by saving it."""

    def show(self) -> None:
        """`figure.show()`: the figure stays open."""
        figures.save(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """`pyplot.show()`: as if somebody looked at the windows and closed them; without waiting they stay open."""
        if block is False:
            return
        for manager in Gcf.get_all_fig_managers():
            figures.save(manager.canvas.figure)
        Gcf.destroy_all()


class FigureCanvas(FigureCanvasAgg):
    """Notes which figures the program saves itself."""

    manager_class = FigureManager

    def print_figure(self, filename: Any, *arguments: Any, **options: Any) -> Any:
        """`figure.savefig()`."""
        result = super().print_figure(filename, *arguments, **options)
        if isinstance(filename, (str, os.PathLike)):
            figures.note_saved(self.figure)
        return result


def _keep_back_end() -> None:
    switch = pyplot.switch_backend

    def switch_backend(newbackend: str) -> None:  # noqa: ARG001 - its callers name it
        """Load the one back end that there is in a sandbox."""
        switch(NAME)

    def use(backend: str, *, force: bool = True) -> None:
        """Leave the one back end that there is in a sandbox."""

    pyplot.switch_backend = switch_backend
    matplotlib.use = use


_keep_back_end()
