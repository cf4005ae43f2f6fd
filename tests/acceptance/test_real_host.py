"""A Debian 12 host with systemd, cgroup v2 and AppArmor, in a virtual machine without a network: `make vm-test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.machine.machine import Machine, missing_tools
from tests.support import ROOT, missing

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine that is up, with `deploy` in /srv."""
    if tools := missing_tools():
        missing(f"a virtual machine needs {', '.join(tools)}; deploy/vm-setup.sh installs what Debian has of them")
    if os.geteuid() != 0:
        missing("making a Debian root needs root")
    made = Path(subprocess.check_output([ROOT / "tests/machine/root.sh"], text=True).strip())
    with tempfile.TemporaryDirectory(prefix="windtunnel-payload-") as folder:
        shutil.copytree(ROOT / "deploy", Path(folder) / "deploy")
        with Machine(made, Path(folder)) as machine:
            yield machine


def test_the_machine_has_cgroup_v2_and_the_systemd_driver(machine: Machine) -> None:
    assert machine.run("cat", "/proc/1/comm") == "systemd"
    assert machine.run("stat", "--file-system", "--format", "%T", "/sys/fs/cgroup") == "cgroup2fs"
    driver = machine.run("docker", "info", "--format", "{{.CgroupVersion}} {{.CgroupDriver}}", timeout_s=120)
    assert driver == "2 systemd"


def test_the_kernel_enforces_the_apparmor_profile(machine: Machine) -> None:
    machine.run("apparmor_parser", "--replace", "/srv/deploy/apparmor/windtunnel-sandbox")
    assert "windtunnel-sandbox (enforce)" in machine.run("cat", "/sys/kernel/security/apparmor/profiles").splitlines()
    sockets = ("python3", "-c", "import socket; socket.socket(socket.AF_INET)")
    machine.run(*sockets)
    refused = machine.attempt("aa-exec", "--profile", "windtunnel-sandbox", "--", *sockets)
    assert refused.exit_code
    assert "PermissionError" in refused.stderr
