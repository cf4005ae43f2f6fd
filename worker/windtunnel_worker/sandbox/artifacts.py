"""Puts the files that a program left into the store. The names were checked when they came out of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from mimetypes import MimeTypes

from windtunnel.contract import Artifact
from windtunnel.store import Store

AT_ONCE = 8
_TYPES = MimeTypes(filenames=())  # no file of the host decides
for _ending, _type in ((".parquet", "application/vnd.apache.parquet"), (".arrow", "application/vnd.apache.arrow.file")):
    _TYPES.add_type(_type, _ending)


def keep(files: Mapping[str, bytes], store: Store) -> list[Artifact]:
    """Put the files into the store, several at a time; `FileStoreUnavailable` where it does not take one."""
    if not files:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(files)), thread_name_prefix="artifacts") as threads:
        digests = list(threads.map(store.put, files.values()))
    return [
        Artifact(
            name=name,
            bytes=len(data),
            sha256=sha256,
            media_type=_TYPES.guess_type(name)[0] or "application/octet-stream",
        )
        for (name, data), sha256 in zip(files.items(), digests, strict=True)
    ]
