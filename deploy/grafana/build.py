"""Writes `dashboards/windtunnel.json`, the dashboard that Grafana is given: `python deploy/grafana/build.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SOURCE = {"type": "prometheus", "uid": "windtunnel-prometheus"}
WIDTH, HEIGHT = 8, 8
COLUMNS = 24 // WIDTH

# Row → its panels: title, unit, and the queries with the names of their lines.
ROWS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "Now": [
        (
            "Unfinished jobs",
            "short",
            {
                "unfinished": "windtunnel_unfinished_jobs",
                "running": "sum(windtunnel_jobs_running)",
                "waiting for a report": "windtunnel_jobs_awaiting_report",
            },
        ),
        (
            "Age of the oldest batch",
            "s",
            {"unfinished": "windtunnel_unfinished_oldest_seconds", "{{queue}}": "windtunnel_queue_oldest_seconds"},
        ),
        (
            "Slots",
            "short",
            {
                "all": "sum(windtunnel_host_slots)",
                "busy": "sum(windtunnel_host_slots_busy)",
                "sandboxes ready": "sum(windtunnel_host_sandboxes_ready)",
            },
        ),
    ],
    "Jobs": [
        ("Finished a second, by outcome", "ops", {"{{outcome}}": "sum by (outcome) (rate(windtunnel_jobs_total[5m]))"}),
        (
            "Lost to the machinery",
            "percentunit",
            {
                "of all jobs": 'sum(increase(windtunnel_jobs_total{outcome=~"lost|infrastructure_error"}[15m]))'
                " / sum(increase(windtunnel_jobs_total[15m]))"
            },
        ),
        ("Limits exceeded", "ops", {"{{limit}}": "rate(windtunnel_limit_violations_total[5m])"}),
        (
            "Rejected, by what was found",
            "ops",
            {"{{category}}": "rate(windtunnel_rejections_by_category_total[5m])"},
        ),
        (
            "From the caches",
            "percentunit",
            {
                "results": "sum(rate(windtunnel_jobs_reused_total[15m])) / sum(rate(windtunnel_jobs_total[15m]))",
                "verdicts": 'sum(rate(windtunnel_verdicts_total{source="cached"}[15m]))'
                " / sum(rate(windtunnel_verdicts_total[15m]))",
            },
        ),
        (
            "Messages and slots",
            "short",
            {"{{queue}} messages": "windtunnel_queue_messages", "{{queue}} slots": "windtunnel_queue_slots"},
        ),
    ],
    "Stages": [
        (
            "Half of the jobs take at most",
            "s",
            {
                "{{stage}}": "histogram_quantile(0.5, sum by (le, stage) (rate(windtunnel_stage_duration_seconds_bucket[5m])))"
            },
        ),
        (
            "19 of 20 jobs take at most",
            "s",
            {
                "{{stage}}": "histogram_quantile(0.95, sum by (le, stage) (rate(windtunnel_stage_duration_seconds_bucket[5m])))"
            },
        ),
        (
            "Sandbox starts",
            "ops",
            {"started": 'rate(windtunnel_stage_duration_seconds_count{stage="prepare"}[5m])'},
        ),
    ],
    "Owners": [
        ("Waiting", "short", {"{{owner}}": "sum by (owner) (windtunnel_jobs_waiting)"}),
        ("Running", "short", {"{{owner}}": "windtunnel_jobs_running"}),
        ("Share of the slots", "short", {"{{owner}}": "rate(windtunnel_slot_seconds_total[5m])"}),
        (
            "Waiting, by priority",
            "short",
            {"{{queue}} {{priority}}": "sum by (queue, priority) (windtunnel_jobs_waiting)"},
        ),
    ],
    "Hosts": [
        ("Busy slots", "percentunit", {"{{host}}": "windtunnel_host_slots_busy / (windtunnel_host_slots > 0)"}),
        (
            "Hosts",
            "short",
            {
                "up": "sum(windtunnel_host_up)",
                "draining": "sum(windtunnel_host_draining)",
                "paused": "sum(windtunnel_host_paused)",
            },
        ),
        (
            "Redis memory",
            "bytes",
            {"used": "windtunnel_redis_memory_used_bytes", "limit": "windtunnel_redis_memory_limit_bytes"},
        ),
    ],
    "Faults": [
        (
            "Repairs",
            "ops",
            {
                "retries": "rate(windtunnel_retries_total[5m])",
                "recoveries": "rate(windtunnel_recoveries_total[5m])",
                "lost": "rate(windtunnel_lost_total[5m])",
                "faults": "rate(windtunnel_faults_total[5m])",
            },
        ),
        (
            "Host failures",
            "ops",
            {
                "failures": "rate(windtunnel_host_failures_total[5m])",
                "pauses": "rate(windtunnel_host_pauses_total[5m])",
                "orphaned sandboxes": "rate(windtunnel_orphans_total[5m])",
            },
        ),
        (
            "Needs a look",
            "short",
            {
                "unreadable messages, dead webhooks": "windtunnel_dead_letters",
                "webhooks that wait": "windtunnel_webhooks_waiting",
                "groups that no host can serve": "windtunnel_unservable_lanes",
                "reconciler": "windtunnel_reconciler_active",
                "Redis": "windtunnel_redis_up",
            },
        ),
    ],
}


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana stores it."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row, wanted in ROWS.items():
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": row, "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}}
        )
        top += 1
        for place, (title, unit, queries) in enumerate(wanted):
            where = {"x": WIDTH * (place % COLUMNS), "y": top + HEIGHT * (place // COLUMNS), "w": WIDTH, "h": HEIGHT}
            panels.append({"id": len(panels) + 1, "gridPos": where, **_panel(title, unit, queries)})
        top += HEIGHT * -(-len(wanted) // COLUMNS)
    return {
        "uid": "windtunnel",
        "title": "Windtunnel",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "panels": panels,
    }


def _panel(title: str, unit: str, queries: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": query, "legendFormat": name, "datasource": SOURCE}
            for place, (name, query) in enumerate(queries.items())
        ],
    }


if __name__ == "__main__":
    place = Path(__file__).parent / "dashboards/windtunnel.json"
    place.write_text(json.dumps(dashboard(), indent=2) + "\n")
