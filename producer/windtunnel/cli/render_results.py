"""Turns rankings, failure clusters and comparisons into tables for a terminal, or into plain JSON types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.cli.render import foreign, outcome_text
from windtunnel.cli.render_figures import COMPARED, UNDEFINED, figure, plain_text, stage_of, title_of, value_of
from windtunnel.contract import Report
from windtunnel.texts import first_sentence, jobs, probability, short

if TYPE_CHECKING:
    from windtunnel.analysis.clusters import Cluster
    from windtunnel.analysis.leaderboard import Leaderboard, Row
    from windtunnel.analysis.superior import Superior

FURTHER = (
    ("return", "total_return"),
    ("drawdown", "max_drawdown"),
    ("trades", "trades"),
    ("annual", "annual_return"),
    ("volatility", "volatility"),
    ("Sortino", "sortino"),
    ("Calmar", "calmar"),
    ("exposure", "exposure"),
    ("turnover", "turnover"),
    ("hit rate", "hit_rate"),
)
"""Further columns of a leaderboard with their figures, the most important first."""
SIGNIFICANT_P = 0.05
NOT_SCORED = "not scored"
MOST_KINDS = 30


def board(found: Leaderboard, most: int) -> RenderableType:
    """The ranking, and how much of it luck explains."""
    table = Fitted(
        figure_column("#"),
        Shown("job"),
        Shown("name", wraps=True),
        Shown("stage", filled=True),
        figure_column("Sharpe"),
        figure_column("not luck"),
        figure_column("deflated", 4),
        figure_column("after haircut", 5),
        *(figure_column(name, rank) for rank, (name, _) in enumerate(FURTHER, start=1)),
    )
    shown = [*found.ranked, *found.unranked][:most]
    for row in shown:
        table.add_row(*_line(row))
    return Group(table, *(foreign(line) for line in _notes(found, len(shown))))


def _line(row: Row) -> tuple[str | Text, ...]:
    return (
        UNDEFINED if row.rank is None else str(row.rank),
        row.report.job_id,
        title_of(row.report),
        stage_of(row.report),
        figure("sharpe", row.score.metrics.sharpe),
        Text(row.chance or UNDEFINED, style="green" if row.significant else ""),
        probability(row.deflated) or UNDEFINED,
        figure("sharpe", row.haircut_sharpe),
        *(figure(name, value_of(row.score, name)) for _, name in FURTHER),
    )


def _notes(found: Leaderboard, shown: int) -> list[str]:
    scored = len(found.ranked) + len(found.unranked)
    notes = [found.verdict]
    trials = found.all_trials
    if found.noise_level is not None and trials.count > 1:
        notes.append(f"Luck alone is expected to reach a Sharpe ratio of {found.noise_level:.2f} in so many trials.")
    if trials.count:
        notes.append(
            f"Trials counted: {trials.scored:,} with a Sharpe ratio and {trials.flat:,} without one. "
            f"Independent trials in this batch: about {found.effective.count:,}."
        )
    why = Counter(row.why for row in found.unranked if not row.report.stopped)
    notes += [f"Not ranked: {jobs(count)} ({reason})." for reason, count in why.most_common()]
    if trials.failed:
        notes.append(f"Not counted: {jobs(trials.failed)} that did not succeed.")
    notes += [
        f"Stage {one.stage}: {one.passed:,} of {jobs(one.asked)} reached a {one.metric.replace('_', ' ')} of "
        f"{figure(one.metric, one.at_least)} and went on."
        for one in found.stages
    ]
    if found.overfitting is not None:
        notes.append(f"Probability of backtest overfitting: {found.overfitting.probability:.0%}.")
    if scored > shown:
        notes.append(f"{scored - shown:,} more are not shown (--most).")
    if found.self_reported:
        notes.append(
            f"{jobs(len(found.self_reported))} returned no positions; what they say of themselves is not ranked."
        )
    return notes


def superior(found: Sequence[Superior]) -> RenderableType:
    """Whether the best of a batch is better than its benchmarks."""
    if not found:
        return Text("There are too few returns for a test of superior predictive ability.")
    lines = [
        f"Against {one.benchmark}: p = {one.p:.1%} (lower {one.p_lower:.1%}, upper {one.p_upper:.1%}). "
        + ("The best is better than that." if one.p < SIGNIFICANT_P else "The best may be luck.")
        for one in found
    ]
    first = found[0]
    lines.insert(
        0,
        f"Superior predictive ability (Hansen) of {first.strategies:,} "
        f"{'strategy' if first.strategies == 1 else 'strategies'} over {first.periods:,} returns each, "
        f"{first.left_out:,} left out:",
    )
    return Text("\n".join(lines))


def plain_board(found: Leaderboard) -> dict[str, Any]:
    """The ranking as JSON types. Nothing that a program said of itself is in it."""
    return {
        "verdict": found.verdict,
        "noise_level": found.noise_level,
        "trials": asdict(found.trials),
        "other_trials": asdict(found.earlier),
        "effective_trials": found.effective.count,
        "overfitting": asdict(found.overfitting) if found.overfitting else None,
        "stages": [asdict(one) for one in found.stages],
        "jobs": [_plain_row(row) for row in (*found.ranked, *found.unranked)],
        "self_reported": [one.job_id for one in found.self_reported],
    }


def _plain_row(row: Row) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "job_id": row.report.job_id,
        "name": row.report.name,
        "params": row.report.params,
        "stage": row.report.stage,
        "stages": row.report.stage_count,
        "stopped": row.report.stopped,
        "deflated_sharpe": row.deflated,
        "deflated_effective": row.deflated_effective,
        "haircut_sharpe": row.haircut_sharpe,
        "beyond_market": row.beyond_market,
        "significant": row.significant,
        "why": row.why,
        **row.score.metrics.model_dump(),
        "trades": row.score.trading.trades,
    }


def clusters(found: Sequence[Cluster]) -> RenderableType:
    """Failures by what went wrong."""
    if not found:
        return Text("No job failed.")
    table = Table(
        Column("jobs", justify="right"),
        Column("what", overflow="fold", ratio=3),
        Column("what to do", overflow="fold", ratio=2),
        show_lines=True,
    )
    for one in found[:MOST_KINDS]:
        what = foreign(f"{one.failure.type}: ", style="bold")
        what.append(foreign(short(one.message, 300)))
        where = f"\nline {one.line}: {short(one.source, 100)}" if one.line else ""
        what.append(foreign(f"{where}\nfor example {one.example}", style="dim"))
        table.add_row(f"{one.count:,}", what, foreign(one.remedy))
    left = len(found) - MOST_KINDS
    return Group(table, Text(f"{left:,} more kinds are not shown; --format json has them.")) if left > 0 else table


def plain_cluster(one: Cluster) -> dict[str, Any]:
    """A kind of failure as JSON types."""
    failure = {"outcome": one.outcome.value, **one.failure.model_dump()}
    return {**asdict(one), "outcome": one.outcome.value, "failure": failure, "jobs": list(one.jobs)}


def comparison(one: Report, other: Report) -> RenderableType:
    """Two jobs, what they were given and what came of it."""
    table = Table(
        Column("", overflow="fold", max_width=24), *(Column(name, overflow="fold") for name in ("first", "second"))
    )
    table.add_row("job", one.job_id, other.job_id)
    table.add_row("name", foreign(one.name), foreign(other.name))
    table.add_row("outcome", outcome_text(one.outcome), outcome_text(other.outcome))
    table.add_row("program", *(report.code_sha256[:12] for report in (one, other)))
    if one.message or other.message:
        table.add_row("message", *(foreign(first_sentence(report.message)) for report in (one, other)))
    if max(one.stage_count, other.stage_count) > 1:
        table.add_row("stage", stage_of(one), stage_of(other))
    for name in sorted({*one.params, *other.params}):
        table.add_row(foreign(short(name, 40)), *(_value(report, name) for report in (one, other)))
    table.add_row("data", *(_data(report) for report in (one, other)))
    if any(report.score or report.promotion for report in (one, other)):
        table.add_row("evaluated", *(_window(report) for report in (one, other)))
        for name in COMPARED:
            table.add_row(name.replace("_", " "), *(_figure(report, name) for report in (one, other)))
    checks = [report.look_ahead.sight.value.replace("_", " ") if report.look_ahead else "" for report in (one, other)]
    if any(checks):
        table.add_row("look-ahead", *(check or "not checked" for check in checks))
    used = one.used, other.used
    table.add_row("seconds", *(f"{some.duration_s:.2f}" if some else UNDEFINED for some in used))
    table.add_row("memory MB", *(f"{some.memory_mb_peak:.0f}" if some else UNDEFINED for some in used))
    return Group(table, *(Text(note) for note in _differences(one, other)))


def _value(report: Report, name: str) -> Text:
    """A parameter, exactly; a dash where the job does not have it."""
    if name not in report.params:
        return Text(UNDEFINED)
    return foreign(short(plain_text(report.params[name])))


def _data(report: Report) -> str:
    return ", ".join(f"{name} {sha256[:8]}" for name, sha256 in report.dataset_digests.items()) or "none"


def _window(report: Report) -> str:
    held_out = report.promotion
    if held_out and held_out.first:
        return f"{held_out.bars:,} held-out bars from {held_out.first:%Y-%m-%d} on"
    return report.score.window if report.score else NOT_SCORED


def _figure(report: Report, name: str) -> str:
    """A figure of a job; for a promoted run that on held-out bars, where it is not withheld."""
    if report.promotion and report.promotion.bars:
        return figure(name, getattr(report.promotion.metrics, name, None))
    return figure(name, value_of(report.score, name)) if report.score else NOT_SCORED


def _differences(one: Report, other: Report) -> list[str]:
    notes = []
    if one.dataset_digests != other.dataset_digests:
        notes.append("They ran on different data, so that their figures cannot be compared.")
    if one.seed != other.seed:
        notes.append(f"Their seeds are {one.seed} and {other.seed}.")
    if one.positions_sha256 and one.positions_sha256 == other.positions_sha256:
        notes.append("They returned the same positions.")
    if (
        one.score
        and other.score
        and (one.score.convention, one.score.costs) != (other.score.convention, other.score.costs)
    ):
        notes.append("They were scored under different assumptions.")
    return notes
