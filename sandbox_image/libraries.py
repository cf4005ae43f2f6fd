"""Libraries that are imported before a program's clock starts, and what they do once when they are first used.

Standard library only. Done in the interpreter it is shared by all programs that are its forks.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Iterator, Sequence

FONTS = "/opt/windtunnel/fonts"
"""Where the image keeps matplotlib's list of fonts, which takes it a second to make."""


def load(names: Sequence[str]) -> dict[str, str]:
    """Import these, as far as they are there. Returns their packages' versions.

    What cannot be imported is left for the program to find out.
    """
    versions = {}
    with _uncollected(), _fonts_lent() if "matplotlib.pyplot" in names else contextlib.nullcontext():
        for name in names:
            if name in sys.modules:
                continue
            with contextlib.suppress(Exception):
                importlib.import_module(name)
                package = name.partition(".")[0]
                versions[package] = str(getattr(sys.modules[package], "__version__", ""))
                _REHEARSALS.get(name, lambda: None)()
    return versions


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage: nearly all that an import makes stays, and looking through it takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextlib.contextmanager
def _fonts_lent() -> Iterator[None]:
    """Have matplotlib find the image's list of fonts; nothing is left in its folder."""
    lent = []
    with contextlib.suppress(OSError):
        for name in os.listdir(FONTS):
            path = os.path.join(os.environ["MPLCONFIGDIR"], name)
            os.symlink(os.path.join(FONTS, name), path)
            lent.append(path)
    try:
        yield
    finally:
        for path in lent:
            os.unlink(path)


def _rehearse_pandas() -> None:
    """Do what most strategies do: pandas loads and keeps a good deal when it is first used."""
    pandas = sys.modules["pandas"]
    days = pandas.date_range("2000-01-03", periods=8)
    prices = pandas.DataFrame({"Close": [float(day) for day in range(1, 9)]}, index=days)["Close"]
    average = prices.ewm(span=3).mean() - prices.rolling(3).mean()
    position = (average > 0).astype(float).shift(1).fillna(0)
    returns = prices.pct_change().fillna(0) * position
    (returns.mean(), returns.std(), (1 + returns).cumprod().iloc[-1], returns.cummax(), returns.diff())


def _rehearse_matplotlib() -> None:
    """Draw one figure: fonts are opened and the back end is loaded for it."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], label="x")
    axes.set_title("x")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    pyplot.close(figure)


_REHEARSALS = {"pandas": _rehearse_pandas, "matplotlib.pyplot": _rehearse_matplotlib}
