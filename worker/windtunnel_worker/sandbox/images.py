"""Finds sandbox images and their content digests. Never pulls: what runs is what the operator put there."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from windtunnel.errors import ImageNotFound, SandboxError
from windtunnel.records.hosts import DEFAULT_IMAGE
from windtunnel_worker.sandbox.engine import engine, engine_errors

LIBRARIES = "windtunnel.libraries"
"""Label of the operator's own images: top-level modules they hold beyond those of the shipped image."""
BASE = "windtunnel.base"
"""Label of the operator's own images: digest of the image that they were built on."""
KNOWN_S = 5.0
"""How long an image's digest is taken as known: the daemon is slow to answer while it starts containers."""


@dataclass(frozen=True)
class Image:
    """An image on this host; `digest` is the digest of its configuration, the same on every host."""

    name: str
    digest: str
    libraries: str | None = None
    """None if `windtunnel image add` did not make it."""
    base: str = ""


class AllowedImages:
    """The images that jobs may run in: each language's usual one, the operator's own, and those that are listed.

    `usual` gives the name of a language's image.
    """

    def __init__(self, usual: Callable[[str], str], listed: Collection[str]) -> None:
        self._usual, self._listed = usual, listed
        self._known: dict[str, tuple[Image, float]] = {}

    def find(self, language: str, wanted: str | None) -> Image:
        """The image of this name, or the language's usual one; `ImageNotFound` if it is not here or not allowed."""
        usual = self._usual(language)
        name = wanted or usual
        found, looked = self._known.get(name, (None, 0.0))
        if found is None or time.monotonic() - looked > KNOWN_S:
            found = find(name)
            self._known[name] = found, time.monotonic()
        if found.libraries is None and name not in (usual, *self._listed):
            raise ImageNotFound(
                f"Image {name!r} is not allowed on this host.",
                remedy="Leave `image` out, or have the operator make it with `windtunnel image add`, or add it to "
                "WINDTUNNEL_ALLOWED_IMAGES.",
            )
        return found


def find(name: str) -> Image:
    """`ImageNotFound` if it is not on this host."""
    with engine_errors(name):
        found = engine().images.get(name)
    return Image(name, str(found.id), found.labels.get(LIBRARIES), found.labels.get(BASE, ""))


def own() -> list[Image]:
    """The images on this host that `windtunnel image add` made, by name."""
    with engine_errors():  # not `images.list`, which fails over an image that is removed meanwhile
        found = engine().api.images(filters={"label": LIBRARIES})
    listed = (
        Image(tag, one["Id"], one["Labels"][LIBRARIES], one["Labels"].get(BASE, ""))
        for one in found
        for tag in one["RepoTags"] or ()
        if tag != "<none>:<none>"
    )
    return sorted(listed, key=lambda image: image.name)


def libraries_of(default_and_others: Iterable[str], *further: str | None) -> dict[str, str]:
    """The libraries of images, for `Hosts.announce`. The first image is the default one.

    Images that are not on this host are left out; the executor says what is missing.
    """
    default, *others = default_and_others
    known = {}
    for key, name in ((DEFAULT_IMAGE, default), *((one, one) for one in (default, *others, *further) if one)):
        try:
            known[key] = find(name).libraries or ""
        except SandboxError:
            continue
    return known
