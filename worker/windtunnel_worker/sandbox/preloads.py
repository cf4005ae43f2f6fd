"""What is imported before a program's clock starts, by what the program imports. Imports nothing of Docker."""

from __future__ import annotations

from collections.abc import Sequence

ARRAYS = ("numpy",)
TABLES = (*ARRAYS, "pandas")
STATISTICS = (*ARRAYS, "scipy.stats")
FIGURES = (*ARRAYS, "matplotlib.pyplot")

PRELOADS: dict[str, tuple[str, ...]] = {
    "numpy": ARRAYS,
    "pandas": TABLES,
    "pyarrow": ARRAYS,
    "scipy": STATISTICS,
    "sklearn": (*STATISTICS, "sklearn.linear_model", "sklearn.model_selection", "sklearn.ensemble"),
    "statsmodels": (*TABLES, *STATISTICS, "statsmodels.api"),
    "matplotlib": FIGURES,
    "mpl_toolkits": FIGURES,
    "seaborn": (*TABLES, *FIGURES, "seaborn"),
    "mplfinance": (*TABLES, *FIGURES, "mplfinance"),
    "plotly": ("plotly.graph_objects", "plotly.express", "plotly.subplots"),
    "arch": (*TABLES, *STATISTICS, "arch"),
    "numba": (*ARRAYS, "numba"),
    "lightgbm": (*TABLES, *STATISTICS, "lightgbm"),
    "xgboost": (*TABLES, *STATISTICS, "xgboost"),
    "talib": (*TABLES, "talib"),
    "hmmlearn": (*STATISTICS, "hmmlearn.hmm"),
    "cvxpy": (*ARRAYS, "cvxpy"),
}
"""Top-level module → what is imported for it. What an image lacks is passed over.

A submodule that most programs of a library do without is not here, nor what takes less than a twentieth of a second.
Polars is left out: it does not survive a fork once it has started its threads.
"""


def preload_for(imports: Sequence[str], datasets: Sequence[str]) -> tuple[str, ...]:
    """The modules to import beforehand, dependencies first. NumPy must be there to be seeded."""
    wanted = [*(TABLES if datasets else ()), *(name for root in imports for name in PRELOADS.get(root, ()))]
    return tuple(sorted(set(wanted), key=_ORDER.index))


_ORDER = list(dict.fromkeys((*TABLES, *(name for names in PRELOADS.values() for name in names))))
