"""Positions are scored in the finishing step, on prices out of the store; a fault of the store loses no report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from windtunnel.client.datasets import Datasets
from windtunnel.contract import JobSpec, Outcome, Scoring
from windtunnel.store import Store
from windtunnel.testing import Tunnel, returned, succeeded
from windtunnel_worker.prices import PriceScorer

INDEX = pd.date_range("2024-01-01", periods=60, freq="D", name="Date")
LONG = np.ones(60)


def add(tunnel: Tunnel, folder: Path, name: str = "prices", frame: pd.DataFrame | None = None) -> pd.DataFrame:
    close = np.linspace(100, 120, 60)
    frame = pd.DataFrame({"Open": close - 1, "Close": close}, index=INDEX) if frame is None else frame
    frame.to_csv(folder / f"{name}.csv")
    tunnel.client.datasets.add(name, folder / f"{name}.csv")
    return frame


def tunnel_of(*positions: float, paused: bool = False) -> Tunnel:
    return Tunnel(lambda _: returned(INDEX, np.array(positions) if positions else LONG, "prices"), paused=paused)


def job(**scoring: object) -> dict[str, object]:
    return {"code": "print(1)", "datasets": ["prices"], "scoring": Scoring(**scoring)}


def test_a_job_is_scored_and_its_positions_are_not_kept(tmp_path: Path) -> None:
    tunnel = tunnel_of()
    frame = add(tunnel, tmp_path)
    report = tunnel.client.report(tunnel.client.submit(job()))
    assert report.outcome is Outcome.SUCCEEDED
    assert report.score is not None
    assert report.score.metrics.total_return == pytest.approx(frame["Close"].iloc[-1] / frame["Close"].iloc[1] - 1)
    assert report.execution is not None
    assert (report.execution.positions, len(report.positions_sha256)) == ("", 64)


@pytest.mark.parametrize(
    ("columns", "price", "reason"),
    [
        (["Open", "Adj Close"], "close", ""),
        (["Level"], "close", ""),
        (["1. open", "4. close"], "close", ""),
        (["<OPEN>", "<CLOSE>", "<VOL>"], "close", ""),
        (["PX_LAST", "PX_VOLUME"], "close", ""),
        (["Otwarcie", "Zamkniecie", "Wolumen"], "close", ""),
        (["开盘", "收盘", "成交量"], "close", ""),
        (["Bid", "Ask"], "ask", ""),
        (["Bid", "Ask"], "close", "has no column 'close' of numbers. Set `price` in the job's scoring to one of"),
    ],
)
def test_prices_are_found_in_their_column(columns: list[str], price: str, reason: str, tmp_path: Path) -> None:
    tunnel = tunnel_of()
    add(tunnel, tmp_path, frame=pd.DataFrame({name: np.linspace(90, 99, 60) for name in columns}, index=INDEX))
    report = tunnel.client.report(tunnel.client.submit(job(price=price)))
    assert report.outcome is (Outcome.FAILED if reason else Outcome.SUCCEEDED)
    assert reason in report.message
    assert (report.score is None) == bool(reason)


@pytest.mark.parametrize("name", ["Open", "1. open", "<OPEN>", "PX_OPEN", "Otwarcie", "始値"])
def test_opens_are_found_under_vendors_names(name: str, tmp_path: Path) -> None:
    tunnel = tunnel_of()
    add(tunnel, tmp_path, frame=pd.DataFrame({name: np.linspace(90, 99, 60), "Close": 2 * LONG}, index=INDEX))
    report = tunnel.client.report(tunnel.client.submit(job(fill="open")))
    assert report.score is not None
    assert report.score.metrics.total_return == pytest.approx(2 / np.linspace(90, 99, 60)[1] - 1)


def test_opens_are_adjusted_as_the_closes_that_positions_are_valued_at(tmp_path: Path) -> None:
    tunnel, raw = tunnel_of(), np.linspace(100, 120, 60)
    factor = np.where(np.arange(60) < 30, 0.5, 1.0)  # a split in the middle
    frame = pd.DataFrame({"Open": raw / factor - 1, "Close": raw / factor, "Adj Close": raw}, index=INDEX)
    add(tunnel, tmp_path, frame=frame)
    report = tunnel.client.report(tunnel.client.submit(job(fill="open", price="adj close")))
    assert report.score is not None
    bought = (raw[1] / 0.5 - 1) * 0.5
    assert report.score.metrics.total_return == pytest.approx(raw[-1] / bought - 1)
    assert report.score.metrics.max_drawdown == pytest.approx(0.0)


def test_data_that_shows_the_future_is_not_scored_on(tmp_path: Path) -> None:
    tunnel = tunnel_of()
    add(tunnel, tmp_path, frame=pd.DataFrame({"Close": LONG}, index=INDEX[::-1]))
    report = tunnel.client.report(tunnel.client.submit(job()))
    assert (report.outcome, report.score) == (Outcome.FAILED, None)
    assert "not in ascending order" in report.message


def test_a_program_that_returns_nothing_has_no_score(tmp_path: Path) -> None:
    tunnel = Tunnel(lambda _: succeeded(sharpe=9.99))
    add(tunnel, tmp_path)
    report = tunnel.client.report(tunnel.client.submit(job()))
    assert (report.outcome, report.score, report.positions_sha256) == (Outcome.SUCCEEDED, None, "")


def test_a_store_that_lost_the_prices_delays_the_report_and_then_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("windtunnel_worker.pipeline.finalize.PRICES_PAUSE_S", 0.0)
    tunnel = tunnel_of(paused=True)
    add(tunnel, tmp_path)
    whole = {sha256: tunnel.store.get(sha256) for sha256 in tunnel.client.datasets.show("prices").digests}
    first, second = (tunnel.client.submit(job()) for _ in range(2))
    for sha256 in whole:
        tunnel.store.delete(sha256)
    tunnel.run()
    report = tunnel.client.report(first)
    assert (report.outcome, report.score) == (Outcome.INFRASTRUCTURE_ERROR, None)
    assert "There were no prices to score it on" in report.message
    for content in whole.values():
        tunnel.store.put(content)
    tunnel.client.retry(second)
    tunnel.run()
    assert tunnel.client.report(second).score is not None


class Counting(Store):
    """Counts what is read of it."""

    reads = 0

    def get(self, sha256: str) -> bytes:
        self.reads += 1
        return super().get(sha256)


def test_prices_are_read_once_while_they_fit(tmp_path: Path) -> None:
    store = Counting(str(tmp_path / "store"))
    datasets = Datasets(None, lambda: store, max_bytes=2**20)
    file = tmp_path / "prices.csv"
    versions = []
    for number in range(3):
        pd.DataFrame({"Close": LONG + number}, index=INDEX).to_csv(file)
        versions.append(datasets.add(f"prices{number}", file))
    small, large = PriceScorer(store, 16_000), PriceScorer(store, 2**20)
    for scorer, reads in ((large, 3), (small, 6)):
        store.reads = 0
        for one in [*versions, *versions]:
            execution = returned(INDEX, LONG, one.name).model_copy(update={"dataset_digests": {one.name: one.sha256}})
            assert scorer.score(JobSpec(datasets=(one.name,)), execution).score is not None
        assert store.reads == reads
