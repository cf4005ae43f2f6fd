"""The page of a batch: leaderboard, luck, failures and resources. May import analysis."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import JsonValue

from windtunnel.analysis.clusters import Cluster, clusters
from windtunnel.analysis.leaderboard import NOTHING_EARLIER, Leaderboard, Row, leaderboard
from windtunnel.analysis.ledger import Trials
from windtunnel.contract import BatchStatus, Outcome, Report, Score
from windtunnel.reports.page import cut, page, short, value_text

SPARK_POINTS = 40
LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MOST_CLUSTERS = 100
MOST_SELF_REPORTED = 1000
VALUES_SHOWN = 6
PARAMS_CHARS, PARAM_CHARS = 1000, 60
"""Of all parameters of a job together, and of one."""
SCRIPTS = ("common.js", "charts.js", "batch.js")

COLUMNS = [
    "job",
    "name",
    "params",
    "labels",
    "outcome",
    "stage",
    "stopped",
    "message",
    "seconds",
    "memory_mb",
    "waited_s",
    "rank",
    "why",
    "look_ahead",
    "sharpe",
    "deflated",
    "beyond",
    "deflated_effective",
    "left",
    "total_return",
    "annual_return",
    "max_drawdown",
    "volatility",
    "sortino",
    "calmar",
    "trades",
    "turnover",
    "hit_rate",
    "exposure",
    "costly",
    "curve",
]


def batch_page(reports: Sequence[Report], status: BatchStatus | None = None, earlier: Trials = NOTHING_EARLIER) -> str:
    """One HTML file about these reports of one batch; `earlier` are the owner's trials before it."""
    board = leaderboard(reports, earlier)
    rows = {row.report.job_id: row for row in (*board.ranked, *board.unranked)}
    kinds = clusters(reports)
    name = status.name if status else (reports[0].batch_id if reports else "batch")
    data = {
        "batch": {"name": name, "about": _about(reports, status)},
        "summary": _summary(reports, board),
        "stages": [asdict(one) for one in board.stages],
        "columns": COLUMNS,
        "rows": [_row(report, rows.get(report.job_id)) for report in reports],
        "clusters": [_cluster(kind) for kind in kinds[:MOST_CLUSTERS]],
        "more_clusters": max(0, len(kinds) - MOST_CLUSTERS),
        "usage": _usage(reports),
        "self_reported": [_says(report) for report in board.self_reported[:MOST_SELF_REPORTED]],
        "conventions": _conventions(row.score for row in rows.values()),
    }
    return page(f"Batch {name}", data, SCRIPTS)


def _about(reports: Sequence[Report], status: BatchStatus | None) -> str:
    batch = status.batch_id if status else reports[0].batch_id if reports else ""
    parts = [f"batch {batch}"] if batch else []
    if status:
        parts += [f"owner {status.owner}", f"{status.finished:,} of {status.total:,} jobs finished"]
    if reports:
        first, last = min(one.submitted_at for one in reports), max(one.finished_at for one in reports)
        parts.append(f"submitted {first:%Y-%m-%d %H:%M:%S}, last report {last:%Y-%m-%d %H:%M:%S} UTC")
    return " · ".join(parts)


def _summary(reports: Sequence[Report], board: Leaderboard) -> dict[str, Any]:
    counted, found = board.all_trials, board.overfitting
    outcomes = Counter(report.outcome for report in reports)
    return {
        "outcomes": {outcome.value: outcomes[outcome] for outcome in Outcome if outcomes[outcome]},
        "trials": {
            "count": counted.count,
            "earlier": board.earlier.count,
            "flat": counted.flat,
            "failed": board.trials.failed,
        },
        "effective": board.effective.count,
        "noise": short(board.noise_level),
        "market": _market(board),
        "minimum_years": short(board.minimum_years),
        "overfitting": {"probability": short(found.probability), "splits": found.splits} if found else None,
        "verdict": board.verdict,
        "significant": any(row.significant for row in board.ranked),
    }


def _market(board: Leaderboard) -> dict[str, float | None] | None:
    """Buy and hold, if it is the same for all that are ranked."""
    found = {row.score.benchmark for row in board.ranked}
    if len(found) != 1:
        return None
    held = found.pop()
    names = ("sharpe", "annual_return", "total_return", "max_drawdown")
    return {name: short(getattr(held, name)) for name in names}


