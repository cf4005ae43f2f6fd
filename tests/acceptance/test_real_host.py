"""A Debian 12 host with systemd, cgroup v2 and AppArmor, in a virtual machine without a network: `make vm-test`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from tests.faults.daemon import Daemon
from tests.machine.machine import Machine, missing_tools
from tests.support import ROOT, missing

from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.engine import engine

pytestmark = [pytest.mark.vm, pytest.mark.timeout(7200)]
ROLES = ("execute", "monitor", "validate", "finalize")
UNITS = tuple(f"windtunnel@{role}" for role in ROLES)
PYTEST = ("pytest", "pytest-timeout", "pluggy", "iniconfig", "packaging", "pygments")
"""What the integration tier needs there beyond the wheel."""
TIER = tuple(os.environ.get("WINDTUNNEL_VM_TESTS", "tests/integration/test_monitoring.py").split())
PYTHON = "/opt/windtunnel/bin/python"
SECRETS = "/etc/windtunnel-redis"


def make_payload(folder: Path) -> None:
    """What no network brings: the project's wheel, those it needs, what is outside the wheel."""
    wheels = folder / "wheels"
    base = subprocess.check_output([ROOT / "sandbox_image/base.sh", "python"], text=True).strip()
    environment = {**os.environ, "PYTHON": sys.executable}
    locked = ROOT / "deploy/requirements/worker.txt"
    subprocess.run([ROOT / "deploy/wheels.sh", locked, base, wheels], check=True, env=environment)
    pip = [sys.executable, "-m", "pip"]
    wanted = [f"{name}=={version(name)}" for name in PYTEST]
    subprocess.run([*pip, "download", "-qq", "--only-binary=:all:", "--no-deps", "-d", wheels, *wanted], check=True)
    subprocess.run([*pip, "wheel", "-qq", "--no-deps", "--no-build-isolation", "-w", wheels, ROOT], check=True)
    for part in ("deploy", "examples", "sandbox_image", "tests"):
        shutil.copytree(
            ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "corpora", "lookahead")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)


@pytest.fixture(scope="module")
def booted(docker_engine: images.Image) -> Iterator[Machine]:
    """A machine with Redis and the sandbox image, and the payload in /srv."""
    if tools := missing_tools():
        missing(f"a virtual machine needs {', '.join(tools)}; `deploy/test-setup.sh vm true` installs them")
    if os.geteuid() != 0:
        missing("making a Debian root needs root")
    made = Path(subprocess.check_output([ROOT / "tests/machine/root.sh"], text=True).strip())
    with tempfile.TemporaryDirectory(prefix="windtunnel-") as folder:
        payload, docker = Path(folder, "payload"), Path(folder, "docker")
        payload.mkdir()
        docker.mkdir()
        make_payload(payload)
        # Under emulation `docker load` takes a quarter of an hour.
        with Daemon(docker, 5 * int(engine().images.get(docker_engine.name).attrs["Size"]), "machine") as daemon:
            daemon.load(docker_engine.name)
            daemon.stop()
            machine = Machine(made, payload, docker / "data")
    with machine:
        yield machine


@pytest.fixture(scope="module")
def host(booted: Machine, docker_engine: images.Image) -> Machine:
    """The machine after its set-up: Redis with its users, install.sh, the other two roles."""
    booted.run("docker", "tag", docker_engine.name, "windtunnel/sandbox:python", timeout_s=120)
    booted.run("/srv/tests/machine/redis.sh", timeout_s=120)
    booted.shell(
        f"bash /srv/deploy/systemd/install.sh redis://worker@127.0.0.1:6379/0 {SECRETS}/worker"
        " /srv/wheels/windtunnel-*.whl",
        timeout_s=900,
    )
    booted.run("systemctl", "enable", "--now", *UNITS, timeout_s=180)
    return booted


def client(host: Machine, *words: str) -> Any:
    """What `tests.machine.inside` answers, with the producer's password."""
    variables = (
        "WINDTUNNEL_REDIS_URL=redis://producer@127.0.0.1:6379/0",
        f"WINDTUNNEL_REDIS_PASSWORD_FILE={SECRETS}/producer",
        "WINDTUNNEL_STORE_URL=/var/lib/windtunnel/store",
    )
    user = ("runuser", "-u", "windtunnel", "--", "env", "-C", "/srv", *variables)
    return json.loads(host.run(*user, PYTHON, "-m", "tests.machine.inside", *words, timeout_s=600))


def units(host: Machine, state: str) -> list[str]:
    """Each unit's value of this property."""
    return [host.run("systemctl", "show", "--property", state, "--value", unit) for unit in UNITS]


def sandboxes(host: Machine) -> list[str]:
    """Ids of the containers that run there."""
    return host.run("docker", "ps", "--quiet", "--no-trunc").split()


def check_ends(found: list[dict[str, Any]], count: int) -> None:
    """Every job has one report, a success with its own value, and was finished once."""
    assert [(report["outcome"], report["values"], report["finished"]) for report in found] == [
        ("succeeded", {"at": at}, 1) for at in range(count)
    ]


