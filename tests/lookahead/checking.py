"""How often the look-ahead check misses a leak and accuses an honest program, on the sets beside this file.

python -m tests.lookahead.rates
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from windtunnel.contract.lookahead import Change, LookAhead, Probe
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


def check(signals: Signals, frame: pd.DataFrame, seed: int = 0) -> LookAhead:
    """The whole check in this process."""
    changes = probes_module()
    bars = np.asarray(pd.DatetimeIndex(frame.index).as_unit("ns").asi8)
    full = positions(signals, {"prices": frame.copy()})
    probes = plan(len(bars), seed)
    runs: dict[Probe, Positions | str] = {}
    for probe in probes:
        time = frame.index[probe.bar] if probe.change is not Change.REPEAT else frame.index[-1]
        told = {"change": probe.change.value, "time": time, "seed": probe.seed}
        try:
            runs[probe] = positions(signals, changes.changed({"prices": frame}, told))
        except Exception as error:  # noqa: BLE001 - any failure of the program is an answer
            runs[probe] = repr(error)
    return judge(full, runs, bars, probes)


def answers(kind: str, seed: int = 0) -> dict[str, LookAhead]:
    """The answer for each program of a set."""
    frame = prices()
    return {file.stem: check(program(file), frame, seed) for file in sorted((HERE / kind).glob("*.py"))}
