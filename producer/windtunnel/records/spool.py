"""The spool: finished reports that wait to be written into the archive, in parts that are the same for every writer."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from windtunnel.records.codec import as_text, moment
from windtunnel.records.connection import Connection

ENTRY = re.compile(r"(\S+) (\d{1,9}) (\d+)")
MOST_SPOOLED = 1_000_000
"""Reports that may wait while the archive cannot be written; beyond it the oldest are not archived."""


@dataclass(frozen=True)
class Part:
    """The reports of one part of the archive."""

    entries: tuple[str, ...]
    """`<job> <attempt> <ms>` each."""
    waiting: int
    """Reports that wait for a later part."""

    @property
    def name(self) -> str:
        """The same for the same reports, so that what is written twice is written to the same place."""
        return hashlib.sha256("\n".join(self.entries).encode()).hexdigest()[:32]

    @property
    def attempts(self) -> dict[str, int]:
        """The attempt whose report belongs to this part, by job."""
        found = (ENTRY.fullmatch(entry) for entry in self.entries)
        return {entry[1]: int(entry[2]) for entry in found if entry}


@dataclass(frozen=True)
class Waiting:
    """Reports that are not in the archive yet."""

    reports: int
    since: datetime | None = None
    """When the oldest of them ended."""


class Spool:
    """The archiver's side of the records."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def take(self, who: str, *, most: int, after_s: float, lease_s: float) -> Part | None:
        """The part to write; None where there is none yet, or somebody else writes it.

        A part has `most` reports, or fewer where the oldest has waited for `after_s`. After `lease_s` another one gets
        the same part.
        """
        waiting, entries = self._redis.run("take_part", who, round(lease_s * 1000), most, round(after_s * 1000))
        return Part(tuple(as_text(entry) for entry in entries), int(waiting)) if entries else None

    def written(self, who: str, part: Part) -> None:
        """The part is in the archive."""
        self._redis.run("part_done", who, part.entries[0], 1)

    def waiting(self) -> Waiting:
        """How many reports are not in the archive yet, and since when."""
        places = self._redis.keys("archive", "part"), self._redis.keys("archive")
        found = self._redis.pipeline([("llen", one) for one in places] + [("lindex", one, 0) for one in places])
        entries = (ENTRY.fullmatch(as_text(one)) for one in found[2:] if one)
        times = (moment(entry[3]) for entry in entries if entry)
        return Waiting(sum(found[:2]), min((time for time in times if time), default=None))

    def not_written(self, who: str, part: Part) -> None:
        """It is not; somebody may try again."""
        self._redis.run("part_done", who, part.entries[0], 0)
