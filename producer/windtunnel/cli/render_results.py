"""Turns scores, rankings, error clusters and comparisons into tables for a terminal. Names and texts are foreign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.cli.render import foreign, outcome_text
from windtunnel.cli.render_facts import sparkline
from windtunnel.cli.texts import jobs, short
from windtunnel.contract import Promotion, Report, Score, StageRun

if TYPE_CHECKING:
    from windtunnel.analysis.clusters import Cluster
    from windtunnel.analysis.leaderboard import Leaderboard, Row
    from windtunnel.analysis.superior import Superior

PERCENT = {"total_return", "annual_return", "volatility", "max_drawdown", "hit_rate", "exposure"}
COMPARED = (
    *("total_return", "annual_return", "volatility", "sharpe", "sortino", "calmar", "max_drawdown"),
    *("trades", "turnover", "exposure", "hit_rate"),
)
FURTHER = (
    ("return", "total_return"),
    ("drawdown", "max_drawdown"),
    ("trades", "trades"),
    ("a year", "annual_return"),
    ("volatility", "volatility"),
    ("Sortino", "sortino"),
    ("Calmar", "calmar"),
    ("exposure", "exposure"),
    ("turnover", "turnover"),
    ("hit rate", "hit_rate"),
)
"""Further columns of a leaderboard with their figures, the most important first."""
SIGNIFICANT_P = 0.05
MOST_KINDS = 30
UNDEFINED = "-"
HUGE = 1e6
"""From here on figures are written as powers of ten."""


def figure(name: str, value: float | None) -> str:
    """A figure in its usual form; a dash where it is undefined."""
    if value is None:
        return UNDEFINED
    if isinstance(value, float) and abs(value) >= HUGE:
        return f"{value:.1e}"
    if name in PERCENT:
        return f"{value:z.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:z,.2f}"


def score(found: Score) -> RenderableType:
    """A score against buy and hold, with how it was computed."""
    table = Table(
        Column("score", no_wrap=True), *(Column(name, justify="right") for name in ("strategy", "buy & hold"))
    )
    for name in COMPARED:
        bought = figure(name, getattr(found.benchmark, name)) if hasattr(found.benchmark, name) else ""
        table.add_row(name.replace("_", " "), figure(name, _of(found, name)), bought)
    lines = [f"{found.convention} {found.costs}"]
    lines.append(
        f"{found.bars:,} bars from {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}; bars a year {_year(found)}"
    )
    if found.probabilistic_sharpe is not None:
        lines.append(
            f"Probability that the true Sharpe ratio is above 0, for one trial: {found.probabilistic_sharpe:.1%}"
        )
    for name, why in found.undefined.items():
        if name in COMPARED:
            lines.append(f"{name.replace('_', ' ')} is undefined: {why}")
    return Group(
        table,
        foreign("\n".join(lines)),
        Text(f"equity {sparkline(found.curve.equity[:: 1 + len(found.curve.equity) // 60])}"),
    )


def stage_line(run: StageRun) -> str:
    """What came of a stage of a cascade."""
    name, value, least = run.metric.replace("_", " "), figure(run.metric, run.value), figure(run.metric, run.at_least)
    end = "passed" if run.passed else "stopped"
    return f"{run.stage}: {end} with {name} {value}, at least {least}; {', '.join(run.datasets)}, {run.bars:,} bars"


def held_out(found: Promotion) -> RenderableType:
    """The figures of a promoted run."""
    table = Table(
        Column("held out", no_wrap=True), *(Column(name, justify="right") for name in ("strategy", "buy & hold"))
    )
    for name in COMPARED[:7]:
        pair = (getattr(one, name) for one in (found.metrics, found.benchmark))
        table.add_row(name.replace("_", " "), *(figure(name, value) for value in pair))
    lines = [f"{found.convention} {found.costs}", f"{found.bars:,} bars from {found.first:%Y-%m-%d} on; rounded."]
    if found.probabilistic_sharpe is not None:
        lines.append(f"Probability that the true Sharpe ratio is above 0: {found.probabilistic_sharpe:.0%}")
    lines.append(
        f"Programs that were promoted on these bars: {found.programs:,}; the more, the less the best one means."
    )
    return Group(table, foreign("\n".join(lines)))


def _of(found: Score, name: str) -> Any:
    return getattr(found.metrics, name) if hasattr(found.metrics, name) else getattr(found.trading, name)


def _year(found: Score) -> str:
    return f"{found.bars_a_year:,g} ({found.bars_how})" if found.bars_a_year else "unknown"


def board(found: Leaderboard, most: int) -> RenderableType:
    """The ranking, and how much of it luck explains."""
    table = Fitted(
        figure_column("#"),
        Shown("job"),
        Shown("name", wraps=True),
        Shown("stage", filled=True),
        figure_column("Sharpe"),
        figure_column("not luck"),
        *(figure_column(name, rank) for rank, (name, _) in enumerate(FURTHER, start=1)),
    )
    shown = [*found.ranked, *found.unranked][:most]
    for row in shown:
        table.add_row(*_line(row))
    return Group(table, *(foreign(line) for line in _notes(found, len(shown))))


def stage_of(report: Report) -> str:
    """The stage of a cascade that a report is about, as `1 of 2`; empty without a cascade."""
    return f"{report.stage} of {report.stage_count}" if report.stage_count > 1 else ""


def _line(row: Row) -> tuple[str | Text, ...]:
    chance = UNDEFINED if row.beyond_market is None else f"{row.beyond_market:.1%}"
    return (
        UNDEFINED if row.rank is None else str(row.rank),
        row.report.job_id,
        f"{row.report.name} {_params(row.report)}".strip(),
        stage_of(row.report),
        figure("sharpe", row.score.metrics.sharpe),
        Text(chance, style="green" if row.significant else ""),
        *(figure(name, _of(row.score, name)) for _, name in FURTHER),
    )


def _params(report: Report) -> str:
    return " ".join(f"{name}={_param(value)}" for name, value in report.params.items())


def _param(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else short(str(value), 40)


def _notes(found: Leaderboard, shown: int) -> list[str]:
    scored = len(found.ranked) + len(found.unranked)
    notes = [found.verdict]
    if found.noise_level is not None:
        notes.append(f"Luck alone is expected to reach a Sharpe ratio of {found.noise_level:.2f} in so many trials.")
    trials = found.all_trials
    notes.append(
        f"Trials counted: {trials.scored:,} with a Sharpe ratio and {trials.flat:,} without one; not counted: "
        f"{trials.failed:,} that failed. Independent trials in this batch: about {found.effective.count:,}."
    )
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
        f"Superior predictive ability (Hansen) of {first.strategies:,} strategies over {first.periods:,} returns each, "
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
    table = Table(Column("", no_wrap=True), Column("first", overflow="fold"), Column("second", overflow="fold"))
    table.add_row("job", one.job_id, other.job_id)
    table.add_row("name", foreign(one.name), foreign(other.name))
    table.add_row("outcome", outcome_text(one.outcome), outcome_text(other.outcome))
    table.add_row("program", *(report.code_sha256[:12] for report in (one, other)))
    if max(one.stage_count, other.stage_count) > 1:
        table.add_row("stage", stage_of(one), stage_of(other))
    for name in sorted({*one.params, *other.params}):
        table.add_row(short(name, 40), *(foreign(short(str(report.params.get(name, "")))) for report in (one, other)))
    if one.score or other.score:
        for name in COMPARED:
            table.add_row(name.replace("_", " "), *_figures(name, (one, other)))
    table.add_row("seconds", *(f"{report.resources.duration_s:.2f}" for report in (one, other)))
    table.add_row("memory MB", *(f"{report.resources.memory_mb_peak:.0f}" for report in (one, other)))
    return Group(table, *(Text(note) for note in _differences(one, other)))


def _figures(name: str, pair: Iterable[Report]) -> list[str]:
    return [figure(name, _of(one.score, name)) if one.score else "not scored" for one in pair]


def _differences(one: Report, other: Report) -> list[str]:
    notes = []
    if one.dataset_digests != other.dataset_digests:
        notes.append("They ran on different data.")
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
