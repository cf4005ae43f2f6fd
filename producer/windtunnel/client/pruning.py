"""Removes what the store has for nobody any more. May import contract, manifests, records and the store.

How it is known: the bytes of a dataset are wanted for as long as the catalogue has a version of them, and after its
removal for as long as a report may name them. An artifact is put into the store when its program ends, and again when
the same bytes come again a day later. The report that names it ends with its lifetime (`WINDTUNNEL_RETENTION_S`), and
one that was copied from it for an equal job at most a lifetime after that. So an object that no dataset has, and that
was put longer ago than two lifetimes and two days of grace, is named by no report.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windtunnel.store import FRESH_S, Store

if TYPE_CHECKING:
    from windtunnel.records.catalogue import Catalogue

GRACE_S = 2 * FRESH_S
"""For bytes that were there already when they were put again, and for jobs that wait for their report."""


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be."""

    objects: int
    bytes: int
    kept: int
    """Objects that stay."""


def prune(store: Store, catalogue: Catalogue, retention_s: float, *, really: bool = True) -> Pruned:
    """Remove the objects that nobody can want. With `really=False` they are only counted.

    `retention_s` must be the longest that any client or worker of this store has.
    """
    from windtunnel.manifests import Manifests

    before = time.time() - 2 * retention_s - GRACE_S
    manifests = Manifests(store)
    wanted = {sha256 for version in manifests.all() for sha256 in version.digests}
    wanted |= {
        sha256 for name in catalogue.names() for version in catalogue.versions(name) for sha256 in version.digests
    }
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
