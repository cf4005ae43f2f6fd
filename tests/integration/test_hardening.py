"""The protections of a sandbox, read from the running container: from outside and from inside."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
import requests
from docker.errors import APIError
from tests.support import an_assignment, unique

from windtunnel.contract import Job, Limits, Outcome
from windtunnel_worker.sandbox import Executor, Hooks, hardening, images, list_sandboxes, users
from windtunnel_worker.sandbox.assignment import RunningSandbox
from windtunnel_worker.sandbox.container import Sandbox
from windtunnel_worker.sandbox.engine import ContainerGone, engine, engine_errors
from windtunnel_worker.sandbox.kind import Kind
from windtunnel_worker.sandbox.limits import SandboxLimits
from windtunnel_worker.sandbox.listing import labels_for
from windtunnel_worker.settings import host_settings

LIMITS = Limits(memory_mb=256, processes=40, disk_mb=8, cpus=0.5)
SECRET = "host-secret-4417"
IMAGE_VARIABLES = {
    *("PATH", "HOSTNAME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "MPLBACKEND", "MPLCONFIGDIR"),
    *("LD_LIBRARY_PATH", "NUMBA_BOUNDSCHECK", "PLOTLY_RENDERER"),
}

LOOK_AROUND = """
import os, resource, socket, stat, time

def text(path):
    with open(path) as file:
        return file.read()

def can_write(folder):
    try:
        with open(folder + "/probe", "w"):
            return True
    except OSError:
        return False

def can_run():
    with open("/tmp/tool", "w") as file:
        file.write("#!/bin/sh\\nexit 0\\n")
    os.chmod("/tmp/tool", 0o755)
    try:
        os.execve("/tmp/tool", ["tool"], {})
    except PermissionError:
        return False

mounts = [line.split() for line in text("/proc/self/mounts").splitlines()]
folders = [folder for folder, _, _ in os.walk("/") if not folder.startswith("/proc")]
privileged = []
for folder, _, files in os.walk("/"):
    if not folder.startswith(("/proc", "/sys")):
        for name in files:
            mode = os.lstat(os.path.join(folder, name)).st_mode
            if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
                privileged.append(os.path.join(folder, name))

