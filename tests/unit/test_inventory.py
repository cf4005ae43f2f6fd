"""What a host says that it has, where the Docker Engine is away."""

from __future__ import annotations

import pytest

from windtunnel.errors import SandboxError
from windtunnel_worker.sandbox.inventory import Inventory
from windtunnel_worker.settings import HostSettings


@pytest.mark.usefixtures("docker_away")
def test_a_host_whose_engine_is_away_does_not_say_that_it_has_no_images(settings: HostSettings) -> None:
    inventory = Inventory(settings, every_s=0)
    for _ in range(2):
        with pytest.raises(SandboxError, match="Docker"):
            inventory.has()
