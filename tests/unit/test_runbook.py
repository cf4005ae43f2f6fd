"""The runbook has a section for each alert."""

from __future__ import annotations

import re

from tests.support import ROOT

ALERTS = (ROOT / "deploy/prometheus/alerts.yml").read_text()


def test_each_alert_has_its_section_and_names_it() -> None:
    alerts = re.findall(r"- alert: (\w+)", ALERTS)
    sections = re.findall(r"^### (Windtunnel\w+)$", (ROOT / "deploy/RUNBOOK.md").read_text(), re.MULTILINE)
    assert sorted(alerts) == sorted(sections)
    assert re.findall(r"runbook: deploy/RUNBOOK\.md#(\w+)", ALERTS) == [alert.lower() for alert in alerts]
