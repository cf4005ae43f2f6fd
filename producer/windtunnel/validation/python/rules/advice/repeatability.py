"""Hints that a run cannot be repeated, or that it asks for processes that it cannot use. Advice only: severity SAFE."""

from __future__ import annotations

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values.lattice import Const, Foreign, Lib, Value, each

_UNSEEDED = frozenset(
    """numpy.random.default_rng random.Random numpy.random.RandomState numpy.random.SeedSequence numpy.random.PCG64
    numpy.random.MT19937""".split()
)
_SYSTEMS_OWN = ("secrets.", "random.SystemRandom", "uuid.uuid1", "uuid.uuid4")
"""What draws from the operating system, whatever the seed."""
_CLOCKS = frozenset(
    """datetime.datetime.now datetime.datetime.today datetime.datetime.utcnow datetime.date.today time.time
    time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns time.process_time
    time.process_time_ns time.thread_time time.thread_time_ns
    pandas.Timestamp.now pandas.Timestamp.today pandas.Timestamp.utcnow""".split()
)
_WITHOUT_ARGUMENTS = frozenset("time.gmtime time.localtime time.ctime".split())
"""Functions of a given time, and of the clock's if none is given."""
_PARSERS = frozenset("pandas.Timestamp pandas.to_datetime numpy.datetime64".split())
_NOW = ("now", "today")
"""Texts that these parsers take for the time of the clock."""


def _reads_the_clock(path: str, call: Call) -> bool:
    if path in _WITHOUT_ARGUMENTS:
        return not call.arguments and not call.keywords
    if path in _PARSERS:
        return any(isinstance(one, Const) and one.value in _NOW for given in call.arguments[:1] for one in each(given))
    return path in _CLOCKS


def judge_call(analysis: Analysis, call: Call, callee: Value) -> None:
    """Look for generators without a seed, clocks, and calls that would start processes."""
    if isinstance(callee, Lib | Foreign):
        path = callee.path
        if _reads_the_clock(path, call):
            analysis.report("repeat.clock", call.node, f"{path} reads the clock.")
        elif path.startswith(_SYSTEMS_OWN):
            analysis.report(
                "repeat.unseeded", call.node, f"{path} gives something else at each run, whatever the seed."
            )
        elif (
            path in _UNSEEDED
            and not call.keywords
            and all(isinstance(one, Const) and one.value is None for one in call.arguments)
        ):
            analysis.report("repeat.unseeded", call.node, f"{path} without a seed gives other numbers at each run.")
    jobs = call.keywords.get("n_jobs")
    if jobs is not None and not all(isinstance(one, Const) and one.value in (None, 1) for one in each(jobs)):
        analysis.report("resources.processes", call.node, "n_jobs starts processes or threads.")
