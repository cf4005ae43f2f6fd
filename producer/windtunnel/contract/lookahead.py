"""What a look-ahead check found. May import base."""

from __future__ import annotations

from enum import StrEnum

from windtunnel.contract.base import Contract


class Sight(StrEnum):
    """Whether positions depend on what comes after their bar."""

    CLEAN = "clean"
    """No change of the data changed an earlier position."""
    LEAKS = "leaks"
    """Positions changed although only later prices were changed."""
    LENGTH = "depends_on_length"
    """Positions changed when later bars were cut off, but not when their prices were changed: the program depends on
    how much data there is, for example to split it, but shows no knowledge of later prices."""
    UNSTABLE = "not_reproducible"
    """Two runs on the same data gave different positions, so nothing can be concluded."""
    UNCHECKED = "unchecked"
    """No run on changed data gave positions to compare."""


class Change(StrEnum):
    """What a probe does to the data."""

    REPEAT = "repeat"
    """Nothing: the same run again."""
    CUT = "cut"
    """The bars from this one on are left out."""
    SCATTER = "scatter"
    """Prices from this bar on take another, wilder path, and what else the bars show comes in another order."""
    MIRROR = "mirror"
    """Prices from this bar on move the other way."""


class Probe(Contract):
    """One run on changed data."""

    change: Change
    bar: int
    """The first bar that is changed, from 0."""
    seed: int = 0


class Probed(Contract):
    """What one probe showed."""

    probe: Probe
    compared: int = 0
    """Earlier positions that were compared."""
    differing: int = 0
    first: int | None = None
    """The first bar whose position differs."""
    failed: str = ""
    """Why the run gave no positions."""


class LookAhead(Contract):
    """The result of the check, and every probe behind it."""

    sight: Sight
    message: str
    first: int | None = None
    """The first bar whose position gives the program away."""
    probes: tuple[Probed, ...] = ()
