"""The pages of a batch and of a job as a reader sees them: in Chromium, from a file, without a network."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import Browser
from tests.scored import edge, noise, prices, report
from tests.unit.analysis.test_clusters import failed, rejected

from windtunnel.contract import Artifact, Attempt, DroppedFile, Execution, Outcome, Report, Sample, StageRun
from windtunnel.contract.catalogue import DataNote
from windtunnel.reports import batch_page, job_page
from windtunnel_worker.scoring import Market

HOSTILE = "</script><script>window.acted=1</script><img src=x onerror='window.acted=2'>\u202eevil\x1b[31m"
FORGED = {"trusted": True, "rank": 1, "sharpe": 9.99, "deflated": 1.0, HOSTILE: HOSTILE, "big": 2**63 + 1}


def said(**values: Any) -> Execution:
    return Execution(attempt=1, outcome=Outcome.SUCCEEDED, values=values, stdout=HOSTILE)


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    grid = [{"fast": 5 * (n % 6 + 1), "slow": 50 * (n // 6 % 5 + 1)} for n in range(60)]
    found = [report(n, wanted, params=grid[n]) for n, wanted in enumerate(noise(60))]
    found.append(report(100, edge(share=0.7), name="edge", labels={"note": HOSTILE[:60]}))
    found.append(report(101, np.zeros(1000), name="flat"))
    found.append(report(102, name="forger", execution=said(**FORGED)))
    found += [failed(200 + n, "KeyError", HOSTILE) for n in range(3)] + [rejected(300, "network.socket")]
    return found


@pytest.fixture(scope="module")
def batch(reports: list[Report], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pages") / "batch.html"
    file.write_text(batch_page(reports), "utf-8")
    return file


def texts(browser: Browser, selector: str) -> list[str]:
    found: list[str] = browser.run(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.innerText)"
    )
    return found


def jobs(browser: Browser) -> list[str]:
    found: list[str] = browser.run(
        "[...document.querySelectorAll('#leaderboard tr[data-job]')].map((one) => one.dataset.job)"
    )
    return found


def type_in(browser: Browser, words: str) -> None:
    browser.run(
        f"(() => {{ const box = document.getElementById('search'); box.value = {json.dumps(words)};"
        " box.dispatchEvent(new Event('input')); })()"
    )


def click(browser: Browser, selector: str) -> None:
    browser.run(f"document.querySelector({json.dumps(selector)}).click()")


def is_clean(browser: Browser, page: Path) -> None:
    """It acted on no hostile text, logged nothing and asked for nothing but itself."""
    assert browser.run("window.acted === undefined")
    assert browser.problems == []
    assert {url for url in browser.requests if not url.startswith("data:")} == {page.as_uri()}


def test_the_leaderboard_sorts_filters_and_turns_pages(browser: Browser, batch: Path) -> None:
    browser.open(batch)
    assert jobs(browser)[0] == "b-100"
    assert len(jobs(browser)) == 25
    click(browser, "[data-sort=sharpe]")
    assert jobs(browser)[0] == "b-100"
    click(browser, "[data-sort=sharpe]")
    worst = jobs(browser)[0]
    click(browser, "[data-sort=max_drawdown]")
    assert jobs(browser)[0] == "b-101"  # flat: no drawdown at all
    type_in(browser, "fast=10 slow=100")
    assert sorted(jobs(browser)) == ["b-37", "b-7"]
    type_in(browser, "sharpe>2")
    assert jobs(browser) == ["b-100"]
    type_in(browser, "return>500%")  # by the column's title
    assert jobs(browser) == ["b-100"]
    type_in(browser, "note=</script>")
    assert jobs(browser) == []
    assert texts(browser, "#leaderboard tbody") == ["No job matches the filter."]
    type_in(browser, worst)
    assert jobs(browser) == [worst]
    type_in(browser, "")
    browser.run(
        "(() => { const box = document.getElementById('outcome'); box.value = 'failed';"
        " box.dispatchEvent(new Event('change')); })()"
    )
    assert sorted(jobs(browser)) == ["b-200", "b-201", "b-202"]
    is_clean(browser, batch)


def test_parameters_of_every_kind_are_filtered_and_charted(browser: Browser, tmp_path: Path) -> None:
    """Long ones are cut each for itself, so that the others are still there."""
    text, page = "x" * 2000, tmp_path / "odd.html"
    grid = [
        {
            "ma-fast": [0.1 + 0.2, 1, None][n % 3],
            "rate.x": 10.0**-n,
            "window": str(n),
            "on": n % 2 == 0,
            "list": [n, 1],
            "note": text,
        }
        for n in range(12)
    ]
    many = {f"p{n:03}": n for n in range(300)}
    found = [report(n, wanted, params=grid[n]) for n, wanted in enumerate(noise(12))]
    page.write_text(batch_page([*found, report(99, noise(1, seed=4)[0], params={"ma-fast": 7, **many})]), "utf-8")
    browser.open(page)
    for words, expected in {
        "ma-fast=null": [2, 5, 8, 11],
        "rate.x<1e-9": [10, 11],
        "window=10": [10],
        "on=true ma-fast<1": [0, 6],
        "list=[3,1]": [3],
        "p005=5": [99],
        "ma-fast>6": [99],
    }.items():
        type_in(browser, words)
        assert sorted(jobs(browser)) == sorted(f"b-{n}" for n in expected), words
    assert browser.run("document.querySelectorAll('#heat select option').length") == 8
    assert texts(browser, "#heat tbody tr b") == ["0.3", "1", "7", "null"]
    assert len(page.read_text("utf-8")) < 100_000
    is_clean(browser, page)


@pytest.mark.parametrize(
    ("params", "selector", "count"),
    [
        ([{"n": n, "kind": "ema"} for n in range(5, 55)], "#by-parameter canvas", 1),
        ([{"kind": kind} for kind in ("ema", "sma", "</script>")], "#by-parameter td.n", 3),
        ([{"n": 10**16 + 2 * n} for n in range(2)], "#by-parameter canvas", 1),
        ([{"rate": n / 71, "kind": "ab"[n % 2]} for n in range(50)], "#heat tbody tr", 7),
        ([{"n": n} for n in (1, 1)], "#heat, #by-parameter", 0),
    ],
    ids=["one", "one-of-words", "one-too-large-to-count-up", "many-values-in-ranges", "none-that-varies"],
)
def test_any_sweep_is_charted(
    browser: Browser, tmp_path: Path, params: list[dict[str, Any]], selector: str, count: int
) -> None:
    page = tmp_path / "sweep.html"
    found = [report(n, wanted, params=params[n]) for n, wanted in enumerate(noise(len(params)))]
    page.write_text(batch_page(found), "utf-8")
    browser.open(page)
    assert browser.run(f"document.querySelectorAll({json.dumps(selector)}).length") == count
    is_clean(browser, page)


def test_a_job_without_a_sharpe_ratio_stands_below_and_says_why(browser: Browser, batch: Path) -> None:
    browser.open(batch)
    type_in(browser, "b-101")
    assert texts(browser, "tr[data-job='b-101'] td")[0] == "–"
    click(browser, "tr[data-job='b-101']")
    assert "it never traded" in texts(browser, "#leaderboard dl")[0]


def test_the_page_of_a_batch_can_be_used_with_the_keyboard(browser: Browser, batch: Path) -> None:
    browser.open(batch)
    browser.run("document.querySelector('tr.pick').focus()")
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13)
    first = browser.run("document.activeElement.dataset.job")
    assert first in texts(browser, "#leaderboard dl")[0]
    unnamed = (
        "[...document.querySelectorAll('input, select')].filter((one) => !one.labels.length && !one.ariaLabel).length"
    )
    assert browser.run(unnamed) == 0


def test_a_dark_page_is_printed_light_and_whole(browser: Browser, batch: Path) -> None:
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    try:
        browser.call("Emulation.setDeviceMetricsOverride", width=720, height=1000, deviceScaleFactor=1, mobile=False)
        browser.call("Emulation.setEmulatedMedia", media="print", features=dark)
        browser.open(batch)
        assert browser.run("document.documentElement.dataset.theme") == "dark"
        assert browser.run("getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
        assert browser.run("document.documentElement.scrollWidth") <= 720
        assert (
            browser.run(
                "[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).length"
            )
            == 0
        )
    finally:
        browser.call("Emulation.setEmulatedMedia", media="", features=[])
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_luck_is_shown_beside_the_ratios(browser: Browser, batch: Path) -> None:
    browser.open(batch)
    assert "1 of 62 trials is significant" in texts(browser, "#verdict")[0]
    assert browser.run("document.querySelector('#histogram .luck-label').textContent").startswith("luck alone")
    assert browser.run("document.querySelectorAll('#heat tbody tr').length") == 6
    assert browser.run("document.querySelectorAll('#scatter canvas').length") == 1


def test_a_cascade_shows_its_stages(browser: Browser, reports: list[Report], tmp_path: Path) -> None:
    runs = [StageRun(stage=1, metric="sharpe", at_least=0.5, passed=number < 20) for number in range(60)]
    some = [
        one.model_copy(update={"stages": (run,), "stage_count": 2}) for one, run in zip(reports, runs, strict=False)
    ]
    page = tmp_path / "cascade.html"
    page.write_text(batch_page(some), "utf-8")
    browser.open(page)
    assert texts(browser, "#stages tbody tr") == ["1\tsharpe of at least 0.50\t60\t20\t33%"]
    type_in(browser, "b-3")
    assert "2 of 2" in texts(browser, "tr[data-job='b-3'] td")
    type_in(browser, "b-59")
    assert texts(browser, "tr[data-job='b-59'] td")[0] == "–"
    assert "1 of 2" in texts(browser, "tr[data-job='b-59'] td")
    assert "buy and hold" in browser.run("document.querySelector('#histogram .market-label').textContent")
    is_clean(browser, page)


def test_nothing_that_a_program_says_stands_where_our_figures_do(browser: Browser, batch: Path) -> None:
    browser.open(batch)
    assert "9.99" not in "".join(texts(browser, "#leaderboard, .tiles, #verdict"))
    assert "sharpe = 9.99" in texts(browser, "#self-reported")[0]
    type_in(browser, "b-102")
    assert texts(browser, "tr[data-job='b-102'] td")[0] == "–"
    is_clean(browser, batch)


def test_hostile_text_is_shown_and_does_nothing(browser: Browser, batch: Path) -> None:
    browser.open(batch)
    shown = texts(browser, "#clusters")[0]
    assert "<img src=x" in shown
    assert "⟨U+202E⟩evil⟨U+001B⟩" in shown
    assert "<img" not in re.sub(r"<style.*?</style>", "", batch.read_text("utf-8"), flags=re.DOTALL)
    is_clean(browser, batch)


def test_light_dark_and_narrow(browser: Browser, batch: Path) -> None:
    def background() -> str:
        return str(browser.run("getComputedStyle(document.body).backgroundColor"))

    for dark in (False, True):
        browser.dark(dark)
        browser.open(batch)
        before = background()
        click(browser, "#theme")
        assert background() != before
    browser.dark(False)
    for width in (360, 1500):
        browser.width(width)
        browser.open(batch)
        assert browser.run("document.documentElement.scrollWidth <= window.innerWidth")
    is_clean(browser, batch)


def test_the_page_of_a_job(browser: Browser, reports: list[Report], tmp_path: Path) -> None:
    found = reports[60].model_copy(
        update={
            "execution": said(**FORGED).model_copy(
                update={
                    "data_notes": (DataNote(dataset="prices", kind="gap", message=f"A gap of 9 days. {HOSTILE}"),),
                    "not_finite": {"ratio": "NaN"},
                    "artifacts": (
                        Artifact(name="plots/plot.png", bytes=8, sha256="0" * 64),
                        Artifact(name="evil.svg", bytes=33, sha256="1" * 64),
                        Artifact(name="large.csv", bytes=10**7, sha256="2" * 64),
                    ),
                    "dropped": (DroppedFile(name=HOSTILE[:100], bytes=1, reason="is a link, not a file"),),
                }
            ),
            "validation": rejected(1, "network.socket").validation,
            "attempts": (Attempt(number=1, outcome=Outcome.LOST, message=HOSTILE, host="one"),),
        }
    )
    samples = [
        Sample(elapsed_s=n / 20, cpu_time_s=n / 20, cpu_percent=99, memory_mb=50 + n, io_operations=0, processes=1)
        for n in range(1, 30)
    ]
    page = tmp_path / "job.html"
    code = f"import socket\n# {HOSTILE}\n\nsocket.socket()\n"
    pictures = {"plots/plot.png": b"\x89PNG\r\n\x1a\n", "evil.svg": b"<svg onload='window.acted=3'/>"}
    page.write_text(job_page(found, code=code, samples=samples, pictures=pictures), "utf-8")
    browser.open(page)
    for name in ("equity", "drawdown", "positions", "timeline"):
        assert browser.run(f"document.querySelectorAll('#{name} svg path').length") >= 1, name
    assert texts(browser, "#figures tbody tr")[0].startswith("Total return")
    assert len(texts(browser, "#stress tbody tr")) == 4
    assert len(texts(browser, "#months tbody tr")) == 3
    assert "network.socket" in texts(browser, "#code div.note")[1]
    assert "9223372036854775809" in texts(browser, "#values")[0]
    assert "ratio (not finite)" in texts(browser, "#values")[0]
    assert "9.99" not in "".join(texts(browser, ".tiles, #figures"))
    assert "⟨U+202E⟩" in texts(browser, "#findings")[0]
    assert browser.run("document.images.length") == 1
    assert [row.split("\t")[0] for row in texts(browser, "#files tbody tr")[:3]] == [
        "plots/plot.png",
        "evil.svg",
        "large.csv",
    ]
    assert "not kept: it is a link" in texts(browser, "#files tbody tr")[3]
    links = "Array.from(document.querySelectorAll('#files a')).map((one) => one.download + ' ' + one.href.slice(0, 29))"
    start = "data:application/octet-stream"
    assert browser.run(links) == [f"plot.png {start}", f"evil.svg {start}"]
    is_clean(browser, page)


def test_readings_stand_as_far_apart_as_their_times(browser: Browser, tmp_path: Path) -> None:
    samples = [
        Sample(elapsed_s=at, cpu_time_s=at, cpu_percent=9, memory_mb=50, io_operations=0, processes=1)
        for at in (0.0, 0.5, 1.0, 3.0, 5.0)
    ]
    page = tmp_path / "job.html"
    page.write_text(job_page(report(1, noise(1)[0]), samples=samples), "utf-8")
    browser.open(page)
    line = browser.run("document.querySelector('#timeline svg path').getAttribute('d')")
    at = [float(point.split()[0]) for point in re.split("[ML]", line)[1:]]
    assert (at[3] - at[2]) / (at[1] - at[0]) == pytest.approx(4, abs=0.01)


def test_axes_tell_their_ticks_apart(browser: Browser, tmp_path: Path) -> None:
    """However little there is to show: a few minutes, and gains of fractions of a percent."""
    day = prices(7)
    few = Market([replace(day, times=day.times[0] + np.arange(7) * 60 * 10**9, close=100 + np.arange(7) / 100)], None)
    page = tmp_path / "few.html"
    page.write_text(job_page(report(1, np.ones(7), few)), "utf-8")
    browser.open(page)
    marks = browser.run("[...document.querySelectorAll('#equity svg text')].map((one) => one.textContent)")
    assert len(marks) > 5
    assert len(set(marks)) == len(marks)
    is_clean(browser, page)


def test_pages_stay_small(reports: list[Report]) -> None:
    thousand = [reports[n % 60].model_copy(update={"job_id": f"b-{n}"}) for n in range(1000)]
    assert len(batch_page(thousand).encode()) < 1_000_000


def test_ten_thousand_jobs_open(browser: Browser, reports: list[Report], tmp_path: Path) -> None:
    many = [reports[n % 60].model_copy(update={"job_id": f"b-{n}"}) for n in range(10_000)]
    page = tmp_path / "many.html"
    page.write_text(batch_page(many), "utf-8")
    browser.open(page)
    assert "10,000 of 10,000 jobs" in texts(browser, "#count")[0]
    is_clean(browser, page)
