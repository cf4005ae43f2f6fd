"""Hints that a run cannot be repeated, or that it asks for processes that it cannot use. Advice only: severity SAFE."""

from __future__ import annotations

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values.lattice import Const, Foreign, Lib, Value, each, strings

_UNSEEDED = frozenset(
    """numpy.random.default_rng random.Random numpy.random.RandomState numpy.random.SeedSequence numpy.random.PCG64
    numpy.random.PCG64DXSM numpy.random.MT19937 numpy.random.Philox numpy.random.SFC64 random.seed
    numpy.random.seed""".split()
)
_SYSTEMS_OWN = ("secrets.", "random.SystemRandom", "uuid.uuid1", "uuid.uuid4")
"""What draws from the operating system, whatever the seed."""
_CLOCKS = frozenset(
    """datetime.datetime.now datetime.datetime.today datetime.datetime.utcnow datetime.date.today time.time
    time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns time.process_time
    time.process_time_ns time.thread_time time.thread_time_ns time.clock_gettime time.clock_gettime_ns
    timeit.default_timer
    pandas.Timestamp.now pandas.Timestamp.today pandas.Timestamp.utcnow pandas.Period.now""".split()
)
_TIME_AT = {"time.gmtime": 0, "time.localtime": 0, "time.ctime": 0, "time.asctime": 0, "time.strftime": 1}
"""Functions of a time, with its place among the arguments: that of the clock if none is given."""
_PARSERS = frozenset(
    """pandas.Timestamp pandas.to_datetime pandas.DatetimeIndex pandas.date_range pandas.bdate_range pandas.Period
    pandas.period_range numpy.datetime64""".split()
)
_NOW = ("now", "today")
"""Texts that these parsers take for the time of the clock."""


def _is_none(value: Value) -> bool:
    return isinstance(value, Const) and value.value is None


def _reads_the_clock(path: str, call: Call) -> bool:
    if path in _TIME_AT:
        return not call.is_open and all(map(_is_none, call.given[_TIME_AT[path] :]))
    if path in _PARSERS:
        return any(text in _NOW for given in call.given for text in strings(given))
    if path.startswith("logging."):
        return any("%(asctime)" in text or "{asctime" in text for given in call.given for text in strings(given))
    return path in _CLOCKS


def _clocks_given(call: Call) -> list[str]:
    """The clocks that are passed on, to be called by others: `field(default_factory=datetime.now)`."""
    made_later = call.keywords.get("default_factory")
    passed = [one for given in call.given for one in each(given) if isinstance(one, Lib) or given is made_later]
    return [one.path for one in passed if isinstance(one, Lib | Foreign) and one.path in _CLOCKS]


def _draws_unseeded(path: str, call: Call) -> bool:
    if call.is_open:
        return False
    if path.startswith("polars."):
        return path.endswith(".sample" if call.given else (".sample", ".shuffle")) and "seed" not in call.keywords
    return path in _UNSEEDED and all(map(_is_none, call.given))


def judge_call(analysis: Analysis, call: Call, callee: Value) -> None:
    """Look for generators without a seed, clocks, and calls that would start processes."""
    for path in _clocks_given(call):
        analysis.report("repeat.clock", call.node, f"{path} reads the clock.")
    if isinstance(callee, Lib | Foreign):
        path = callee.path
        if _reads_the_clock(path, call):
            analysis.report("repeat.clock", call.node, f"{path} reads the clock.")
        elif path.startswith(_SYSTEMS_OWN):
            analysis.report(
                "repeat.unseeded", call.node, f"{path} gives something else at each run, whatever the seed."
            )
        elif _draws_unseeded(path, call):
            analysis.report("repeat.unseeded", call.node, f"{path} without a seed gives other numbers at each run.")
    jobs = call.keywords.get("n_jobs")
    if jobs is not None and not all(isinstance(one, Const) and one.value in (None, 1) for one in each(jobs)):
        analysis.report("resources.processes", call.node, "n_jobs starts processes or threads.")
