"""Finds the sandbox images of this host, under the names that `JobSpec.needs` uses."""

from __future__ import annotations

import time

from windtunnel.contract import LANGUAGES
from windtunnel.errors import ImageNotFound
from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.engine import engine_version
from windtunnel_worker.settings import HostSettings


class Inventory:
    """The images of this host, looked up at most every `every_s` seconds."""

    def __init__(self, settings: HostSettings, every_s: float) -> None:
        self._settings, self._every_s = settings, every_s
        self._images: set[str] = set()
        self.libraries: dict[str, str] = {}
        """Image → what it holds beyond the shipped libraries; for validators."""
        self.digests: dict[str, str] = {}
        """What `has` names → the digest of that image."""
        self._looked = -every_s
        self.versions = ""
        """Of the Docker Engine, as it last answered."""

    def has(self) -> set[str]:
        """`language:<name>` and `image:<name>` of everything that is here.

        `SandboxError` if the Docker Engine does not answer. An empty result would be wrong, since jobs that no host has
        an image for are ended.
        """
        if time.monotonic() - self._looked >= self._every_s:
            self._look()
        return self._images

    def _look(self) -> None:
        self.versions = f"docker {engine_version()}"
        wanted = {f"language:{language}": self._settings.image_for(language) for language in LANGUAGES}
        named = (self._settings.default_image, *self._settings.allowed_images, *(one.name for one in images.own()))
        wanted |= {f"image:{name}": name for name in named}
        self.digests = {token: digest for token, name in wanted.items() if (digest := _digest(name))}
        self._images = set(self.digests)
        self.libraries = images.libraries_of(named)
        self._looked = time.monotonic()


def _digest(image: str) -> str:
    """The digest of an image that is here; empty of one that is not."""
    try:
        return images.find(image).digest
    except ImageNotFound:
        return ""
