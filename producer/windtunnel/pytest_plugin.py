"""Fixtures for the tests of apps, which pytest finds by itself. They need the extras `testing` and `worker`.

`windtunnel_tunnel` makes tunnels (see `windtunnel.testing.Tunnel`), which run jobs without Redis or Docker:

    def test_my_app(windtunnel_tunnel):
        tunnel = windtunnel_tunnel(lambda assignment: succeeded(sharpe=1.5))
        my_app.run_ideas(tunnel.client)
        ...

What it needs is loaded when a test uses it, so other tests are not delayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from windtunnel.testing import Tunnel


@pytest.fixture
def windtunnel_tunnel() -> Iterator[Callable[..., Tunnel]]:
    """A function that makes tunnels, with the arguments of `Tunnel`; their clients are closed when the test ends."""
    from windtunnel.testing import Tunnel

    made: list[Tunnel] = []

    def make(*arguments: object, **options: object) -> Tunnel:
        made.append(Tunnel(*arguments, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for tunnel in made:
        tunnel.client.close()