def test_the_machine_has_cgroup_v2_and_the_systemd_driver(booted: Machine) -> None:
    assert booted.run("cat", "/proc/1/comm") == "systemd"
    assert booted.run("stat", "--file-system", "--format", "%T", "/sys/fs/cgroup") == "cgroup2fs"
    driver = booted.run("docker", "info", "--format", "{{.CgroupVersion}} {{.CgroupDriver}}", timeout_s=120)
    assert driver == "2 systemd"


def test_the_kernel_enforces_the_apparmor_profile(booted: Machine) -> None:
    booted.run("apparmor_parser", "--replace", "/srv/deploy/apparmor/windtunnel-sandbox")
    assert "windtunnel-sandbox (enforce)" in booted.run("cat", "/sys/kernel/security/apparmor/profiles").splitlines()
    sockets = ("python3", "-c", "import socket; socket.socket(socket.AF_INET)")
    booted.run(*sockets)
    refused = booted.attempt("aa-exec", "--profile", "windtunnel-sandbox", "--", *sockets)
    assert refused.exit_code
    assert "PermissionError" in refused.stderr


def test_the_wheel_is_installed_by_debians_own_python(host: Machine) -> None:
    assert host.run("/usr/bin/python3", "--version") == "Python 3.11.2"
    program = "import sys, windtunnel_worker as w; print(sys.base_prefix, sys.version.split()[0], w.__file__)"
    prefix, number, module = host.run(PYTHON, "-c", program).split()
    assert (prefix, number) == ("/usr", "3.11.2")
    assert module.startswith("/opt/windtunnel/lib/python3.11/site-packages/")


def test_the_units_are_up(host: Machine) -> None:
    assert units(host, "ActiveState") == ["active"] * len(UNITS)
    assert units(host, "User") == ["windtunnel"] * len(UNITS)
    assert host.run("systemctl", "is-enabled", *UNITS).split() == ["enabled"] * len(UNITS)


def test_example_jobs_end_as_they_must(host: Machine) -> None:
    ends = client(host, "examples")
    assert ends
    assert [(name, found) for name, found, _ in ends] == [(name, wanted) for name, _, wanted in ends]


def test_the_apparmor_profile_is_enforced_on_sandboxes(host: Machine) -> None:
    assert "windtunnel-sandbox (enforce)" in host.run("cat", "/sys/kernel/security/apparmor/profiles").splitlines()
    ready = sandboxes(host)
    assert ready
    for pid in host.run("docker", "inspect", "--format", "{{.State.Pid}}", *ready).split():
        assert host.run("cat", f"/proc/{pid}/attr/current") == "windtunnel-sandbox (enforce)"


def test_the_apparmor_profile_refuses_what_nothing_else_refuses(host: Machine) -> None:
    start = ("docker", "run", "--rm", "--network", "none", "--entrypoint", "python3")
    sockets = ("windtunnel/sandbox:python", "-c", "import socket; socket.socket(socket.AF_INET)")
    host.run(*start, *sockets, timeout_s=120)
    refused = host.attempt(*start, "--security-opt", "apparmor=windtunnel-sandbox", *sockets, timeout_s=120)
    assert refused.exit_code
    assert "PermissionError" in refused.stderr


def test_a_stopped_process_is_restarted_by_the_watchdog(host: Machine) -> None:
    unit = "windtunnel@execute"
    stopped = host.run("systemctl", "show", "--property", "MainPID", "--value", unit)
    host.run("kill", "-STOP", stopped)
    host.shell(f"until journalctl --unit {unit} --boot | grep 'Watchdog timeout'; do sleep 2; done", timeout_s=240)
    host.shell(
        f"until [ $(systemctl show --property MainPID --value {unit}) != {stopped} ] && systemctl is-active {unit}; do"
        " sleep 2; done",
        timeout_s=240,
    )
    assert host.attempt("kill", "-0", stopped).exit_code
    check_ends(client(host, "reports", client(host, "submit", "4", "0.1")), 4)


def test_a_graceful_stop_finishes_what_runs(host: Machine) -> None:
    batch = client(host, "submit", "8", "5")
    client(host, "await_finished", batch, "1")
    host.run("systemctl", "stop", "windtunnel@execute", timeout_s=180)
    assert host.run("systemctl", "show", "--property", "Result", "--value", "windtunnel@execute") == "success"
    assert sandboxes(host) == []
    host.run("systemctl", "start", "windtunnel@execute", timeout_s=180)
    found = client(host, "reports", batch)
    check_ends(found, 8)
    assert [report["attempts"] for report in found] == [["succeeded"]] * 8


def test_a_part_of_the_integration_tier_passes_there(host: Machine) -> None:
    # The tier runs beside the workers, as on a host at work.
    host.run(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--target", "/opt/pytest", *PYTEST, timeout_s=180)
    variables = ("CI=true", "PYTHONPATH=/opt/pytest", "PYTHONDONTWRITEBYTECODE=1")
    tests = (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "1800", *TIER)
    said = host.run("env", "-C", "/srv", *variables, *tests, timeout_s=900)
    assert " passed" in said.splitlines()[-1]


def test_every_job_ends_with_one_report_after_a_reboot_in_the_middle_of_a_batch(host: Machine) -> None:
    batch = client(host, "submit", "30", "1")
    before = client(host, "await_finished", batch, "4")
    assert before < 30
    host.reboot()
    check_ends(client(host, "reports", batch), 30)
    assert units(host, "ActiveState") == ["active"] * len(UNITS)
