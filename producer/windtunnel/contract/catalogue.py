"""A dataset in the catalogue: its name, versions and digests. May import base and dataset."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from windtunnel.contract.base import Contract, Name
from windtunnel.contract.dataset import Facts

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hex."""


class HoldOut(Contract):
    """The last bars of a dataset, which only a promoted run sees.

    The store has the whole series under these digests, and no job may name them.
    """

    first: datetime
    """Time of the first bar that is held out."""
    last: datetime | None = None
    """Time of the last one; None in the documents of earlier versions."""
    bars: int = Field(ge=1)
    sha256: Sha256
    """Digest of the file with the whole series, in the format of the visible one."""
    bytes: int = Field(ge=0)
    columns_sha256: Sha256
    """Digest of the same table as an Arrow IPC file."""
    columns_bytes: int = Field(ge=0)


class DatasetVersion(Contract):
    """One version of a dataset. A version never changes; the name refers to the newest one."""

    name: Name
    version: int = Field(ge=1)
    """Counted from 1 for each name."""
    sha256: Sha256
    """Digest of the file that programs see."""
    format: Literal["csv", "parquet"]
    bytes: int = Field(ge=0)
    """Size of that file."""
    columns_sha256: Sha256 | None = None
    """Digest of the same table as an Arrow IPC file, which Python programs map into memory; None if there is none."""
    columns_bytes: int = 0
    facts: Facts
    holdout: HoldOut | None = None
    """The bars after the last one of this file that are held out, if any; `facts` does not cover them."""
    source: str = ""
    """Name of the file that was added."""
    source_sha256: str = ""
    """Digest of the file that was added. It differs from `sha256` if reading options changed how it is read."""
    added_at: datetime
    added_by: str = ""

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of all its bytes in the store."""
        held_out = (self.holdout.sha256, self.holdout.columns_sha256) if self.holdout else ()
        return (self.sha256, *((self.columns_sha256,) if self.columns_sha256 else ()), *held_out)

    def whole(self, sha256: str) -> DatasetVersion | None:
        """The version with the held-out bars, if this is the digest of that file; for promoted runs only."""
        if self.holdout is None or self.holdout.sha256 != sha256:
            return None
        names = ("sha256", "bytes", "columns_sha256", "columns_bytes")
        return self.model_copy(update={name: getattr(self.holdout, name) for name in names})


class DataNote(Contract):
    """A finding about a dataset that a job used, for readers of its report."""

    dataset: Name
    kind: str
    """See `DataFinding.kind`."""
    message: str
