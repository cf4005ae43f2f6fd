"""How the datasets of a job are mounted into its sandbox."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel_worker.datasets import Dataset
from windtunnel_worker.sandbox.kind import Mounted
from windtunnel_worker.sandbox.neutral import neutral_path

PRELOADED_BYTES = 64 * 2**20
"""A dataset up to this size is read before the job's clock starts."""


class Mounts:
    """Remembers the mounts of each language's last job, as most jobs of a batch have the same datasets."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[tuple[Dataset, ...], tuple[Mounted, ...]]] = {}

    def of(self, language: str, datasets: tuple[Dataset, ...]) -> tuple[Mounted, ...]:
        """The datasets' files in the sandbox. The cache gives the same value until something changes."""
        last = self._last.get(language)
        if last is None or last[0] is not datasets:
            found = tuple(mount for dataset in datasets for mount in _mounts_of(language, dataset))
            last = self._last[language] = datasets, found
        return last[1]


def _mounts_of(language: str, dataset: Dataset) -> Iterator[Mounted]:
    preload = language == "python" and dataset.version.bytes <= PRELOADED_BYTES
    yield Mounted(dataset.name, str(neutral_path(dataset.file)), dataset.sandbox_path, preload=preload)
    if dataset.columns is not None:
        yield Mounted(dataset.name, str(neutral_path(dataset.columns)), dataset.columns_path, preload=False)
