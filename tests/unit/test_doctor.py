"""What `doctor` makes of what it finds."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.support import NOW, a_host, free_port

import windtunnel
from windtunnel.cli.doctor import archive_checks, host_checks, queue_checks, redis_checks, worker_checks
from windtunnel.errors import HostFeatureMissing
from windtunnel.records.metrics import Figures
from windtunnel.records.reading import Server
from windtunnel.records.spool import Waiting
from windtunnel_worker import host_checks as checks_of_a_host
from windtunnel_worker.host_checks import (
    archive_folder,
    collector,
    confinement_checks,
    disk_check,
    limit_check,
    store_check,
    webhook_check,
)
from windtunnel_worker.settings import HostSettings

VERSIONS = {"new": windtunnel.__version__, "old": "0.0.1"}
AWAY = "redis://127.0.0.1:1/0"


def test_doctor_counts_the_workers_of_each_queue() -> None:
    hosts = [a_host("a", pools=("default", "gpu")), a_host("b"), a_host("gone", live=False, pools=("tpu",))]
    served = {
        "validate": ["validate@a", "validate@b"],
        "execute": ["execute@b", "execute@a"],
        "monitor.a": ["monitor@a"],
        "other": ["x@y"],
    }
    found = {one.name: (one.well, one.detail) for one in worker_checks(served, hosts)}
    assert found["workers of validate"] == (True, "2 (validate@a, validate@b)")
    assert found["workers of execute"] == (True, "2 (execute@a, execute@b)")
    assert found["workers of monitor.a"] == (True, "1 (monitor@a)")
    assert found["workers of other"] == (True, "1 (x@y)")
    missing = {name.removeprefix("workers of ") for name, (well, _) in found.items() if not well}
    assert missing == {"execute.gpu", "finalize", "monitor.b"}
    assert "WINDTUNNEL_POOLS" in found["workers of execute.gpu"][1]
    assert "on b with `python -m windtunnel_worker monitor`" in found["workers of monitor.b"][1]


def test_doctor_misses_workers_where_jobs_wait_for_a_pool() -> None:
    found = worker_checks({"execute": ["execute@a"]}, [a_host("a")], ["validate", "execute.gpu"])
    (gpu,) = [one for one in found if one.name == "workers of execute.gpu"]
    assert not gpu.well
    assert "where WINDTUNNEL_POOLS names gpu" in gpu.detail


@pytest.mark.parametrize(
    ("fields", "name", "part"),
    [
        ({"append_only": False}, "Redis on disk", "--appendonly yes"),
        ({"writes": False}, "Redis on disk", "free space on its disk"),
        ({"eviction": "allkeys-lru"}, "Redis when full", "noeviction"),
        ({"used_bytes": 900 * 2**20, "limit_bytes": 1000 * 2**20}, "Redis's memory", "900 MB used of 1,000 MB: "),
        ({"replica": True}, "Redis's role", "its master's address"),
    ],
)
def test_doctor_says_how_to_set_up_redis(fields: dict[str, Any], name: str, part: str) -> None:
    well = Server(True, True, "noeviction", 2**20, 0, False)
    assert all(one.well for one in redis_checks(well))
    (bad,) = [one for one in redis_checks(replace(well, **fields)) if not one.well]
    assert bad.name == name
    assert part in bad.detail


def test_doctor_says_when_reports_do_not_come_into_the_archive() -> None:
    assert archive_checks(Waiting(0), NOW) == []
    (well,) = archive_checks(Waiting(1, NOW - timedelta(seconds=50)), NOW)
    assert (well.well, well.detail) == (True, "1 report not written yet, the oldest for 50 s")
    (late,) = archive_checks(Waiting(1234, NOW - timedelta(hours=2)), NOW)
    assert not late.well
    assert "1,234 reports" in late.detail
    assert "archive-failed" in late.detail


@pytest.mark.parametrize("broken", [False, True])
def test_doctor_writes_into_the_store_and_the_archive_of_its_host(broken: bool, tmp_path: Path) -> None:
    place = tmp_path / "archive"
    place.write_text("no folder") if broken else place.mkdir()
    assert archive_folder(HostSettings(archive_url=None)) == []
    (found,) = archive_folder(HostSettings(archive_url=SecretStr(str(place))))
    assert found.well is not broken
    assert broken is ("WINDTUNNEL_ARCHIVE_URL" in found.detail)
    store = store_check(HostSettings(store_url=SecretStr(str(place)), redis_url=SecretStr(AWAY)))
    assert store.well is not broken
    assert broken is ("WINDTUNNEL_STORE_URL" in store.detail)
    assert broken or list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("fields", "name", "part"),
    [
        ({"reconciled": False}, "reconciler", "start or restart a validate or finalize worker"),
        ({"unservable": 1}, "images", "`windtunnel image`"),
        ({"awaiting_report": 501}, "reports", "501 jobs"),
    ],
)
def test_doctor_says_what_keeps_jobs_from_their_reports(fields: dict[str, Any], name: str, part: str) -> None:
    well = Figures({}, (), (), {}, {}, (), {}, 0, 0.0, 500, 0, 0, 0, True)
    assert all(one.well for one in queue_checks(well))
    (bad,) = [one for one in queue_checks(replace(well, **fields)) if not one.well]
    assert bad.name == name
    assert part in bad.detail


def test_doctor_finds_a_host_of_another_version() -> None:
    hosts = [a_host(name, versions=f"windtunnel {version}, docker 20.10") for name, version in VERSIONS.items()]
    assert [(one.name, one.well) for one in host_checks(hosts, NOW)] == [("host new", True), ("host old", False)]


def test_doctor_says_what_a_docker_engine_cannot_confine() -> None:
    settings = HostSettings(runtime="runsc", apparmor_profile="windtunnel-sandbox")
    well = {"SecurityOptions": ["name=seccomp,profile=default", "name=apparmor"], "Runtimes": {"runc": {}, "runsc": {}}}
    assert confinement_checks(well, settings) == []
    found = confinement_checks({"Runtimes": {"runc": {}}}, settings)
    assert [one.name for one in found] == ["seccomp", "AppArmor", "runtime"]
    assert not any(one.well for one in found)
    assert "deploy/runsc.sh" in found[2].detail
    (unsaid,) = confinement_checks({**well, "DefaultRuntime": "runsc-kvm"}, HostSettings())
    assert "WINDTUNNEL_RUNTIME=runsc-kvm" in unsaid.detail
    assert confinement_checks({**well, "DefaultRuntime": "runc"}, HostSettings()) == []
    assert not limit_check({"PidsLimit": True}).well


def test_doctor_looks_at_the_disk_of_each_folder(tmp_path: Path) -> None:
    found = disk_check(tmp_path, tmp_path / "not made yet", Path("/dev/shm"))
    assert found.detail.count("GB free below") == len({os.stat(place).st_dev for place in (tmp_path, "/dev/shm")})


@pytest.mark.parametrize(
    ("hosts", "secret", "said"),
    [
        ((), None, "none are sent"),
        (("hooks.test",), "x" * 32, "to hooks.test"),
        (("hooks.test",), None, "WINDTUNNEL_WEBHOOK_SECRET"),
        (("hooks.test",), "", "WINDTUNNEL_WEBHOOK_SECRET"),
        ((), "x" * 32, "WINDTUNNEL_WEBHOOKS"),
    ],
)
def test_doctor_says_what_webhooks_lack(hosts: tuple[str, ...], secret: str | None, said: str) -> None:
    settings = HostSettings(webhooks=hosts, webhook_secret=None if secret is None else SecretStr(secret))
    found = webhook_check(settings)
    assert (found.well, said in found.detail) == (bool(hosts) == bool(secret), True)


def test_doctor_says_what_drains_and_what_is_paused() -> None:
    hosts = [
        a_host("drained", draining="client:ops"),
        a_host("paused", paused="Its disk is full."),
        a_host("gone", live=False, last_seen=NOW - timedelta(hours=5)),
    ]
    found = {one.name: (one.well, one.detail) for one in host_checks(hosts, NOW)}
    assert found["host drained"][0]
    assert "requested by client:ops" in found["host drained"][1]
    assert not found["host paused"][0]
    assert "Its disk is full." in found["host paused"][1]
    assert found["host gone"] == (True, "not running; last seen 5 h ago")
    assert not found["hosts"][0]
    assert [(one.name, one.well) for one in host_checks([a_host("a")], NOW)] == [("host a", True)]
    assert [(one.name, one.well) for one in host_checks([], NOW)] == [("hosts", False)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:{free}", "Connection refused"),
        ("collector:4318", "not the URL of an HTTP server"),
        ("http://collector:4318x", "not the URL of an HTTP server"),
    ],
)
def test_doctor_says_why_no_traces_arrive(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_of_a_host, "tracing_for", lambda _: object)  # as if the libraries were installed
    with pytest.raises(HostFeatureMissing, match=said):
        collector({"OTEL_EXPORTER_OTLP_ENDPOINT": url.format(free=free_port())})


def test_doctor_names_the_collector_that_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_of_a_host, "tracing_for", lambda _: object)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert collector({"OTEL_EXPORTER_OTLP_ENDPOINT": url}) == f"to {url}"
