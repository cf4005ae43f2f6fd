"""`Client.datasets`: add, list, show, verify, remove and restore datasets, from any machine. Heavy imports are late."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from windtunnel import contract
from windtunnel.client.taking import take
from windtunnel.errors import ExtraMissing, FieldProblem, InvalidInput, NotFound, ObjectUnusable

if TYPE_CHECKING:
    from windtunnel.contract import DatasetVersion
    from windtunnel.datasets.inspection import Inspected, ReadOptions
    from windtunnel.manifests import Manifests
    from windtunnel.records.catalogue import Catalogue
    from windtunnel.store import Store

NUMBERS_TRIED = 100
"""Others may add a version of the same dataset at the same time."""


class Datasets:
    """The datasets of a deployment. Without a catalogue (`None`) those of the store alone, for use without a queue.

    Methods raise `StoreUnavailable` where Redis, `FileStoreUnavailable` where the store of bytes does not answer.
    """

    def __init__(
        self, catalogue: Catalogue | None, store: Callable[[], Store], *, max_bytes: int, who: str = ""
    ) -> None:
        self._catalogue, self._store, self._max_bytes, self._who = catalogue, store, max_bytes, who

    def add(self, name: str, file: Path | str, options: ReadOptions | None = None) -> DatasetVersion:
        """Look at a CSV or Parquet file and keep it as the newest version of a dataset.

        The newest version's own bytes make no new version. `InvalidInput` where the file is not taken, would be misread
        (`DataRefused`, which names the option that fixes it), or the name is none; nothing is kept then.
        """
        import tempfile

        _check_name(name)
        file = Path(file)
        with tempfile.TemporaryDirectory(prefix="windtunnel-add-") as folder:
            copy, source_sha256 = take(file, Path(folder), self._max_bytes)
            inspected = _inspect(copy, options)
            kept, columns = copy, Path(folder) / "columns.arrow"
            if inspected.changed:
                kept = Path(folder) / f"as-understood.{inspected.format}"
                inspected.write_file(kept)
            inspected.write_columns(columns)
            version = contract.DatasetVersion(
                name=name,
                version=1,
                sha256=self._store().put(kept),
                format="parquet" if kept.suffix == ".parquet" else "csv",
                bytes=kept.stat().st_size,
                columns_sha256=self._store().put(columns) if columns.exists() else None,
                columns_bytes=columns.stat().st_size if columns.exists() else 0,
                facts=inspected.facts,
                source=file.name,
                source_sha256=source_sha256,
                added_at=datetime.now(UTC),
                added_by=self._who,
            )
        return self._numbered(version)

    def _numbered(self, version: DatasetVersion) -> DatasetVersion:
        """Give a version the next number and write it down."""
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
        """The newest or a given version of a dataset, with all that was found in it; `NotFound` names the nearest."""
        found = [one for one in self.versions(name) if version in (None, one.version)]
        if not found:
            raise NotFound(f"Dataset {name!r} has no version {version}.", remedy="`windtunnel datasets list --all`.")
        return found[-1]

    def versions(self, name: str) -> Sequence[DatasetVersion]:
        """Every version of a dataset, oldest first; `NotFound` names the nearest."""
        if self._catalogue is not None:
            return self._catalogue.versions(name)
        found = sorted(self._manifests.all((name,)), key=lambda one: one.version) if _is_name(name) else []
        if not found:
            raise NotFound(f"The store {self._store().name} has no dataset {name!r}.")
        return found

    def remove(self, name: str, version: int | None = None) -> Sequence[DatasetVersion]:
        """Forget a version of a dataset, or all of it. Returns what was forgotten.

        Jobs that were submitted before still find their bytes; `windtunnel store prune` removes those later.
        """
        gone = [self.show(name, version)] if version is not None else self.versions(name)
        for one in gone:
            self._manifests.remove(one)
        if self._catalogue is not None:
            self._catalogue.remove(name, version)
        return gone

    def verify(self, name: str) -> Sequence[DatasetVersion]:
        """Read every version of a dataset whole and check its digests; `ObjectUnusable` says what is wrong."""
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
        """Add what the store knows of these datasets, or of all, to the catalogue; returns what was not in it.

        For a Redis that has lost them. What the catalogue has is not changed.
        """
        if self._catalogue is None:
            return []
        added = []
        known: dict[str, dict[str, int]] = {}
        for one in self._manifests.all(names):
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


def _same(one: DatasetVersion, other: DatasetVersion) -> bool:
    return (one.sha256, one.columns_sha256, one.facts) == (other.sha256, other.columns_sha256, other.facts)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(contract.NAME_PATTERN, name) is not None


def _check_name(name: str) -> None:
    if not _is_name(name):
        raise InvalidInput(
            [FieldProblem("name", f"{name!r} cannot be a dataset's name")],
            remedy="Use letters, digits, dot, underscore and hyphen, at most 128, the first a letter or a digit.",
        )