def _row(report: Report, row: Row | None) -> list[Any]:
    used = report.used
    facts: list[Any] = [
        report.job_id,
        report.name,
        _params(report.params),
        cut(json.dumps(report.labels), 200) if report.labels else "",
        report.outcome.value,
        f"{report.stage} of {report.stage_count}" if report.stage_count > 1 else "",
        int(report.stopped),
        cut(report.message, 200),
        short(used.duration_s) if used else None,
        short(used.memory_mb_peak) if used else None,
        short(report.timings.waiting_s),
    ]
    if row is None:
        return facts  # a shorter row: a missing cell is a figure that does not exist
    found, held = row.score.metrics, row.score.trading
    chances = (row.deflated, row.beyond_market, row.deflated_effective)
    figures = (*chances, row.haircut_sharpe, found.total_return, found.annual_return)
    more = (found.max_drawdown, found.volatility, found.sortino, found.calmar, held.trades, held.turnover_a_year)
    costly = row.score.stress[2].total_return if len(row.score.stress) > 2 else None
    return [
        *facts,
        row.rank,
        row.why,
        report.look_ahead.sight.value if report.look_ahead else "",
        *(short(value) for value in (found.sharpe, *figures, *more, held.hit_rate, held.exposure, costly)),
        spark(row.score.curve.equity),
    ]


def _params(params: Mapping[str, JsonValue]) -> str:
    """The parameters as JSON that the page can read, with long texts cut and what is too much left out."""
    text = json.dumps(params)
    if len(text) <= PARAMS_CHARS:
        return text
    kept: dict[str, JsonValue] = {}
    for name, value in params.items():
        whole = json.dumps(value, ensure_ascii=False)
        kept[cut(name, PARAM_CHARS)] = value if len(whole) <= PARAM_CHARS else cut(whole, PARAM_CHARS)
        if len(json.dumps(kept)) > PARAMS_CHARS:
            kept.popitem()
            kept["…"] = f"{len(params) - len(kept):,} more"
            break
    return json.dumps(kept)


def spark(values: Sequence[float]) -> str:
    """A curve as one character a point: 64 levels from its lowest to its highest."""
    count = min(len(values), SPARK_POINTS)
    if count < 2:
        return ""
    picked = [values[round(place * (len(values) - 1) / (count - 1))] for place in range(count)]
    low, high = min(picked), max(picked)
    return "".join(LEVELS[round((value - low) / (high - low) * 63) if high > low else 31] for value in picked)


def _cluster(kind: Cluster) -> dict[str, Any]:
    return {
        "count": kind.count,
        "type": kind.failure.type,
        "message": cut(kind.message or kind.failure.message, 400),
        "line": kind.line,
        "source": cut(kind.source, 160),
        "remedy": cut(kind.remedy, 400),
        "jobs": kind.jobs,
    }


def _says(report: Report) -> dict[str, str]:
    values = list((report.execution.values if report.execution else {}).items())[:VALUES_SHOWN]
    says = ", ".join(f"{cut(name, 40)} = {value_text(value, 60)}" for name, value in values)
    return {"name": f"{report.name} ({report.job_id})", "says": says or "nothing"}


def _usage(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Median, ninth decile and highest of what the jobs took and used."""
    ran = [report for report in reports if report.used]
    measures: list[tuple[str, str, list[float | None]]] = [
        ("Waited for validation", "s", [one.timings.queued_s for one in reports]),
        ("Validated in", "s", [one.timings.validate_s for one in reports]),
        ("Waited for a slot", "s", [one.timings.waiting_s for one in reports]),
        ("Sandbox prepared in", "s", [one.timings.prepare_s for one in ran]),
        ("Ran for", "s", [one.timings.execute_s for one in ran]),
        ("Report written in", "s", [one.timings.finalize_s for one in reports]),
        ("Processor time", "s", [one.resources.cpu_time_s for one in ran]),
        ("Memory at most", "MB", [one.resources.memory_mb_peak for one in ran]),
        ("Disk operations", "", [float(one.resources.io_operations) for one in ran]),
    ]
    found = [(name, unit, sorted(value for value in values if value is not None)) for name, unit, values in measures]
    return [
        {
            "name": name,
            "unit": unit,
            "median": short(values[len(values) // 2]),
            "high": short(values[len(values) * 9 // 10]),
            "most": short(values[-1]),
        }
        for name, unit, values in found
        if values
    ]


def _yearly(score: Score) -> str:
    return f"{score.bars_a_year:g} bars per year, {score.bars_how}" if score.bars_a_year else "bars per year unknown"


def _conventions(scores: Iterable[Score]) -> list[str]:
    texts = Counter(
        f"{one.convention} {one.costs} {', '.join(one.datasets)}: {one.window}; {_yearly(one)}." for one in scores
    )
    return [f"{text} ({count:,} {'job' if count == 1 else 'jobs'})" for text, count in texts.most_common(5)]
