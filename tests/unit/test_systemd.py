"""What systemd is told of a role, as it hears it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support import Role, unique

from windtunnel_worker.celery.systemd import ALIVE, READY, STOPPING, notify


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """The address at which a service manager listens, and what it hears next."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@{unique('notify')}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(60)
        listening.bind(address.replace("@", "\0", 1) if request.param == "abstract" else address)
        yield address, lambda: listening.recv(1000).decode()


def test_a_state_arrives(manager: tuple[str, Callable[[], str]], setenv: pytest.MonkeyPatch) -> None:
    address, heard = manager
    setenv.setenv("NOTIFY_SOCKET", address)
    notify(READY)
    assert heard() == "READY=1"


def test_nobody_listening_is_no_error(setenv: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setenv.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify(READY)
    setenv.delenv("NOTIFY_SOCKET")
    notify(READY)


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_a_worker_is_ready_alive_and_stops(
    manager: tuple[str, Callable[[], str]], redis_url: str, tmp_path: Path
) -> None:
    address, heard = manager
    with Role("finalize", redis_url, unique("systemd"), tmp_path / "log", NOTIFY_SOCKET=address):
        assert [heard(), heard()] == [READY, ALIVE]
    while (state := heard()) == ALIVE:
        pass
    assert state == STOPPING
