"""`Client.datasets`: add, list, show, verify, remove and restore datasets. Heavy libraries are imported when needed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from windtunnel import contract
from windtunnel.client.taking import take
from windtunnel.errors import ExtraMissing, FieldProblem, InvalidInput, NotFound, ObjectUnusable

if TYPE_CHECKING:
    from windtunnel.contract import DatasetVersion, Facts, HoldOut
    from windtunnel.datasets.inspection import Inspected, ReadOptions
    from windtunnel.manifests import Manifests
    from windtunnel.records.catalogue import Catalogue
    from windtunnel.store import Store

MOST_NOTES = 5
NUMBERS_TRIED = 100
"""Others may add a version of the same dataset at the same time."""


class Datasets:
    """The datasets of a deployment; without a catalogue (`None`) those in the store, for use without a queue.

    Methods raise `StoreUnavailable` if Redis does not answer, `FileStoreUnavailable` if the file store does not.
    """

    def __init__(
        self, catalogue: Catalogue | None, store: Callable[[], Store], *, max_bytes: int, who: str = ""
    ) -> None:
        self._catalogue, self._store, self._max_bytes, self._who = catalogue, store, max_bytes, who

    def add(
        self,
        name: str,
        file: Path | str,
        options: ReadOptions | None = None,
        *,
        holdout: str | float | None = None,
    ) -> DatasetVersion:
        """Examine a CSV or Parquet file and store it as the newest version of a dataset.

        `holdout` is a share of the bars, such as `"20%"` or 0.2: the last ones are stored separately, and only a
        promoted program sees them (see `Client.promote`).

        A file that equals the newest version makes no new version. `InvalidInput` if the file cannot be used, would be
        misread (`DataRefused`, which names the option that fixes it), or the name is invalid; nothing is stored then.
        """
        import tempfile

        _check_name(name)
        file = _path(file)
        with tempfile.TemporaryDirectory(prefix="windtunnel-add-") as folder:
            copy, source_sha256 = take(file, Path(folder), self._max_bytes)
            inspected = _inspect(copy, options)
            held_out = None
            if holdout is not None:
                inspected, held_out = self._held_out(inspected, holdout, Path(folder))
            kept = copy
            if inspected.changed:
                kept = Path(folder) / f"as-understood.{inspected.format}"
                inspected.write_file(kept)
            version = contract.DatasetVersion(
                name=name,
                version=1,
                format=inspected.format,
                **self._put(inspected, kept),
                facts=self._with_notes(name, inspected.facts, held_out, source_sha256),
                holdout=held_out,
                source=file.name,
                source_sha256=source_sha256,
                added_at=datetime.now(UTC),
                added_by=self._who,
            )
        return self._numbered(version)

    def _put(self, inspected: Inspected, file: Path) -> dict[str, str | int]:
        """Put a file and its columns into the store. Returns the fields of a version that refer to them."""
        columns = file.with_suffix(".arrow")
        inspected.write_columns(columns)
        return {
            "sha256": self._store().put(file),
            "bytes": file.stat().st_size,
            "columns_sha256": self._store().put(columns),
            "columns_bytes": columns.stat().st_size,
        }

    def first_bars(self, name: str, sha256: str, bars: int) -> str:
        """Put the first bars of a version of a dataset into the store. Returns the digest of their file.

        They are not listed, and are kept as long as a job may need them. `NotFound` if the store has no such version,
        `ExtraMissing` without the extra `data`.
        """
        import tempfile

        manifests = self._manifests
        version = manifests.of_bytes(sha256)
        if version is None or version.columns_sha256 is None:
            raise NotFound(f"The store {self._store().name} has no dataset {name!r} with digest {sha256[:12]}….")
        if bars >= version.facts.rows:
            return sha256
        with tempfile.TemporaryDirectory(prefix="windtunnel-stage-") as folder:
            part = _first_bars(self._store().get(version.columns_sha256), version, bars)
            file = Path(folder) / f"first.{version.format}"
            part.write_file(file)
            fields = {**self._put(part, file), "facts": part.facts, "holdout": None}
        shorter = version.model_copy(update=fields)
        manifests.add_nameless(shorter)
        return shorter.sha256

    def _held_out(self, whole: Inspected, holdout: str | float, folder: Path) -> tuple[Inspected, HoldOut]:
        """Store the whole series. Returns the part that programs see, and the description of the part held out."""
        from windtunnel.datasets.parts import share_of, visible_part

        visible = visible_part(whole, share_of(holdout))
        bars, file = visible.facts.rows, folder / f"whole.{whole.format}"
        whole.write_file(file)
        first, last = (whole.frame.index[place].to_pydatetime(warn=False) for place in (bars, -1))
        held = len(whole.frame) - bars
        return visible, contract.HoldOut(first=first, last=last, bars=held, **self._put(whole, file))

    def _with_notes(self, name: str, facts: Facts, held_out: HoldOut | None, source_sha256: str) -> Facts:
        """Note where held-out bars can be seen in another version, since programs may have been fitted to them."""
        found = []
        known = self._catalogue.all() if self._catalogue is not None else ()
        for other in [*self._versions_or_none(name), *(one for one in known if one.name != name)]:
            same = other.name == name or other.source_sha256 == source_sha256
            if same and _reaches(other.facts, held_out):
                found.append(f"Version {other.version} of {other.name} shows bars that are held out here.")
            if same and _reaches(facts, other.holdout):
                found.append(f"It shows bars that version {other.version} of {other.name} holds out.")
        remedy = "Programs may be fitted to them; `windtunnel datasets remove NAME --version NUMBER` removes a version."
        notes = [contract.DataFinding(kind="holdout_seen", message=one, remedy=remedy) for one in found]
        return facts.model_copy(update={"findings": (*facts.findings, *notes[:MOST_NOTES])}) if notes else facts

    def _versions_or_none(self, name: str) -> Sequence[DatasetVersion]:
        try:
            return self.versions(name)
        except NotFound:
            return ()

    def _numbered(self, version: DatasetVersion) -> DatasetVersion:
        """Give a version the next free number and record it."""
        manifests = self._manifests
        for _ in range(NUMBERS_TRIED):
            newest = self._newest(version.name, manifests)
            if newest is not None and _same(newest, version):
                manifests.add(newest)
                return newest
            number = 1 + max(newest.version if newest else 0, *manifests.numbers(version.name), 0)
            numbered = version.model_copy(update={"version": number})
            if self._catalogue is None or self._catalogue.add(numbered):
                manifests.add(numbered)
                return numbered
        raise NotFound(f"No number was free for a version of {version.name!r}.", remedy="Try again.")

    def _newest(self, name: str, manifests: Manifests) -> DatasetVersion | None:
        if self._catalogue is None:
            return manifests.newest(name)
        try:
            return self._catalogue.version(name)
        except NotFound:
            return None

    def list(self) -> Sequence[DatasetVersion]:
        """The newest version of every dataset, by name."""
        if self._catalogue is not None:
            return self._catalogue.all()
        newest = {one.name: one for one in sorted(self._manifests.all(), key=lambda one: one.version)}
        return [newest[name] for name in sorted(newest)]

    def show(self, name: str, version: int | None = None) -> DatasetVersion:
        """A version of a dataset, by default the newest, with all that was found in it; `NotFound` suggests names."""
        found = [one for one in self.versions(name) if version in (None, one.version)]
        if not found:
            raise NotFound(f"Dataset {name!r} has no version {version}.", remedy="`windtunnel datasets list --all`.")
        return found[-1]

    def versions(self, name: str) -> Sequence[DatasetVersion]:
        """Every version of a dataset, oldest first; `NotFound` suggests names."""
        if not isinstance(name, str):
            _check_name(name)
        if self._catalogue is not None:
            return self._catalogue.versions(name)
        found = sorted(self._manifests.all((name,)), key=lambda one: one.version) if _is_name(name) else []
        if not found:
            raise NotFound(f"The store {self._store().name} has no dataset {name!r}.")
        return found

    def remove(self, name: str, version: int | None = None) -> Sequence[DatasetVersion]:
        """Remove a version of a dataset, or all versions. Returns what was removed.

        Jobs submitted earlier still find the bytes; `windtunnel store prune` removes those later.
        """
        gone = [self.show(name, version)] if version is not None else self.versions(name)
        for one in gone:
            self._manifests.remove(one)
        if self._catalogue is not None:
            self._catalogue.remove(name, version)
        return gone

    def verify(self, name: str) -> Sequence[DatasetVersion]:
        """Read all bytes of every version of a dataset and check their digests; `ObjectUnusable` says what is wrong."""
        versions = self.versions(name)
        for one in versions:
            for sha256 in one.digests:
                try:
                    for _ in self._store().chunks(sha256):
                        pass
                except ObjectUnusable as error:
                    raise ObjectUnusable(
                        f"Version {one.version} of {name!r}: {error.message}", remedy=error.remedy
                    ) from error
            self._manifests.add(one)  # of a version whose writer died before
        return versions

    def restore(self, *names: str) -> Sequence[DatasetVersion]:
        """Add the stored versions of these datasets, or of all, to the catalogue. Returns those that were missing.

        For a Redis that has lost its data. Versions already in the catalogue are not changed. `NotFound` for a name
        that the store does not have.
        """
        if self._catalogue is None:
            return []
        added = []
        known: dict[str, dict[str, int]] = {}
        stored = list(self._manifests.all(names))
        if missing := sorted(set(names) - {one.name for one in stored}):
            raise NotFound(f"The store has no dataset {', '.join(missing)}.", remedy="Add it from its file.")
        for one in stored:
            there = known.setdefault(one.name, self._catalogue.digests(one.name))
            if one.version not in there.values() and self._catalogue.add(one):
                added.append(one)
        return added

    @property
    def _manifests(self) -> Manifests:
        from windtunnel.manifests import Manifests

        return Manifests(self._store())


def _inspect(file: Path, options: ReadOptions | None) -> Inspected:
    try:
        from windtunnel.datasets.inspection import ReadOptions, inspect

        return inspect(file, options or ReadOptions())
    except ImportError as error:
        raise ExtraMissing("Adding a dataset", "data") from error


def _first_bars(columns: bytes, version: DatasetVersion, bars: int) -> Inspected:
    try:
        from pyarrow import BufferReader, feather

        from windtunnel.datasets.inspection import Inspected
        from windtunnel.datasets.parts import first_bars
    except ImportError as error:
        raise ExtraMissing("A stage with fewer bars", "data") from error
    whole = Inspected(feather.read_feather(BufferReader(columns)), version.facts, True, version.format)
    return first_bars(whole, bars)


def _same(one: DatasetVersion, other: DatasetVersion) -> bool:
    """Whether these are the same bytes, held out from the same bar on; earlier documents do not say until when."""
    first = [version.holdout and version.holdout.first for version in (one, other)]
    return first[0] == first[1] and (*one.digests, one.facts) == (*other.digests, other.facts)


def _reaches(facts: Facts, held_out: HoldOut | None) -> bool:
    """Whether this table has bars from the hold-out's first one on."""
    if held_out is None or facts.last is None:
        return False
    last, first = (one.replace(tzinfo=one.tzinfo or UTC) for one in (facts.last, held_out.first))
    return last >= first


def _is_name(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(contract.NAME_PATTERN, name) is not None


def _path(file: object) -> Path:
    if isinstance(file, str | os.PathLike):
        return Path(file)
    problem = FieldProblem("file", f"is of type {type(file).__name__}; give the path of a CSV or Parquet file")
    raise InvalidInput([problem], remedy="Nothing was stored; a frame is written into one by `frame.to_parquet(path)`.")


def _check_name(name: str) -> None:
    if not _is_name(name):
        raise InvalidInput(
            [FieldProblem("name", f"{name!r} cannot be a dataset's name")],
            remedy="Use letters, digits, dot, underscore and hyphen, at most 128, the first a letter or a digit.",
        )
