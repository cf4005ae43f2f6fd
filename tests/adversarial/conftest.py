"""The range of the adversarial suite, one a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adversarial.host import CANARY, Range

from windtunnel.settings import load
from windtunnel_worker.sandbox import images
from windtunnel_worker.settings import HostSettings


@pytest.fixture(scope="session")
def firing_range(tested_image: images.Image) -> Iterator[Range]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SECRET_OF_THE_WORKER", CANARY)
        settings = load(HostSettings)
        own = {"default_image": tested_image.name, "host": f"{settings.host}-range"}
        target = Range(settings.model_copy(update=own), tested_image.digest)
        yield target
        target.close()
