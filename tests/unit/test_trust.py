"""What a host needs for whom it serves, and limits that are accepted and ignored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from windtunnel_worker.monitoring.kept_limits import Wanted, ignored_limits
from windtunnel_worker.settings import HostSettings
from windtunnel_worker.trust import misfits

WANTED = Wanted(memory_bytes=512 * 2**20, processes=64, cpus=1.0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"trust": "own"}, None),
        ({"trust": "customers"}, "APPARMOR"),
        ({"trust": "customers", "apparmor_profile": "windtunnel-sandbox"}, None),
        ({"trust": "customers", "runtime": "runsc"}, None),
        ({"trust": "anyone", "apparmor_profile": "windtunnel-sandbox"}, "runsc.sh"),
        ({"trust": "anyone", "runtime": "runsc"}, None),
        ({"trust": "anyone", "runtime": "runsc-kvm"}, None),
        ({"trust": "anyone", "runtime": "io.containerd.kata.v2"}, None),
        ({"trust": "anyone", "runtime": "runsc", "strict": False}, "WINDTUNNEL_STRICT"),
    ],
)
def test_what_does_not_fit_the_trust_is_said(settings: dict[str, object], says: str | None) -> None:
    found = misfits(HostSettings.model_validate(settings))
    assert len(found) == (1 if says else 0)
    assert all(str(says) in one for one in found)


def group(root: Path, *, memory: str, pids: str, cpu: str) -> Path:
    """A version 2 control group of a container, as files."""
    (root / "cgroup.controllers").write_text("cpu memory pids")
    folder = root / "docker/c0ffee"
    folder.mkdir(parents=True)
    for name, text in {"memory.max": memory, "pids.max": pids, "cpu.max": cpu}.items():
        (folder / name).write_text(f"{text}\n")
    return root


def test_limits_that_are_in_force_are_found(tmp_path: Path) -> None:
    root = group(tmp_path, memory=str(512 * 2**20), pids="64", cpu="100000 100000")
    assert ignored_limits("c0ffee", os.getpid(), root, WANTED) == []


def test_limits_that_the_engine_ignored_are_named(tmp_path: Path) -> None:
    root = group(tmp_path, memory="max", pids="max", cpu="max 100000")
    found = ignored_limits("c0ffee", os.getpid(), root, WANTED)
    assert [one.partition(" ")[0] for one in found] == ["memory", "processes", "cpus"]
    assert all("in force none" in one for one in found)
