"""What an operator may add to a sandbox, as it reaches Docker."""

from __future__ import annotations

import errno
import fcntl
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import answering
import pytest

from windtunnel.contract import Limits
from windtunnel.errors import SandboxFailure
from windtunnel_worker import locks
from windtunnel_worker.locks import hold_first_free
from windtunnel_worker.sandbox import gpus, hardening
from windtunnel_worker.sandbox.hardening import Deployment
from windtunnel_worker.sandbox.languages import for_language
from windtunnel_worker.sandbox.limits import SandboxLimits
from windtunnel_worker.sandbox.users import lease_users
from windtunnel_worker.settings import HostSettings


def test_a_deployments_protections_and_devices_stand_in_the_host_configuration() -> None:
    deployment = Deployment(
        runtime="runsc", apparmor_profile="windtunnel-sandbox", selinux_label="container_t", gpu="1"
    )
    config = hardening.host_config(SandboxLimits.of(Limits()), {}, deployment=deployment)
    assert config["runtime"] == "runsc"
    assert {"apparmor=windtunnel-sandbox", "label=type:container_t"} <= set(config["security_opt"])
    (request,) = config["device_requests"]
    assert (request["DeviceIDs"], request["Capabilities"]) == (["1"], [["gpu"]])


def test_without_them_the_daemons_own_stay_and_ours_hold() -> None:
    config = hardening.host_config(SandboxLimits.of(Limits()), {})
    assert (config["runtime"], config["device_requests"], config["cap_add"]) == (
        None,
        [],
        ["SETUID", "SETGID", "SETPCAP"],
    )
    assert "no-new-privileges:true" in config["security_opt"]


def test_what_has_no_effect_on_the_hosts_kernel_is_allowed_on_a_kernel_of_its_own() -> None:
    shared, own = json.loads(hardening.seccomp_profile()), json.loads(hardening.seccomp_profile(own_kernel=True))
    (without_effect,) = (rule for rule in shared["syscalls"] if "fsync" in rule["names"])
    assert (without_effect["action"], without_effect["errnoRet"]) == ("SCMP_ACT_ERRNO", 0)
    (allowed,) = (rule for rule in own["syscalls"] if "fsync" in rule["names"])
    assert allowed["action"] == "SCMP_ACT_ALLOW"
    assert set(answering.WITHOUT_EFFECT) == set(allowed["names"])  # there the warden answers them
    gvisor = hardening.host_config(SandboxLimits.of(Limits()), {}, deployment=Deployment(runtime="runsc"))
    assert f"seccomp={hardening.seccomp_profile(own_kernel=True)}" in gvisor["security_opt"]


def test_no_two_sandboxes_have_the_same_user_ids(tmp_path: Path) -> None:
    one, other = lease_users(tmp_path), lease_users(tmp_path)
    assert other.first - one.first >= HostSettings.model_fields["cell_jobs"].metadata[1].le
    one.close()
    again = lease_users(tmp_path)
    assert again.first == one.first
    for lease in (again, other):
        lease.close()


def test_gvisor_gets_its_own_share_on_top_and_holds_the_jobs_limit_of_processes() -> None:
    limits, java = Limits(memory_mb=256, processes=40), for_language("java")
    config = hardening.host_config(
        SandboxLimits.of(limits), {}, language=java, deployment=Deployment(runtime="runsc-kvm")
    )
    own, processes = hardening.GVISOR, 40 + java.own_processes
    assert config["mem_limit"] == config["memswap_limit"] == (256 + own.own_memory_mb) * 2**20
    assert config["pids_limit"] == own.own_processes + own.threads_each * processes
    assert {"Name": "nproc", "Soft": processes, "Hard": processes} in config["ulimits"]


@pytest.mark.parametrize("runtime", [None, "crun"])
def test_a_runtime_on_the_hosts_kernel_gets_nothing_on_top(runtime: str | None) -> None:
    config = hardening.host_config(SandboxLimits.of(Limits(processes=40)), {}, deployment=Deployment(runtime=runtime))
    assert config["pids_limit"] == 40
    # That kernel would count the processes of a user over all sandboxes.
    assert "nproc" not in {ulimit["Name"] for ulimit in config["ulimits"]}


def test_each_slot_takes_a_gpu_of_its_own_until_it_ends(tmp_path: Path) -> None:
    take = functools.partial(gpus.take_gpu, tmp_path)
    assert take(()) is None
    first, second = take(("0", "1")), take(("0", "1"))
    assert first is not None
    assert second is not None
    assert (first[0], second[0]) == ("0", "1")
    with pytest.raises(SandboxFailure, match="All 2 GPUs"):
        take(("0", "1"))
    first[1].close()
    again = take(("0", "1"))
    assert again is not None
    assert again[0] == "0"
    for lock in (again[1], second[1]):
        lock.close()


def test_processes_that_see_the_same_directory_share_locks_whatever_their_network_namespace(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from windtunnel_worker.locks import hold_first_free; "
    program += "lock = hold_first_free(Path(sys.argv[1]), ['a', 'b']); print(lock is not None, flush=True); input()"
    command = [sys.executable, "-c", program, str(tmp_path)]
    if os.geteuid() == 0:
        command = ["unshare", "--net", *command]
    mine = hold_first_free(tmp_path, ["a"])
    assert mine is not None
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert hold_first_free(tmp_path, ["a", "b"]) is None
        other.kill()
    free = hold_first_free(tmp_path, ["a", "b"])  # a killed process holds nothing
    assert free is not None
    free.close()
    mine.close()


def test_a_file_system_without_locks_is_told_and_nothing_is_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    held = os.listdir("/proc/self/fd")
    with pytest.raises(SandboxFailure, match="cannot be taken: No locks available"):
        hold_first_free(tmp_path, ["a"])
    assert os.listdir("/proc/self/fd") == held


def test_turns_are_waited_for_and_a_stopped_holder_cannot_keep_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = locks.Turns(tmp_path, "dig", width=2)
    with turns.take(0), turns.take(0):
        with pytest.raises(SandboxFailure, match="No turn to dig came up within 0 s"), turns.take(0):
            pass
        monkeypatch.setattr(locks, "FURTHER_TURN_S", 0.05)
        with turns.take(60), pytest.raises(SandboxFailure), turns.take(0):  # one more, not any number
            pass
    with turns.take(0), turns.take(0):
        pass


def test_a_lock_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SandboxFailure, match="WINDTUNNEL_LOCK_DIR"):
        hold_first_free(tmp_path / "file", ["a"])