emit(
    status=dict(line.split(":\\t", 1) for line in text("/proc/self/status").splitlines() if ":\\t" in line),
    ids=[*os.getresuid(), *os.getresgid(), *os.getgroups()],
    mounts={mount[1]: mount[3] for mount in mounts},
    writable=[folder for folder in folders if can_write(folder)],
    privileged=privileged,
    shm=os.path.exists("/dev/shm"),
    interfaces=os.listdir("/sys/class/net"),
    hostname=socket.gethostname(),
    environment=dict(os.environ),
    nofile=resource.getrlimit(resource.RLIMIT_NOFILE),
    core=resource.getrlimit(resource.RLIMIT_CORE),
    sigpending=resource.getrlimit(resource.RLIMIT_SIGPENDING),
    fsize=resource.getrlimit(resource.RLIMIT_FSIZE),
    ran=can_run(),
    descriptors={name: os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
                 if os.path.exists(f"/proc/self/fd/{name}")},
    zone=time.strftime("%Z"),
    processes=[name for name in os.listdir("/proc") if name.isdigit()],
    devices=sorted(os.listdir("/dev")),
)
"""


@pytest.fixture(scope="module")
def seen(docker_engine: images.Image) -> tuple[dict[str, Any], dict[str, Any]]:
    """What Docker says of a running sandbox, and what a program sees in it."""
    inspected: dict[str, Any] = {}

    def inspect(sandbox: RunningSandbox) -> None:
        inspected.update(engine().api.inspect_container(sandbox.id))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        execution = Executor(host_settings(), "tests").execute(
            an_assignment(Job(code=LOOK_AROUND, limits=LIMITS)), Hooks(started=inspect)
        )
    assert execution.outcome is Outcome.SUCCEEDED, execution
    assert list_sandboxes(host_settings().host) == []
    assert execution.image == docker_engine.name
    return inspected, execution.values


@pytest.fixture(scope="module")
def outside(seen: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    config: dict[str, Any] = seen[0]["HostConfig"]
    return config


@pytest.fixture(scope="module")
def inside(seen: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return seen[1]


# -- from outside ----------------------------------------------------------------------------------------


def test_the_container_has_no_network_and_no_privilege(outside: dict[str, Any]) -> None:
    assert outside["NetworkMode"] == "none"
    assert outside["Privileged"] is False
    assert outside["CapDrop"] == ["ALL"]
    # Of the warden's alone: see what the program has.
    assert set(outside["CapAdd"]) == set(hardening.WARDEN_CAPABILITIES)
    assert not outside["Devices"]
    assert not outside["Binds"]
    assert (outside["PidMode"], outside["IpcMode"], outside["CgroupnsMode"]) == ("", "none", "private")


def test_the_containers_limits_are_the_jobs(outside: dict[str, Any]) -> None:
    memory = LIMITS.memory_mb * 2**20
    assert (outside["Memory"], outside["MemorySwap"]) == (memory, memory)
    assert outside["NanoCpus"] == LIMITS.cpus * 1e9
    assert outside["PidsLimit"] == LIMITS.processes
    assert outside["OomKillDisable"] is False


def test_the_seccomp_profile_is_ours(outside: dict[str, Any]) -> None:
    options = outside["SecurityOpt"]
    (profile,) = [option for option in options if option.startswith("seccomp=")]
    assert json.loads(profile.removeprefix("seccomp=")) == json.loads(hardening.seccomp_profile())
    assert "no-new-privileges:true" in options


def test_the_seccomp_profile_allows_by_name_and_nothing_dangerous() -> None:
    profile = json.loads(hardening.seccomp_profile())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {
        name
        for rule in profile["syscalls"]
        for name in rule["names"]
        if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("args")
    }
    assert allowed.isdisjoint(
        [
            "ptrace",
            "bpf",
            "io_uring_setup",
            "keyctl",
            "add_key",
            "unshare",
            "setns",
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "kexec_load",
            "init_module",
            "perf_event_open",
            "process_vm_readv",
            "process_vm_writev",
            "userfaultfd",
            "open_by_handle_at",
            "socket",
            "clone",
            "clone3",
            "personality",
            "reboot",
            "swapon",
            "syslog",
            "quotactl",
            "name_to_handle_at",
            "mknod",
            "mknodat",
            "fsopen",
            "move_mount",
        ]
    )


def test_the_root_is_read_only_and_nothing_is_logged_or_restarted(outside: dict[str, Any]) -> None:
    assert outside["ReadonlyRootfs"] is True
    assert outside["LogConfig"]["Type"] == "none"
    assert outside["RestartPolicy"]["Name"] in ("", "no")


def test_the_container_is_labelled_for_the_reaper(seen: tuple[dict[str, Any], Any]) -> None:
    config = seen[0]["Config"]
    labels = {name: value for name, value in config["Labels"].items() if name.startswith("windtunnel")}
    assert labels.keys() >= {"windtunnel.host", "windtunnel.owner", "windtunnel.deadline"}
    assert labels["windtunnel.host"] == host_settings().host


def test_the_container_is_named_after_its_job_and_attempt(seen: tuple[dict[str, Any], Any]) -> None:
    assert re.fullmatch(r"/windtunnel-.+-1", seen[0]["Name"])


# -- from inside -----------------------------------------------------------------------------------------


def test_the_program_has_no_capability_and_cannot_gain_one(inside: dict[str, Any]) -> None:
    status = inside["status"]
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    assert inside["privileged"] == []


def test_the_program_runs_as_a_user_of_its_own(inside: dict[str, Any]) -> None:
    (user,) = set(inside["ids"])
    assert users.FIRST <= user <= users.LAST


def test_tmp_is_the_only_place_that_can_be_written(inside: dict[str, Any]) -> None:
    assert inside["writable"] == ["/tmp", "/tmp/artifacts"]
    assert inside["shm"] is False


def test_the_mounts_are_read_only_but_tmp_which_runs_nothing(inside: dict[str, Any]) -> None:
    mounts = {place: set(options.split(",")) for place, options in inside["mounts"].items()}
    assert "ro" in mounts["/"]
    assert mounts["/tmp"] >= {"rw", "nosuid", "nodev", "noexec"}
    assert f"size={LIMITS.disk_mb * 1024}k" in mounts["/tmp"]
    assert inside["ran"] is False
    assert "ro" in mounts["/sys"]


def test_there_is_no_network_interface_but_loopback(inside: dict[str, Any]) -> None:
    assert inside["interfaces"] == ["lo"]


def test_the_hosts_name_and_environment_are_not_seen(inside: dict[str, Any]) -> None:
    environment = inside["environment"]
    assert inside["hostname"] == hardening.HOSTNAME
    assert environment.keys() <= hardening.ENVIRONMENT.keys() | IMAGE_VARIABLES
    assert hardening.ENVIRONMENT.items() <= environment.items()
    assert SECRET not in str(environment)
    assert inside["zone"] == "UTC"


def test_the_ulimits_are_those_of_the_configuration(inside: dict[str, Any]) -> None:
    assert inside["nofile"] == [hardening.NOFILE] * 2
    assert inside["core"] == [1, 1]  # at 0 the kernel starts a collector of core dumps all the same
    assert inside["sigpending"] == [hardening.SIGPENDING] * 2
    assert inside["fsize"] == [LIMITS.disk_mb * 2**20] * 2


def test_the_program_holds_its_own_pipes_only(inside: dict[str, Any]) -> None:
    held = inside["descriptors"]
    assert held["0"] == "/dev/null"
    others = [target for name, target in held.items() if name != "0"]
    assert all(target.startswith("pipe:") for target in others), held
    assert len(others) == 3


def test_the_program_sees_the_warden_and_itself_only(inside: dict[str, Any]) -> None:
    assert len(inside["processes"]) == 2
    assert "1" in inside["processes"]


def test_there_is_no_device_of_the_host(inside: dict[str, Any]) -> None:
    assert set(inside["devices"]) <= {
        *("core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "stderr", "stdin", "stdout"),
        *("tty", "urandom", "zero"),
    }


@pytest.mark.usefixtures("docker_engine")
def test_a_sandbox_ends_itself_when_its_life_is_over() -> None:
    settings = host_settings()
    kind = Kind(images.find(settings.default_image).digest, SandboxLimits.of(Limits()))
    lives_s = 3
    labels = labels_for(settings.host, "test", time.time() + 60)
    with Sandbox(kind, unique("life"), labels, lives_s, users.lease_users(settings.lock_dir)) as sandbox:
        sandbox.wait_ready()
        assert engine().api.wait(sandbox.id, timeout=60)["StatusCode"] == 1


@pytest.mark.usefixtures("docker_engine")
def test_a_removal_in_which_the_daemon_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, remove, failures = host_settings(), engine().api.remove_container, [False, True]

    def failing(container_id: str, **how: Any) -> None:
        if failures.pop():
            answer = requests.Response()
            answer.status_code = 500
            raise APIError("unable to remove filesystem: directory not empty", answer)
        remove(container_id, **how)

    kind = Kind(images.find(settings.default_image).digest, SandboxLimits.of(Limits()))
    labels = labels_for(settings.host, unique("removal"), time.time() + 60)
    sandbox = Sandbox(kind, unique("removal"), labels, 60, users.lease_users(settings.lock_dir))
    named: list[str] = []
    monkeypatch.setattr(engine().api, "remove_container", failing)
    monkeypatch.setattr(engine().api, "rename", lambda _, name: named.append(name))
    sandbox.rename("while it is there")
    sandbox.close()
    sandbox.rename("when it is gone")
    assert (failures, named) == ([], ["while it is there"])
    with pytest.raises(ContainerGone), engine_errors():
        engine().api.inspect_container(sandbox.id)
