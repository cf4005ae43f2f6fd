"""How often the look-ahead check misses a leak and accuses an honest program, on the sets beside this file.

PYTHONPATH=. benchmarks/lookahead.py prints the rates.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from windtunnel.contract.lookahead import LookAhead, Probe
from windtunnel_worker.scoring import Positions
from windtunnel_worker.scoring.lookahead import judge, plan

HERE = Path(__file__).parent
Signals = Callable[[dict[str, Any], dict[str, Any]], Any]


def program(file: Path) -> Signals:
    """The function `signals` of a program."""
    space: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    found: Signals = space["signals"]
    return found


def probes_module() -> Any:
    """The sandbox's part, which is no package."""
    where = HERE.parents[1] / "sandbox_image" / "probes.py"
    spec = importlib.util.spec_from_file_location("probes", where)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prices() -> pd.DataFrame:
    """600 daily bars."""
    return pd.read_csv(HERE / "prices.csv", index_col=0, parse_dates=True)


def positions(signals: Signals, data: dict[str, Any]) -> Positions:
    """What the program returns, as it crosses from the sandbox."""
    with warnings.catch_warnings(action="ignore"):  # the program's, not ours
        found = signals(data, {})
    times = found.index.as_unit("ns").asi8
    return Positions(np.asarray(times, dtype=np.int64), found.to_numpy(dtype=float).reshape(len(found), -1))


class Scenes:
    """The data as each run of a check sees it, made once for many programs."""

    def __init__(self, frame: pd.DataFrame, seed: int = 0) -> None:
        changed = probes_module().changed
        self.frame = frame
        self.bars = np.asarray(pd.DatetimeIndex(frame.index).as_unit("ns").asi8)
        self.changed = {}
        for probe in plan(len(frame), seed):
            time = frame.index[min(probe.bar, len(frame) - 1)]
            wanted = {"change": probe.change.value, "time": time, "seed": probe.seed}
            self.changed[probe] = changed({"prices": frame}, wanted)["prices"]

    def check(self, signals: Signals) -> LookAhead:
        """The whole check of one program."""
        full = positions(signals, {"prices": self.frame.copy()})
        runs: dict[Probe, Positions | str] = {}
        for probe, frame in self.changed.items():
            try:
                runs[probe] = positions(signals, {"prices": frame.copy()})
            except Exception as error:  # noqa: BLE001 - any failure of the program is an answer
                runs[probe] = repr(error)
        return judge(full, runs, self.bars, tuple(self.changed))


def answers(kind: str, seed: int = 0, bars: int = 600) -> dict[str, LookAhead]:
    """The answer for each program of a set."""
    scenes = Scenes(prices().iloc[:bars], seed)
    return {file.stem: scenes.check(program(file)) for file in sorted((HERE / kind).glob("*.py"))}
