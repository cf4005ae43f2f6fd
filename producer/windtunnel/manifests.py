"""The documents about datasets that are kept in the store, so that they can be read without Redis.

`catalogue/<name>/<version>.json` describes a version, `datasets/<sha256>.json` the version with these bytes, for hosts.
`removed/<sha256>.json` describes a version that was removed but whose bytes are kept for jobs that may still need them.
May import contract, records' codec, errors and the store.
"""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.contract import DatasetVersion
from windtunnel.errors import ObjectUnusable, UnreadableRecord
from windtunnel.records.codec import decode
from windtunnel.store import Store


class Manifests:
    """The documents about datasets in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, version: DatasetVersion) -> None:
        """Write the documents of a version."""
        text = version.model_dump_json(indent=1, exclude_defaults=True).encode()
        self._store.write(f"datasets/{version.sha256}.json", text)
        self._store.write(_path(version), text)

    def add_nameless(self, version: DatasetVersion) -> None:
        """Describe bytes that have no name, and keep them as long as those of a removed version."""
        text = version.model_dump_json(exclude_defaults=True).encode()
        if self.of_bytes(version.sha256) is None:
            self._store.write(f"datasets/{version.sha256}.json", text)
        self._store.write(f"removed/{version.sha256}.json", text)

    def remove(self, version: DatasetVersion) -> None:
        """Remove a version from the catalogue. Its bytes are kept for as long as a job may need them."""
        self._store.write(f"removed/{version.sha256}.json", version.model_dump_json(exclude_defaults=True).encode())
        self._store.remove(_path(version))

    def numbers(self, name: str) -> list[int]:
        """The versions of a dataset, oldest first."""
        return sorted(_number(path) for path, _ in self._store.documents(f"catalogue/{name}"))

    def newest(self, name: str) -> DatasetVersion | None:
        """The newest version of a dataset, or None."""
        numbers = self.numbers(name)
        return self._read(f"catalogue/{name}/{numbers[-1]}.json") if numbers else None

    def all(self, names: tuple[str, ...] = (), *, skip_unreadable: bool = True) -> Iterator[DatasetVersion]:
        """Every version of these datasets, or of all. `ObjectUnusable` unless unreadable ones are skipped."""
        for folder in [f"catalogue/{name}" for name in names] or ["catalogue"]:
            for path, _ in self._store.documents(folder):
                try:
                    found = self._read(path)
                except ObjectUnusable:
                    if skip_unreadable:
                        continue
                    raise
                if found is not None:
                    yield found

    def of_bytes(self, sha256: str) -> DatasetVersion | None:
        """The version whose file has this digest, or None."""
        return self._read(f"datasets/{sha256}.json")

    def removed(self) -> Iterator[tuple[DatasetVersion, float]]:
        """Versions that were removed, and when (seconds since the epoch)."""
        for path, when in self._store.documents("removed"):
            found = self._read(path)
            if found is not None:
                yield found, when

    def forget(self, version: DatasetVersion) -> None:
        """Remove the remaining documents of a version that was removed earlier."""
        self._store.remove(f"removed/{version.sha256}.json")
        self._store.remove(f"datasets/{version.sha256}.json")

    def _read(self, path: str) -> DatasetVersion | None:
        text = self._store.read(path)
        if text is None:
            return None
        try:
            return decode(DatasetVersion, text)
        except UnreadableRecord as error:
            raise ObjectUnusable(
                f"{path} in the store {self._store.name} cannot be read: {error}.",
                remedy="Remove it and run `windtunnel datasets add` again.",
            ) from error


def _path(version: DatasetVersion) -> str:
    return f"catalogue/{version.name}/{version.version}.json"


def _number(path: str) -> int:
    name = path.rpartition("/")[2].removesuffix(".json")
    return int(name) if name.isdigit() else 0
