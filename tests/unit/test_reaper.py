"""What the reaper takes for an orphan."""

from __future__ import annotations

import os
import time

import pytest

from windtunnel_worker.recovery import reaper
from windtunnel_worker.recovery.reaper import ENDED_S, Reaper
from windtunnel_worker.sandbox import Listed

OURS = f"slot:host:{os.getpid()}"
NOBODYS = "slot:host:2147483647"
"""No process has so high an id."""
LATER = 4e9


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> list[Listed]:
    """The sandboxes of the host, to be changed."""
    sandboxes: list[Listed] = []

    def remove(container_id: str) -> bool:
        before = len(sandboxes)
        sandboxes[:] = [one for one in sandboxes if one.id != container_id]
        return len(sandboxes) < before

    monkeypatch.setattr(reaper, "list_sandboxes", lambda _host: list(sandboxes))
    monkeypatch.setattr(reaper, "remove_sandbox", remove)
    return sandboxes


def _ids(sandboxes: list[Listed]) -> list[str]:
    return [one.id for one in sandboxes]


def test_a_sandbox_that_runs_is_its_own_affair_until_its_deadline(there: list[Listed]) -> None:
    there += [Listed("owned", OURS, True, LATER), Listed("alone", NOBODYS, True, LATER), Listed("late", OURS, True, 1)]
    assert Reaper("host").reap() == (1, 2)
    assert _ids(there) == ["owned", "alone"]


def test_one_that_has_ended_without_an_owner_goes_at_once(there: list[Listed]) -> None:
    there += [Listed("alone", NOBODYS, False, LATER), Listed("manager's", "manager:1", False, LATER)]
    assert Reaper("host").reap() == (1, 1)
    assert _ids(there) == ["manager's"]


def test_one_that_its_living_owner_does_not_remove_goes_in_time(
    there: list[Listed], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    there += [Listed("given up", OURS, False, LATER), Listed("restarted", OURS, False, LATER)]
    reaping = Reaper("host")
    assert reaping.reap() == (0, 2)
    there[1] = Listed("restarted", OURS, True, LATER)
    now += ENDED_S
    assert reaping.reap() == (0, 2)
    there[1] = Listed("restarted", OURS, False, LATER)
    now += 1
    assert reaping.reap() == (1, 1)
    assert _ids(there) == ["restarted"]
