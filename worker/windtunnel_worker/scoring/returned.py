"""What `signals` returned, out of the form in which it crosses from the sandbox. Hostile input: bounded by the data.

The form is described in `sandbox_image/positions.py`.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from windtunnel_worker.scoring.inputs import MAX_COLUMNS, Floats, Positions, Times, Unscorable

MAX_HEAD_BYTES = 64 * 1024
"""Of the line with the datasets' names."""
BROKEN = "they are not in the form in which `signals` returns them"


class _Head(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    kind: Literal["own", "times", "rows"]
    bars: int = Field(ge=0)
    columns: Annotated[list[Annotated[str, Field(max_length=256)]], Field(min_length=1, max_length=MAX_COLUMNS)]


def unpacked(packed: str, bars: int) -> bytes:
    """The bytes in it, no more than there can be on data with so many bars."""
    most = MAX_HEAD_BYTES + 8 * bars * (1 + MAX_COLUMNS)
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(b64decode(packed, validate=True), most + 1)
    except (ValueError, zlib.error):
        raise Unscorable(None, BROKEN) from None
    if len(found) > most:
        raise Unscorable(None, f"there are more of them than the {bars:,} bars of the data")
    if not reader.eof:
        raise Unscorable(None, BROKEN)
    return found


def read(content: bytes, times: Times, names: Sequence[str]) -> Positions:
    """The positions on data with these bars and datasets; of a dataset without a column they are 0."""
    line, _, arrays = content[: MAX_HEAD_BYTES + 1].partition(b"\n")
    try:
        head = _Head.model_validate_json(line)
    except ValidationError:
        raise Unscorable(None, BROKEN) from None
    if not head.bars:
        raise Unscorable(None, "there are none", remedy="Return one position for each bar of the data.")
    wide = len(head.columns)
    own = head.kind == "own"
    start = len(line) + 1 + (0 if own else 8 * head.bars)
    if len(content) - start != 8 * head.bars * wide or not arrays or (own and len(names) > 1):
        raise Unscorable(None, BROKEN)
    wrong = [name for name in head.columns if name not in names]
    if wrong or len(set(head.columns)) < wide:
        raise Unscorable(None, f"their columns are not the job's datasets, each once: {', '.join(names)}")
    weights = np.zeros((head.bars, len(names)))
    found = np.frombuffer(content, "<f8", head.bars * wide, start).reshape(head.bars, wide)
    weights[:, [names.index(name) for name in head.columns]] = found
    if own and head.bars > len(times):
        raise Unscorable(None, f"there are {head.bars:,} for the {len(times):,} bars of the data")
    if own:
        return Positions(times[: head.bars], weights)
    numbers = np.frombuffer(content, "<i8", head.bars, len(line) + 1).cumsum()
    return Positions(_at(numbers, times) if head.kind == "rows" else numbers, weights)


def _at(rows: Times, times: Times) -> Times:
    outside = np.flatnonzero((rows < 0) | (rows >= len(times)))
    if len(outside):
        raise Unscorable(None, f"there is one for row {rows[outside[0]]:,}, and the data has {len(times):,}")
    return times[rows]


def pack(times: Times, weights: Floats, names: Sequence[str]) -> str:
    """Positions (bars, datasets) in that form: for tests, which have no sandbox."""
    head = _Head(kind="times", bars=len(times), columns=list(names)).model_dump_json().encode()
    steps = np.diff(times, prepend=np.int64(0)).astype("<i8")
    return b64encode(zlib.compress(head + b"\n" + steps.tobytes() + weights.astype("<f8").tobytes(), 1)).decode()


def digest(content: bytes) -> str:
    """SHA-256 of positions: the same where the same was returned."""
    return hashlib.sha256(content).hexdigest()
