"""A dataset as the catalogue knows it: name, versions, digests of their bytes. May import base and dataset."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from windtunnel.contract.base import Contract, Name
from windtunnel.contract.dataset import Facts

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hex."""


class HoldOut(Contract):
    """The last bars of a dataset that programs never see, but for a promoted run.

    The store has the whole series under the digests given here; no job can name them.
    """

    first: datetime
    """Time of the first bar that is held out."""
    bars: int = Field(ge=1)
    sha256: Sha256
    """Of the file with the whole series, in the format of the visible one."""
    bytes: int = Field(ge=0)
    columns_sha256: Sha256
    """Of the same as an Arrow IPC file."""
    columns_bytes: int = Field(ge=0)


class DatasetVersion(Contract):
    """One version of a dataset. What a name stands for changes with its newest version; a version never changes."""

    name: Name
    version: int = Field(ge=1)
    """Counted from 1, by name."""
    sha256: Sha256
    """Of the file that programs find."""
    format: Literal["csv", "parquet"]
    bytes: int = Field(ge=0)
    """Size of that file."""
    columns_sha256: Sha256 | None = None
    """Of the same table as an Arrow IPC file, which Python programs map into memory; None where there is none."""
    columns_bytes: int = 0
    facts: Facts
    holdout: HoldOut | None = None
    """The bars after the last one of this file, where some are held out; `facts` says nothing of them."""
    source: str = ""
    """What the file was called where it was added."""
    source_sha256: str = ""
    """Of the file that was given: another one than `sha256` where reading options changed how it is read."""
    added_at: datetime
    added_by: str = ""

    @property
    def digests(self) -> tuple[str, ...]:
        """Of all its bytes in the store."""
        held_out = (self.holdout.sha256, self.holdout.columns_sha256) if self.holdout else ()
        return (self.sha256, *((self.columns_sha256,) if self.columns_sha256 else ()), *held_out)

    def whole(self, sha256: str) -> DatasetVersion | None:
        """The same with the bars that are held out, if this is the digest of that file: for a promoted run only."""
        if self.holdout is None or self.holdout.sha256 != sha256:
            return None
        names = ("sha256", "bytes", "columns_sha256", "columns_bytes")
        return self.model_copy(update={name: getattr(self.holdout, name) for name in names})


class DataNote(Contract):
    """A finding about a dataset that a job used, for the readers of its report."""

    dataset: Name
    kind: str
    """As `DataFinding.kind`."""
    message: str
