"""Logs as JSON."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from windtunnel.client import Client
from windtunnel.contract import Job
from windtunnel_worker.pipeline.collaborators import log_what_happens
from windtunnel_worker.telemetry.logs import JsonFormatter


def test_what_happens_to_a_job_is_a_line_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="windtunnel"):
        log_what_happens("retry", "b-1", attempt=2, reason="redis://worker:p@ss@host:6379/0 is away")
    line = json.loads(JsonFormatter().format(caplog.records[0]))
    assert (line["action"], line["job_id"], line["attempt"], line["level"]) == ("retry", "b-1", 2, "INFO")
    assert line["batch_id"] == "b"
    assert line["reason"] == "redis://worker:***@host:6379/0 is away"
    assert "ss@" not in json.dumps(line)


def test_the_action_of_every_line_is_a_field(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="windtunnel"):
        logging.getLogger("windtunnel").warning("action=webhook-dead event=%s reason=x", "b:1")
        logging.getLogger("windtunnel").warning("action=newer job=%s", "b-7")
        logging.getLogger("windtunnel").warning("no action=here")
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [(line.get("action"), line.get("job_id"), line.get("batch_id")) for line in lines] == [
        ("webhook-dead", None, None),
        ("newer", "b-7", "b"),
        (None, None, None),
    ]


def test_a_process_writes_nothing_but_json() -> None:
    code = """
import os, warnings
from windtunnel_worker.telemetry.logs import start_with_json
start_with_json()
os.write(1, b"banner")
warnings.warn("two\\nlines")
raise ValueError("redis://worker:hunter2@host is away")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    warning, died = map(json.loads, done.stderr.splitlines())
    assert "two\nlines" in warning["message"]
    assert "ValueError: redis://worker:***@host is away" in died["exception"]


def test_who_submitted_and_cancelled_is_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="windtunnel.audit"):
        batch = client.submit_batch([Job(code="print('secret')")] * 2, owner="alice")
        client.cancel(batch)
    assert [record.getMessage() for record in caplog.records] == [
        f"action=submitted batch={batch} jobs=2 who=alice",
        f"action=cancelled name={batch} jobs=2 who={client.who}",
    ]
