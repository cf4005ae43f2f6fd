"""The execution host's cache of datasets: a bounded folder with bytes from the store, by digest.

`<folder>/<sha256>` is a file or its columns, complete and verified; `<sha256>.json` describes it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from windtunnel.contract import DataNote, DatasetVersion
from windtunnel.errors import DatasetUnavailable, ObjectUnusable, UnreadableRecord
from windtunnel.manifests import Manifests
from windtunnel.records.codec import decode
from windtunnel.store import Store
from windtunnel_worker.locks import hold_first_free

SANDBOX_DIR = "/data"
UNSEALED = "unsealed-"
"""Prefix of folders with whole series, held-out bars included. Each exists only during one promoted run."""
LOCK_TICK_S = 0.05
LONGEST_FETCH_S = 3600.0
"""How long a process waits for another one that fetches the same bytes."""
LEFTOVER_S = 86_400.0
TOUCH_EVERY_S = 5.0
NO_HOLDOUTS: Mapping[str, str] = {}
MOST_NOTES = 20
"""Findings of a dataset that a report repeats."""

Mark = tuple[int, int, int]
"""Inode, size and modification time of a file, which change whenever the file does."""


@dataclass(frozen=True)
class Dataset:
    """A dataset of a job, on this host."""

    name: str
    version: DatasetVersion
    file: Path
    columns: Path | None
    """Its columns as Arrow memory; None where they were not asked for, or there are none."""

    @property
    def sandbox_path(self) -> str:
        """Where a program finds the file."""
        return f"{SANDBOX_DIR}/{self.name}.{self.version.format}"

    @property
    def columns_path(self) -> str:
        """Where Python finds the columns."""
        return f"{SANDBOX_DIR}/{self.name}.arrow"

    @property
    def notes(self) -> list[DataNote]:
        """What was found in it when it was added."""
        findings = self.version.facts.findings[:MOST_NOTES]
        return [DataNote(dataset=self.name, kind=one.kind, message=one.message) for one in findings]


class DatasetCache:
    """Fetches missing bytes once for all processes of the host, and removes those unused for longest.

    `locks` is a folder that all processes of the host share. Safe between threads.
    """

    def __init__(self, folder: Path, store: Store, locks: Path, most_bytes: int) -> None:
        self._folder, self._store, self._locks, self._most_bytes = folder, store, locks, most_bytes
        self._manifests = Manifests(store)
        self._checked: dict[Path, tuple[Mark, float]] = {}
        """Files whose digest was right, and when they were last touched."""
        self._last: tuple[Mapping[str, str], bool, tuple[Dataset, ...]] | None = None

    def known(self, digests: Mapping[str, str], *, columns: bool) -> tuple[Dataset, ...] | None:
        """The last result of `fetch`, the same object, if it was for these digests and no file has changed since."""
        if self._last is None or self._last[:2] != (digests, columns) or "" in digests.values():
            return None
        found = self._last[2]
        files = (path for one in found for path in (one.file, one.columns) if path)
        return found if all(map(self._unchanged, files)) else None

    def fetch(
        self, digests: Mapping[str, str], *, columns: bool, holdouts: Mapping[str, str] = NO_HOLDOUTS
    ) -> tuple[Dataset, ...]:
        """The datasets of these digests, by name, as files of this host; `columns` too where there are some.

        An empty digest stands for the newest version that the store knows. With `holdouts`, the digests of their whole
        series, these take their place. Raises `ObjectUnusable` where the store does not have the bytes,
        `DatasetUnavailable` where this host cannot keep them, `FileStoreUnavailable`.
        """
        with self._writing():
            versions = {name: self._version(name, sha256, holdouts.get(name, "")) for name, sha256 in digests.items()}
            wanted = {one.sha256: one.bytes for one in versions.values()}
            if columns:
                wanted |= {one.columns_sha256: one.columns_bytes for one in versions.values() if one.columns_sha256}
            self._check_fits(wanted, versions)
            for sha256, size in wanted.items():
                self._ensure(sha256, size, keep=wanted.keys())
        found = tuple(
            Dataset(name, one, self._folder / one.sha256, self._columns_of(one) if columns else None)
            for name, one in versions.items()
        )
        self._last = dict(digests), columns, found
        return found

    @contextmanager
    def unsealed(
        self, digests: Mapping[str, str], holdouts: Mapping[str, str], *, columns: bool
    ) -> Iterator[Callable[[], tuple[Dataset, ...]]]:
        """Give a function that fetches the whole series of these datasets into a folder that exists for this run only.

        Raises as `fetch` does.
        """
        with self._writing():
            for left in self._folder.glob(f"{UNSEALED}*"):
                with suppress(FileNotFoundError):  # another slot's run has just ended
                    if time.time() - left.stat().st_mtime > LEFTOVER_S:  # of a process that was killed
                        shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=UNSEALED, dir=self._folder))
            folder.chmod(0o711)
        alone = DatasetCache(folder, self._store, self._locks, self._most_bytes)
        try:
            yield lambda: alone.fetch(digests, columns=columns, holdouts=holdouts)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _columns_of(self, version: DatasetVersion) -> Path | None:
        return self._folder / version.columns_sha256 if version.columns_sha256 else None

    def _version(self, name: str, sha256: str, holdout: str) -> DatasetVersion:
        visible = self._visible(name, sha256)
        if not holdout:
            return visible
        whole = visible.whole(holdout)
        if whole is None:
            raise ObjectUnusable(f"The dataset {name!r} with digest {sha256[:12]}… has another hold-out, or none.")
        return whole

    def _visible(self, name: str, sha256: str) -> DatasetVersion:
        """The description of these bytes, which is kept beside them, so that cached datasets need no store."""
        kept = self._folder / f"{sha256}.json"
        with suppress(OSError, UnreadableRecord):
            return decode(DatasetVersion, kept.read_bytes())
        found = self._manifests.of_bytes(sha256) if sha256 else self._manifests.newest(name)
        if found is None:
            which = f" with digest {sha256[:12]}…" if sha256 else ""
            raise ObjectUnusable(
                f"The store {self._store.name} knows no dataset {name!r}{which}.",
                remedy=f"Run `windtunnel datasets add {name} FILE`; every host and client needs the same "
                "WINDTUNNEL_STORE_URL.",
            )
        self._write(self._folder / f"{found.sha256}.json", [found.model_dump_json().encode()])
        return found

    def _check_fits(self, wanted: Mapping[str, int], versions: Mapping[str, DatasetVersion]) -> None:
        total = sum(wanted.values())
        if total > self._most_bytes:
            raise DatasetUnavailable(
                f"{', '.join(versions)} need {total / 2**20:,.0f} MB, and this host's cache of datasets is "
                f"{self._most_bytes / 2**20:,.0f} MB.",
                remedy="Set WINDTUNNEL_DATASET_CACHE_MB to more on this host.",
            )

    def _ensure(self, sha256: str, size: int, keep: Collection[str]) -> None:
        """Fetch the bytes, unless they are here already or another process is fetching them."""
        path = self._folder / sha256
        if self._intact(path, sha256):
            return
        with self._held(f"dataset {sha256[:2]}"):
            if self._intact(path, sha256):
                return
            path.unlink(missing_ok=True)
            with self._held("datasets"):
                self._make_room(size, keep)
            self._write(path, self._bounded(sha256, size), mode=0o444)
            self._checked[path] = _mark(path), time.time()
        with self._held("datasets"):  # others may have fetched something meanwhile
            self._make_room(0, keep)

    def _bounded(self, sha256: str, size: int) -> Iterator[bytes]:
        got = 0
        for part in self._store.chunks(sha256):
            got += len(part)
            if got > size:
                raise ObjectUnusable(f"The store {self._store.name} has more bytes under {sha256} than it should.")
            yield part

    def _make_room(self, size: int, keep: Collection[str]) -> None:
        """Remove the files unused for longest until `size` more bytes fit. Sandboxes that mount a file keep it."""
        kept, used = [], 0
        for entry in os.scandir(self._folder):
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if entry.name.endswith(".part") and time.time() - status.st_mtime > LEFTOVER_S:
                    os.unlink(entry)
                elif re.fullmatch(r"[0-9a-f]{64}", entry.name):
                    kept.append((status.st_atime, status.st_size, entry.name))
                    used += status.st_size
        for _, bytes_, name in sorted(kept):
            if used + size <= self._most_bytes:
                return
            if name not in keep:
                for gone in (name, f"{name}.json"):
                    (self._folder / gone).unlink(missing_ok=True)
                used -= bytes_

    def _intact(self, path: Path, sha256: str) -> bool:
        """Verify the content. A file that has not changed since it was verified is not read again."""
        if self._unchanged(path):
            return True
        try:
            mark = _mark(path)
            with path.open("rb") as file:
                intact = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False
        if intact:
            self._checked[path] = mark, 0.0
            self._unchanged(path)
        return intact

    def _unchanged(self, path: Path) -> bool:
        """True for a file that was checked and is the same. It counts as used now."""
        mark, touched = self._checked.get(path, (None, 0.0))
        try:
            if mark is None or _mark(path) != mark:
                return False
            if time.time() - touched > TOUCH_EVERY_S:
                os.utime(path, ns=(time.time_ns(), mark[2]))
                self._checked[path] = mark, time.time()
        except OSError:
            return False
        return True

    def _write(self, path: Path, parts: Iterable[bytes], mode: int = 0o600) -> None:
        """Write a file that appears only when it is complete; after an error nothing is left of it."""
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}.part")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for part in parts:
                    file.write(part)
            fresh.chmod(mode)
            fresh.rename(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise

    @contextmanager
    def _held(self, name: str) -> Iterator[None]:
        over = time.monotonic() + LONGEST_FETCH_S
        while (lock := hold_first_free(self._locks, [name])) is None:
            if time.monotonic() > over:
                raise DatasetUnavailable(
                    "Another process of this host has been fetching the same bytes for an hour.",
                    remedy="Restart the execute worker of this host.",
                )
            time.sleep(LOCK_TICK_S)
        with lock:
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Have the folder there; `DatasetUnavailable` where it cannot be written."""
        try:
            self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise DatasetUnavailable(
                f"{self._folder} cannot keep a dataset: {error.strerror or error}.",
                remedy="Free space there, see to its permissions, or set WINDTUNNEL_DATA_DIR to another directory.",
            ) from error


def _mark(path: Path) -> Mark:
    status = os.stat(path, follow_symlinks=False)
    return status.st_ino, status.st_size, status.st_mtime_ns
