"""The example of a trading app as its user sees it: in Chromium, on the whole system."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from examples.trading_app.app import events, findings
from examples.trading_app.ideas import IDEAS, numbers
from fastapi import HTTPException
from tests.browser import Browser
from tests.scored import edge, noise, report
from tests.support import EXAMPLES, PATIENCE_S, ROOT, Stack, command, free_port, get_json, until

from windtunnel.analysis.leaderboard import leaderboard
from windtunnel.client import AsyncClient, Client
from windtunnel.contract import BatchStatus, Event, EventKind
from windtunnel.errors import StoreUnavailable
from windtunnel.testing import Tunnel

GRID = {"fast": "5:95:5,110", "slow": "110:200:10"}  # 200 variants; in one of them fast is not below slow
MANY = {"fast": "1:50", "slow": "51:200:5"}
"""1,500 variants: enough that it can be cancelled while it runs."""


@pytest.fixture(scope="module")
def address(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app is."""
    added = command("datasets", "add", "sp500", EXAMPLES / "data" / "sp500.csv", under=stack.environment)
    assert added.returncode == 0, added.stderr
    port = free_port()
    log = tmp_path_factory.mktemp("app") / "log"
    with log.open("wb") as opened:
        arguments = [sys.executable, "-m", "uvicorn", "examples.trading_app.app:app", "--port", str(port)]
        arguments += ["--timeout-graceful-shutdown", "5"]  # the page of a test that failed may follow a batch
        with subprocess.Popen(arguments, cwd=ROOT, env=stack.environment, stdout=opened, stderr=opened) as process:
            try:
                until(lambda: "Uvicorn running" in log.read_text() or process.poll() is not None, "the app is there")
                assert process.poll() is None, log.read_text()
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Browser:
    browser.width(1100, 800)
    return browser


def picture(browser: Browser, name: str) -> None:
    """Keep a picture in the folder that PICTURES names, for a person to look at."""
    if folder := os.environ.get("PICTURES"):
        browser.picture(Path(folder) / f"{name}.png")


def start(browser: Browser, values: dict[str, str]) -> str:
    """Fill in the form and send it. Gives the batch's id."""
    browser.run("document.querySelector('#dataset').value = 'sp500'")  # other tests of this stack add datasets
    before = browser.run("document.querySelectorAll('article').length")
    browser.run(
        f"for (const [name, text] of Object.entries({json.dumps(values)}))"
        " document.querySelector(`#values input[name=${name}]`).value = text"
    )
    browser.run("document.querySelector('#form button').click()")
    browser.until(f"document.querySelectorAll('article').length === {before + 1}")
    found: str = browser.run("document.querySelector('article').dataset.batch")
    return found


def click(browser: Browser, batch: str, button: str) -> None:
    browser.run(f"document.querySelector('[data-batch=\"{batch}\"] .{button}').click()")


def await_state(browser: Browser, batch: str, state: str) -> None:
    browser.until(f"document.querySelector('[data-batch=\"{batch}\"]').dataset.state === '{state}'")


def note_changes(browser: Browser) -> None:
    """Have the page itself note each state and progress that it shows: some last too short to be asked for."""
    browser.run(
        "window.noted = []; new MutationObserver((changes) => changes.forEach(({target, attributeName: name}) =>"
        " noted.push([target.closest('article').dataset.batch, name, target.getAttribute(name)])))"
        ".observe(document.querySelector('#backtests'),"
        " {subtree: true, attributes: true, attributeFilter: ['data-state', 'value']})"
    )


def noted(browser: Browser, batch: str, name: str) -> list[str]:
    """What this attribute of a batch's card became, in order."""
    return [value for of, changed, value in browser.run("window.noted") if (of, changed) == (batch, name)]


def words(browser: Browser, batch: str, part: str) -> str:
    found: str = browser.run(f"document.querySelector('[data-batch=\"{batch}\"] {part}').innerText")
    return found


def test_variants_run_are_repaired_cancelled_and_reported(browser: Browser, address: str, app: Client) -> None:
    browser.open(address)
    browser.until("document.body.dataset.ready")
    note_changes(browser)

    batch = start(browser, GRID)
    browser.until("document.querySelector('article progress').value > 20")
    picture(browser, "1-progress")
    await_state(browser, batch, "done")
    assert noted(browser, batch, "data-state") == ["running", "done"]
    assert len(set(noted(browser, batch, "value"))) > 2
    assert words(browser, batch, ".count") == "200 of 200"
    assert words(browser, batch, ".outcomes") == "199 succeeded, 1 failed", words(browser, batch, ".failures")
    assert "fast must be below slow" in words(browser, batch, ".failures")
    assert browser.run("document.querySelectorAll('article tbody tr').length") == 10

    (failed,) = [report for report in app.reports(batch) if report.outcome == "failed"]
    click(browser, batch, "retry")
    browser.until(f"noted.filter(([of, name]) => of === '{batch}' && name === 'data-state').length === 4")
    assert noted(browser, batch, "data-state") == ["running", "done"] * 2
    assert len(app.report(failed.job_id).attempts) == 2
    assert words(browser, batch, ".outcomes") == "199 succeeded, 1 failed"

    other = start(browser, MANY)
    await_state(browser, other, "running")
    click(browser, other, "cancel")
    await_state(browser, other, "done")
    assert "cancelled" in words(browser, other, ".outcomes")
    assert words(browser, other, ".count") == "1500 of 1500"
    picture(browser, "2-cancelled")

    browser.open(address)  # a page that is opened again shows the same
    browser.until("document.body.dataset.ready")
    for one in (batch, other):
        await_state(browser, one, "done")
    assert browser.problems == []
    browser.open(browser.run(f"document.querySelector('[data-batch=\"{batch}\"] .report').href"))
    assert browser.run("document.querySelectorAll('#leaderboard tr[data-job]').length") == 25
    picture(browser, "3-report")


