"""What an operator deploys beside the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from unittest import mock

import pytest
import yaml
from deploy.bill import bill_of
from tests.support import missing

from windtunnel_worker.sandbox import hardening

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_apparmor_profile_is_one_that_the_parser_takes() -> None:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    parser = shutil.which("apparmor_parser", path=path) or missing("there is no apparmor_parser (Debian: apparmor)")
    profile = DEPLOY / "apparmor/windtunnel-sandbox"
    subprocess.run([parser, "--skip-kernel-load", "--skip-cache", "--quiet", profile], check=True)


def test_the_apparmor_profile_allows_the_capabilities_that_a_sandbox_is_given() -> None:
    profile = (DEPLOY / "apparmor/windtunnel-sandbox").read_text()
    allowed = re.findall(r"^  capability (\w+),$", profile, re.MULTILINE)
    assert sorted(allowed) == sorted(map(str.lower, hardening.WARDEN_CAPABILITIES))


def test_the_log_of_dockerd_is_bounded(tmp_path: Path) -> None:
    log, limit = tmp_path / "dockerd.log", 100_000
    line = f"{'x' * 99}\n"
    with subprocess.Popen(
        [DEPLOY / "bounded_log.sh", log], env={**os.environ, "LIMIT": str(limit)}, stdin=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdin
        for _ in range(200_000):
            writer.stdin.write(line)
        writer.stdin.write("the last words")
    assert writer.returncode == 0
    kept = sorted(tmp_path.iterdir())
    assert [file.name for file in kept] == ["dockerd.log", "dockerd.log.1"]
    assert sum(file.stat().st_size for file in kept) < 10_000_000
    assert "".join(file.read_text() for file in reversed(kept)).endswith("the last words")


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    done = subprocess.run(
        [DEPLOY / "bounded_log.sh", tmp_path], input=b"x" * 1_000_000, capture_output=True, check=False, timeout=30
    )
    assert done.returncode == 0


def test_redis_is_full_before_its_container_is() -> None:
    service = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())["services"]["redis"]
    full = re.search(r"--maxmemory \$\{WINDTUNNEL_REDIS_MAXMEMORY:-(\d+)gb\}", service["command"])
    limit = re.fullmatch(r"\$\{WINDTUNNEL_REDIS_MEMORY:-(\d+)g\}", service["mem_limit"])
    assert full
    assert limit
    assert int(full[1]) < int(limit[1])


@pytest.mark.parametrize("prefix", ["", "flower", "/flower/"])
def test_flower_is_asked_for_its_health_under_its_prefix(prefix: str) -> None:
    service = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())["services"]["flower"]
    *_, program = service["healthcheck"]["test"]
    asked: list[str] = []
    with (
        mock.patch.dict(os.environ, FLOWER_URL_PREFIX=prefix),
        mock.patch("urllib.request.urlopen", lambda url, **_: asked.append(url)),
    ):
        exec(program, {})
    assert asked == [f"http://127.0.0.1:5555/{'flower/' if prefix else ''}healthcheck"]


def test_what_finalize_alone_does_can_be_set_up_in_compose_and_kubernetes() -> None:
    service = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())["services"]["finalize"]
    wanted = {"WINDTUNNEL_WEBHOOKS", "WINDTUNNEL_WEBHOOK_SECRET", "OTEL_EXPORTER_OTLP_ENDPOINT"}
    assert wanted <= service["environment"].keys()
    (file,) = service["env_file"]
    default = file.removeprefix("${WINDTUNNEL_SETTINGS:-./").removesuffix("}")
    assert (DEPLOY.parent / default).is_file()
    (policy,) = [
        found["spec"]
        for found in yaml.safe_load_all((DEPLOY / "kubernetes/network.yaml").read_text())
        if found["spec"]["policyTypes"] == ["Egress"]
    ]
    assert {443, 4318} <= {port["port"] for rule in policy["egress"] for port in rule["ports"]}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://worker@redis.example:6379/0", "cannot be read"),
        ("sentinel://worker@one:26379,two:26379/0", "cannot be read"),
        ("redis://worker:secret@redis.example:6379/0", "carries a password"),
    ],
)
def test_only_a_url_with_a_password_is_refused_when_a_host_is_set_up(url: str, said: str, tmp_path: Path) -> None:
    script, password = DEPLOY / "systemd/install.sh", tmp_path / "none"
    done = subprocess.run([script, url, password], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize("role", ["validate", "execute", "monitor", "finalize"])
def test_a_role_is_healthy_as_long_as_its_alive_file_is_fresh(role: str, tmp_path: Path) -> None:
    service = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())["services"][role]
    told = service["command"][service["command"].index("--alive-file") + 1]
    _, check = service["healthcheck"]["test"]
    assert told in check
    file = tmp_path / "alive"
    check = check.replace("$$", "$").replace(told, str(file))

    def healthy() -> bool:
        return subprocess.run(["/bin/sh", "-c", check], stderr=subprocess.DEVNULL, check=False).returncode == 0

    assert not healthy()
    file.touch()
    assert healthy()
    os.utime(file, (time.time() - 61,) * 2)
    assert not healthy()


def test_a_bill_of_materials_names_each_pinned_library_of_this_platform() -> None:
    with_hash = "\\\n    --hash=sha256:00\n"
    locked = f"one==1.0 {with_hash}    # via two\ntwo==2.0 ; sys_platform == 'win32' {with_hash}"
    bill = bill_of("windtunnel", "0.1.0", locked)
    assert [one["purl"] for one in bill["components"]] == ["pkg:pypi/one@1.0"]
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", "0.1.0")
    workers = bill_of("windtunnel", "0.1.0", (DEPLOY / "requirements" / "worker.txt").read_text())
    assert {"celery", "docker", "pydantic"} <= {one["name"] for one in workers["components"]}


def test_each_service_of_the_compose_file_is_asked_for_its_health() -> None:
    services = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())["services"]
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["collector"]
