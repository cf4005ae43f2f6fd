"""The catalogue: which datasets there are, and which bytes each version of theirs has."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence

from windtunnel.contract import DatasetVersion
from windtunnel.errors import NotFound, UnreadableRecord
from windtunnel.records.codec import as_text, decode, encode, unpack, whole
from windtunnel.records.connection import Connection

MOST_NAMED = 20


class Catalogue:
    """Dataset name → versions."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def newest(self, names: Sequence[str]) -> dict[str, str]:
        """Name → digest of the newest version's file; unknown names are not in it. One round trip."""
        if not names:
            return {}
        found = self._redis.call("hmget", self._redis.keys("datasets"), list(names))
        return {name: as_text(one).partition(" ")[2] for name, one in zip(names, found, strict=True) if one}

    def digests(self, name: str) -> dict[str, int]:
        """Digest of the file → number of every version of a dataset; the newest where bytes came again."""
        stored = self._redis.call("hgetall", self._redis.keys("dataset", name))
        return {
            as_text(one).partition(" ")[0]: number
            for number, one in sorted((whole(number), one) for number, one in stored.items())
        }

    def sharing(self, names: Iterable[str]) -> list[str]:
        """These datasets and every other that has, or had, a version with the same bytes or made from the same file."""
        removed = self._redis.call("hgetall", self._redis.keys("origins"))
        gone = {as_text(name): set(as_text(digests).split()) for name, digests in removed.items()}
        wanted, known = set(names), sorted({*self.names(), *gone})
        stored = self._redis.pipeline([("hvals", self._redis.keys("dataset", name)) for name in known])
        held = {
            name: gone.get(name, set()).union(*map(_origins, found)) for name, found in zip(known, stored, strict=True)
        }
        ours = set[str]().union(*(held.get(name, ()) for name in wanted))
        return sorted(wanted | {name for name in known if held[name] & ours})

    def names(self) -> list[str]:
        """Every dataset, by name."""
        return sorted(as_text(one) for one in self._redis.call("hkeys", self._redis.keys("datasets")))

    def all(self) -> list[DatasetVersion]:
        """The newest version of every dataset, by name; one that cannot be read is passed over."""
        listed = self._redis.call("hgetall", self._redis.keys("datasets"))
        wanted = sorted((as_text(name), one.partition(b" ")[0]) for name, one in listed.items())
        stored = self._redis.pipeline([("hget", self._redis.keys("dataset", name), number) for name, number in wanted])
        return list(_readable(stored))

    def versions(self, name: str) -> list[DatasetVersion]:
        """Every version of a dataset, oldest first; `NotFound` names the nearest ones."""
        stored = self._redis.call("hgetall", self._redis.keys("dataset", name))
        if not stored:
            raise NotFound(f"There is no dataset {name!r}; {near(name, self.names())}.")
        return sorted(_readable(stored.values()), key=lambda one: one.version)

    def version(self, name: str, number: int | None = None) -> DatasetVersion:
        """One version of a dataset, or the newest; `NotFound` says which there are."""
        versions = self.versions(name)
        found = [one for one in versions if number in (None, one.version)]
        if not found:
            there = ", ".join(str(one.version) for one in versions)
            raise NotFound(f"Dataset {name!r} has no version {number}; there are: {there or 'none that can be read'}.")
        return found[-1]

    def add(self, version: DatasetVersion) -> bool:
        """Add a version. False: another one has its number."""
        document = encode(version)
        return bool(self._redis.run("add_dataset", version.name, version.version, version.sha256, document))

    def remove(self, name: str, number: int | None = None) -> list[DatasetVersion]:
        """Forget a version of a dataset, or all of it. Returns what was forgotten; raises as `version` does."""
        gone = self.versions(name) if number is None else [self.version(name, number)]
        made_from = {digest for one in gone for digest in (one.sha256, one.source_sha256) if digest}
        self._redis.run("remove_dataset", name, number or "", *sorted(made_from))
        return gone


def near(name: str, known: Sequence[str]) -> str:
    """The names that are most like this one, or what there is, as the end of a sentence."""
    close = difflib.get_close_matches(name, known, n=3)
    if close:
        return f"the nearest are {', '.join(map(repr, close))}"
    if not known:
        return "none has been added"
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return f"there are: {', '.join(known[:MOST_NAMED])}{more}"


def _origins(stored: bytes) -> set[str]:
    """The digests of a version's file and of the one that was added, which may have more bars (a hold-out)."""
    sha256, _, document = stored.partition(b" ")
    try:
        added = json.loads(unpack(document)).get("source_sha256")
    except (UnreadableRecord, ValueError, AttributeError):
        added = None
    return {one for one in (as_text(sha256), added) if isinstance(one, str) and one}


def _readable(stored: Iterable[bytes | None]) -> Iterable[DatasetVersion]:
    for one in stored:
        try:
            if one:
                yield decode(DatasetVersion, one.partition(b" ")[2])
        except UnreadableRecord:
            continue
