"""Removes files from the store that nothing refers to any more.

May import contract, errors, manifests, records and the store.

The bytes of a dataset are needed as long as the catalogue has a version with them, and after its removal as long as a
report may refer to them. An artifact is put into the store when its program ends, and its age is renewed when the same
bytes are put again a day later. The report that refers to it lives for `WINDTUNNEL_RETENTION_S`; a copy of that report
for an equal job lives at most as long again. So an object that belongs to no dataset and was last put more than two
retention periods and two days ago cannot be referred to by any report.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windtunnel.errors import NotFound
from windtunnel.store import FRESH_S, Store

if TYPE_CHECKING:
    from windtunnel.records.catalogue import Catalogue

GRACE_S = 2 * FRESH_S
"""Allows for bytes whose age was not renewed yet, and for jobs that wait for their report."""


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be."""

    objects: int
    bytes: int
    kept: int
    """Objects that stay."""


def prune(store: Store, catalogue: Catalogue, retention_s: float, *, really: bool = True) -> Pruned:
    """Remove the objects that nothing can refer to. With `really=False` they are only counted.

    `retention_s` must be the longest retention of all clients and workers that use this store. Raises `ObjectUnusable`
    where a document about a dataset cannot be read, as the bytes that it names would be lost.
    """
    from windtunnel.manifests import Manifests

    before = time.time() - 2 * retention_s - GRACE_S
    manifests = Manifests(store)
    wanted = {sha256 for version in manifests.all(skip_unreadable=False) for sha256 in version.digests}
    for name in catalogue.names():
        with suppress(NotFound):  # it has just been removed
            wanted.update(sha256 for version in catalogue.versions(name) for sha256 in version.digests)
    for version, removed_at in manifests.removed():
        if removed_at >= before:
            wanted.update(version.digests)
        elif really and version.sha256 not in wanted:
            manifests.forget(version)
    objects, size, kept = 0, 0, 0
    for one in store.objects():
        if one.sha256 in wanted or one.written_at >= before:
            kept += 1
            continue
        objects, size = objects + 1, size + one.bytes
        if really:
            store.delete(one.sha256)
    if really:
        store.remove_leftovers(FRESH_S)
    return Pruned(objects, size, kept)