def test_what_is_wrong_with_the_form_is_said(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.until("document.body.dataset.ready")
    for values, said in (
        ({"fast": "5", "slow": "x"}, "'x' is neither a number nor a range"),
        ({"fast": "1:5000", "slow": "1:5000"}, "at most 10,000"),
        ({"fast": "1:1e9", "slow": "1"}, "as from:to:step"),
    ):
        browser.run(
            f"for (const [name, text] of Object.entries({json.dumps(values)}))"
            " document.querySelector(`#values input[name=${name}]`).value = text"
        )
        browser.run("document.querySelector('#form button').click()")
        browser.until(f"document.querySelector('#problem').textContent.includes({json.dumps(said)})")
    picture(browser, "4-problem")


def post(url: str, **body: Any) -> int:
    headers = {"Content-Type": "application/json", "Sec-Fetch-Site": body.pop("site", "same-origin")}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_form_that_is_sent_twice_starts_one_batch(address: str, app: Client) -> None:
    wanted = {"idea": "crossover", "dataset": "sp500", "values": {"fast": "5", "slow": "50"}, "key": "0123456789"}
    before = len(get_json(f"{address}/api/backtests"))
    assert [post(f"{address}/api/backtests", **wanted) for _ in range(2)] == [201, 201]
    assert len(get_json(f"{address}/api/backtests")) == before + 1
    assert post(f"{address}/api/backtests", **{**wanted, "key": "other-key", "dataset": "sp501"}) == 422
    assert post(f"{address}/api/backtests", **{**wanted, "idea": "none"}) == 422
    assert post(f"{address}/api/backtests/0123/cancel") == 404
    for action in ("", "/0123/cancel", "/0123/retry"):
        assert post(f"{address}/api/backtests{action}", site="cross-site", **wanted) == 403
    assert app.batches(1)[0].owner == "trading-app"


def test_values_are_numbers_and_ranges() -> None:
    assert numbers("5, 10:20:5,1.5") == [5, 10, 15, 20, 1.5]
    assert numbers("3:5") == [3, 4, 5]
    for wrong in ("", "x", "1:2:0", "1:2:-1", "5:1", "1:2:3:4", "nan", "1:inf"):
        with pytest.raises(ValueError, match=r"neither a number|as from:to:step"):
            numbers(wrong)
    assert len(IDEAS["crossover"].variants("sp500", GRID)) == 200


def test_variants_are_ranked_by_what_windtunnel_computed() -> None:
    scored = [report(n, wanted, params={"fast": n}) for n, wanted in enumerate(noise(20))]
    found = findings(leaderboard([*scored, report(100, edge(share=0.7), params={"fast": 100})]), [])
    assert found["ranked"][0]["params"] == {"fast": 100}
    assert found["ranked"][0]["probability"] > 0.95
    assert len(found["ranked"]) == 10


def test_a_stream_ends_without_its_last_event_while_redis_is_away() -> None:
    """The browser connects again then, and goes on after the last event it got."""

    class Away:
        async def status(self, batch: str) -> BatchStatus:
            now = datetime.now(UTC)
            return BatchStatus(batch_id=batch, name="x", total=2, finished=0, submitted_at=now)

        async def stream(self, batch: str, *, after: str) -> AsyncIterator[Event]:
            yield Event(id=f"{after}1", batch_id=batch, kind=EventKind.FINISHED, finished=1, total=2)
            raise StoreUnavailable("Redis does not answer.")

    async def lines() -> list[Any]:
        answer = await events("0123", cast(AsyncClient, Away()), after="0")
        return [line async for line in answer.body_iterator]

    (line,) = asyncio.run(lines())
    assert line.startswith("id: 01\nevent: finished\n")


def test_a_job_is_refused_before_a_stream_begins() -> None:
    with closing(Tunnel().client) as client, pytest.raises(HTTPException, match="not a batch"):
        asyncio.run(events(client.submit({"code": "print(1)"}), AsyncClient(sync=client)))
