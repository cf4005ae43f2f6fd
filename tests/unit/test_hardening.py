"""What an operator may add to a sandbox, as it reaches Docker."""

from __future__ import annotations

import pytest
from tests.support import unique

from windtunnel.contract import Limits
from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox import gpus, hardening
from windtunnel_worker.sandbox.hardening import Deployment
from windtunnel_worker.sandbox.languages import for_language


def test_a_deployments_protections_and_devices_stand_in_the_host_configuration() -> None:
    deployment = Deployment(
        runtime="runsc", apparmor_profile="windtunnel-sandbox", selinux_label="container_t", gpu="1"
    )
    config = hardening.host_config(Limits(), {}, deployment=deployment)
    assert config["runtime"] == "runsc"
    assert {"apparmor=windtunnel-sandbox", "label=type:container_t"} <= set(config["security_opt"])
    (request,) = config["device_requests"]
    assert (request["DeviceIDs"], request["Capabilities"]) == (["1"], [["gpu"]])


def test_without_them_the_daemons_own_stay_and_ours_hold() -> None:
    config = hardening.host_config(Limits(), {})
    assert (config["runtime"], config["device_requests"], config["cap_add"]) == (None, [], [])
    assert "no-new-privileges:true" in config["security_opt"]


def test_gvisor_gets_its_own_share_on_top_and_holds_the_jobs_limit_of_processes() -> None:
    limits, java = Limits(memory_mb=256, processes=40), for_language("java")
    config = hardening.host_config(limits, {}, language=java, deployment=Deployment(runtime="runsc-kvm"))
    own, processes = hardening.GVISOR, 40 + java.own_processes
    assert config["mem_limit"] == config["memswap_limit"] == (256 + own.own_memory_mb) * 2**20
    assert config["pids_limit"] == own.own_processes + own.threads_each * processes
    assert {"Name": "nproc", "Soft": processes, "Hard": processes} in config["ulimits"]


@pytest.mark.parametrize("runtime", [None, "crun"])
def test_a_runtime_on_the_hosts_kernel_gets_nothing_on_top(runtime: str | None) -> None:
    config = hardening.host_config(Limits(processes=40), {}, deployment=Deployment(runtime=runtime))
    assert config["pids_limit"] == 40
    # That kernel would count the processes of a user over all sandboxes.
    assert "nproc" not in {ulimit["Name"] for ulimit in config["ulimits"]}


def test_each_slot_takes_a_gpu_of_its_own() -> None:
    host = unique("gpus")
    assert gpus.take_gpu(host, ()) is None
    assert [gpus.take_gpu(host, ("0", "1")) for _ in range(2)] == ["0", "1"]
    with pytest.raises(SandboxFailure, match="All 2 GPUs"):
        gpus.take_gpu(host, ("0", "1"))
    for lock in gpus._held:
        lock.close()
    gpus._held.clear()
