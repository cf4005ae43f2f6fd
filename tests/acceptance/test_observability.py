"""Alerts and dashboards against a real Prometheus (Debian: prometheus): `make observability-test`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from tests.contract.driver import THERE, Driver
from tests.support import ROOT, free_port, get_json, missing, until

from windtunnel.contract import Outcome, SecurityLevel
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel_worker.telemetry.exporter import listen

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/windtunnel.json").read_text())
PANELS = {
    f"{panel['title']}: {target['legendFormat']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel.get("targets", ())
}
pytestmark = pytest.mark.observability


def program(name: str) -> str:
    return shutil.which(name) or missing(f"there is no {name} on this machine")


@pytest.fixture(scope="module")
def records(redis_url: str) -> Iterator[Records]:
    """A deployment to which something of everything happened, while it is scraped."""
    records = Records(Connection(redis_url, "wt"), 1000)
    yield records
    records.close()


@pytest.fixture(scope="module")
def prometheus(records: Records, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has scraped the deployment several times, with the shipped alerts."""
    folder, server = tmp_path_factory.mktemp("prometheus"), program("prometheus")
    exporter = listen(records, "127.0.0.1", 0)
    settings = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings["rule_files"] = [str(DEPLOY / "prometheus/alerts.yml")]
    settings["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{exporter.server_port}"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    port = free_port()
    command = [
        *(server, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
    ]
    with redis.Redis.from_url(redis_url, decode_responses=True) as keys, (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            keys.flushall()  # of what other tests left
            driver = Driver(records, keys)
            driver.host("here", slots=2)
            for _ in range(3):  # a rate needs figures that grow
                happen(driver)
                await_scrape(url, time.time())
            yield url
        finally:
            process.terminate()
            process.wait(30)
            exporter.shutdown()
            exporter.server_close()


def happen(driver: Driver) -> None:
    """Jobs of every outcome, one that waits and one that is rejected."""
    batch = driver.ready(len(Outcome) + 2, owner="alice", priority=0)
    for outcome in Outcome:
        driver.executed(driver.claim()[0], outcome=outcome)
    driver.claim(THERE)
    driver.finalize()
    driver.submit(1, owner="bob", codes=[f"import os # {batch}"])
    driver.judge(SecurityLevel.CRITICAL)
    driver.finalize()
    driver.records.metrics.add({"verdicts:cached": 1, "finding:imports": 1, "stage:prepare:5": 1})


def await_scrape(url: str, since: float) -> None:
    """Until something that was scraped after this moment can be queried."""

    def scraped() -> bool:
        found = ask(url, "timestamp(windtunnel_redis_up)")
        return bool(found) and float(found[0]["value"][1]) > since

    until(scraped, "Prometheus has scraped")


def ask(url: str, query: str) -> list[dict[str, Any]]:
    answer = get_json(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


@pytest.mark.parametrize("panel", PANELS)
def test_each_line_of_the_dashboard_has_figures(prometheus: str, panel: str) -> None:
    assert ask(prometheus, PANELS[panel])


def test_prometheus_takes_each_rule_and_each_is_about_metrics_that_exist(prometheus: str) -> None:
    groups = get_json(f"{prometheus}/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == 19
    assert [rule for rule in rules if rule["health"] == "err"] == []
    names = {name for rule in rules for name in re.findall(r"\bwindtunnel_\w+", rule["query"])}
    assert {name for name in names if not ask(prometheus, name)} == set()


def test_each_alert_fires_and_none_fires_on_a_healthy_deployment() -> None:
    done = subprocess.run(
        [program("promtool"), "test", "rules", "alerts_test.yml"],
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_the_one_that_is_built(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "grafana/build.py", tmp_path)
    (tmp_path / "dashboards").mkdir()
    subprocess.run([sys.executable, tmp_path / "build.py"], check=True)
    assert json.loads((tmp_path / "dashboards/windtunnel.json").read_text()) == DASHBOARD
