"""The manifests, units and settings of `deploy/` say what they should and belong together."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support import ROOT, missing

from windtunnel_worker.celery.roles import ROLES

KUBERNETES = ROOT / "deploy/kubernetes"
SYSTEMD = ROOT / "deploy/systemd"


def manifests() -> list[dict[str, Any]]:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(
        file.name for file in KUBERNETES.glob("*.yaml") if file.name != "kustomization.yaml"
    )
    return [found for name in listed for found in yaml.safe_load_all((KUBERNETES / name).read_text())]


def workloads() -> list[dict[str, Any]]:
    return [found for found in manifests() if found["kind"] in ("Deployment", "DaemonSet")]


def containers() -> list[dict[str, Any]]:
    return [one for found in workloads() for one in found["spec"]["template"]["spec"]["containers"]]


def test_each_container_runs_a_role_of_ours_without_privileges() -> None:
    for found in workloads():
        pod = found["spec"]["template"]["spec"]
        for one in pod["containers"]:
            security = {**pod["securityContext"], **one["securityContext"]}
            assert one["args"][0] in ROLES
            assert security["runAsNonRoot"]
            assert security["readOnlyRootFilesystem"]
            assert not security["allowPrivilegeEscalation"]
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert one["resources"]["limits"]["memory"]


def test_only_execute_reaches_the_docker_engine() -> None:
    reaching = {one["name"] for one in containers() if any(mount["name"] == "engine" for mount in one["volumeMounts"])}
    assert reaching == {"execute"}


def test_a_worker_that_hangs_is_restarted() -> None:
    files = {}
    for one in containers():
        if one["args"][0] != "metrics":
            file = one["args"][one["args"].index("--alive-file") + 1]
            assert f"find {file} " in one["livenessProbe"]["exec"]["command"][-1]
            files[one["name"]] = file
    assert set(files) == {"validate", "finalize", "execute", "monitor"}
    assert files["execute"] != files["monitor"]  # they share a folder


def test_users_without_privileges_write_to_no_folder_of_the_node() -> None:
    for found in workloads():
        pod = found["spec"]["template"]["spec"]
        of_the_node = {volume["name"] for volume in pod["volumes"] if "hostPath" in volume}
        for one in pod["containers"]:
            # Such a folder belongs to root, and fsGroup does not reach it.
            assert all(mount.get("readOnly") for mount in one["volumeMounts"] if mount["name"] in of_the_node)


def test_the_engine_gets_the_image_that_programs_run_in() -> None:
    (settings,) = [found["data"] for found in manifests() if found["kind"] == "ConfigMap"]
    (pod,) = [found["spec"]["template"]["spec"] for found in workloads() if found["kind"] == "DaemonSet"]
    engine, image = pod["initContainers"]
    assert engine["restartPolicy"] == "Always"
    assert 'docker pull "$SANDBOX_DEFAULT_IMAGE"' in image["command"][-1]
    assert settings["SANDBOX_DEFAULT_IMAGE"]


def test_selectors_volumes_and_targets_exist() -> None:
    labels = [found["spec"]["template"]["metadata"]["labels"] for found in workloads()]
    for found in manifests():
        selector = found.get("spec", {}).get("selector") or found.get("spec", {}).get("podSelector") or {}
        wanted = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
        assert not wanted or any(wanted.items() <= one.items() for one in labels), found["metadata"]["name"]
    for found in workloads():
        pod = found["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        for one in (*pod["containers"], *pod.get("initContainers", ())):
            assert {mount["name"] for mount in one["volumeMounts"]} <= volumes


@pytest.mark.observability
def test_the_manifests_are_valid_for_kubernetes() -> None:
    if importlib.util.find_spec("kubernetes_validate") is None:
        missing("kubernetes-validate is not installed; `make observability-test` does it")
    kubernetes_validate = importlib.import_module("kubernetes_validate")

    for found in manifests():
        if not found["apiVersion"].startswith("keda.sh"):
            kubernetes_validate.validate(found, "1.31", strict=True)


@pytest.mark.parametrize("role", ["execute", "monitor", "validate", "finalize", "metrics"])
def test_systemd_takes_the_unit_of_each_role(role: str, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze") or missing("there is no systemd-analyze on this machine")
    text = (SYSTEMD / "windtunnel@.service").read_text()
    # What the unit needs is not installed here: its program, and Docker's own unit.
    unit = tmp_path / f"windtunnel@{role}.service"
    unit.write_text(text.replace("/opt/windtunnel/bin/python", shutil.which("python3") or "/usr/bin/python3"))
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    if role == "execute":
        shutil.copytree(SYSTEMD / "windtunnel@execute.service.d", tmp_path / f"{unit.name}.d")
    done = subprocess.run(
        [program, "verify", "--man=no", unit],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_the_scripts_parse_and_say_how_they_are_used() -> None:
    for script in (SYSTEMD / "install.sh", ROOT / "deploy/compose/up.sh"):
        said = subprocess.run([script, "--help"], check=True, capture_output=True, text=True).stdout
        assert said.startswith("Usage:")
