"""Turns the reports of jobs into tables and lines for a terminal. All text from programs is printed as plain text."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.cli.render import foreign, names_and_values, outcome_text
from windtunnel.cli.render_facts import sparkline
from windtunnel.cli.render_figures import (
    COMPARED,
    OF_A_CURVE,
    UNDEFINED,
    figure,
    rounded,
    stage_of,
    title_of,
    value_of,
)
from windtunnel.contract import Execution, Promotion, Report, Score, SecurityLevel, StageRun
from windtunnel.texts import first_sentence, harmless, short


def report(found: Report) -> RenderableType:
    """One report on one screen. All of the program's text is printed as text, never as markup."""
    parts: list[RenderableType] = [_facts(found)]
    if found.message:
        parts.append(foreign(found.message, style="bold"))
    parts += _judged(found)
    if found.validation and found.validation.issues:
        parts.append(_issues(found))
    execution = found.execution
    if execution:
        if execution.error and execution.error.traceback:
            from rich.syntax import Syntax  # it brings Pygments, and most reports have no traceback

            trace = Syntax(harmless(execution.error.traceback.rstrip()), "pytb")
            parts.append(Panel(trace, title="where it was" if execution.still_running else "exception"))
        for title, text, dropped in (
            ("stdout", execution.stdout, execution.stdout_dropped_bytes),
            ("stderr", execution.stderr_beside_error, execution.stderr_dropped_bytes),
        ):
            shown = text.rstrip()
            if shown:
                parts.append(Panel(foreign(shown), title=f"{title} ({dropped:,} bytes left out)" if dropped else title))
        if execution.values:
            parts.append(_values(execution))
        parts += [foreign(f"{note.dataset}: {note.message}", style="yellow") for note in execution.data_notes]
        if execution.artifacts:
            left = ", ".join(f"{one.name} ({one.bytes:,} bytes)" for one in execution.artifacts)
            parts.append(foreign(f"artifacts: {left}"))
    return Group(*parts)


def _judged(found: Report) -> list[RenderableType]:
    """What Windtunnel says of returned positions."""
    parts = [score(found.score)] if found.score else []
    parts += [Text(found.why_unscored)] if found.why_unscored else []
    parts += [foreign(f"stage {stage_line(run)}") for run in found.stages]
    if found.promotion and found.promotion.bars:
        parts.append(held_out(found.promotion))
    if found.look_ahead:
        parts.append(foreign(f"look-ahead: {found.look_ahead.sight.value}. {found.look_ahead.message}"))
    return parts


def _facts(found: Report) -> Table:
    used, table = found.resources, names_and_values()
    table.add_row("job", f"{found.job_id}  {found.name}")
    table.add_row("outcome", outcome_text(found.outcome))
    if found.validation:
        level = SecurityLevel(found.validation.security_level).name
        table.add_row("security", f"{found.validation.score}/100, {level}")
    if found.promotion:
        table.add_row("run", "on all bars, those included that are held out; what it used is withheld")
    elif found.execution:
        table.add_row("duration", f"{used.duration_s:.3f} s (prepared in {found.execution.prepare_s:.2f} s)")
        table.add_row("CPU", used.processor)
        table.add_row("memory", f"{used.memory_mb_average:.0f} MB average, {used.memory_mb_peak:.0f} MB peak")
        table.add_row("I/O", used.io)
        table.add_row("attempts", str(len(found.attempts)))
    return table


def _issues(found: Report) -> Fitted:
    columns = Shown("line", rank=3), Shown("level", rank=2), Shown("rule", rank=1)
    table = Fitted(*columns, Shown("what", wraps=True), Shown("how to fix it", wraps=True), title="validation")
    for issue in found.validation.issues[:20] if found.validation else ():
        table.add_row(str(issue.line), issue.severity.name, issue.rule, issue.message, issue.fix)
    return table


def _values(execution: Execution) -> Fitted:
    table = Fitted(Shown("value", wraps=True), Shown("", wraps=True), title="self-reported")
    for name, value in execution.values.items():
        table.add_row(short(name), execution.not_finite.get(name) or _short(value))
    for place, word in execution.not_finite.items():
        if place not in execution.values:
            table.add_row(foreign(short(place), style="yellow"), f"{word}, not a finite number")
    return table


def _short(value: object) -> str:
    """A value as the program would write it: a number rounded, a text as it is, nothing as `no value`."""
    if value is None:
        return "no value"
    return rounded(value)


def score(found: Score) -> RenderableType:
    """A score against buy and hold, with how it was computed."""
    table = Table(
        Column("score", no_wrap=True), *(Column(name, justify="right") for name in ("strategy", "buy & hold"))
    )
    for name in COMPARED:
        bought = figure(name, getattr(found.benchmark, name)) if hasattr(found.benchmark, name) else ""
        table.add_row(name.replace("_", " "), figure(name, value_of(found, name)), bought)
    lines = [f"{found.convention} {found.costs}"]
    lines.append(f"{found.window}; bars per year: {_year(found)}")
    if found.capital != 1:
        lines.append(f"Equity began at {found.capital:,.2f} and ended at {found.final_equity:,.2f}.")
    if found.trading.open_positions:
        still = ", ".join(f"{name} {size:g}" for name, size in found.trading.open_positions.items())
        lines.append(f"Open at the end, valued at the last close: {short(still, 300)}")
    if found.probabilistic_sharpe is not None:
        line = f"Probability that the true Sharpe ratio is above 0, for one trial: {found.probabilistic_sharpe:.1%}"
        years = found.track_record_years
        lines.append(line if years is None else f"{line}; 95% takes {years:,.1f} years of such returns")
    lines += _stress(found)
    names = {name: name.replace("_", " ") for name in COMPARED} | {"benchmark": "buy & hold"}
    reasons: dict[str, list[str]] = {}
    for name, why in found.undefined.items():
        if name in names:
            reasons.setdefault(why, []).append(names[name])
    lines += [f"undefined: {', '.join(known)} ({why})" for why, known in reasons.items()]
    return Group(
        table,
        foreign("\n".join(lines)),
        Text(f"equity {sparkline(found.curve.equity[:: 1 + len(found.curve.equity) // 60])}"),
    )


def _stress(found: Score) -> list[str]:
    """What the same positions would have earned under other assumptions, where it is not the same."""
    assumed = found.stress[0] if found.stress else None
    return [
        f"{one.label.capitalize()}: return {figure('total_return', one.total_return)}, "
        f"Sharpe {figure('sharpe', one.sharpe)}"
        for one in found.stress[1:]
        if assumed and (one.total_return, one.sharpe) != (assumed.total_return, assumed.sharpe)
    ]


def _year(found: Score) -> str:
    return f"{found.bars_a_year:,g} ({found.bars_how})" if found.bars_a_year else "unknown"


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
    for name in OF_A_CURVE:
        pair = (getattr(one, name) for one in (found.metrics, found.benchmark))
        table.add_row(name.replace("_", " "), *(figure(name, value) for value in pair))
    lines = [f"{found.convention} {found.costs}", f"{found.bars:,} bars from {found.first:%Y-%m-%d} on; rounded."]
    if found.probabilistic_sharpe is not None:
        lines.append(f"Probability that the true Sharpe ratio is above 0: {found.probabilistic_sharpe:.0%}")
    lines.append(
        f"Programs that were promoted on these bars: {found.programs:,}; the more, the less the best one means."
    )
    return Group(table, foreign("\n".join(lines)))


def _held_out(found: Promotion | None) -> str:
    """The figures of a promoted run in a few words; empty for other jobs."""
    if found is None or not found.bars:
        return ""
    names = {"sharpe": "Sharpe", "total_return": "return"}
    figures = ", ".join(f"{name} {figure(key, getattr(found.metrics, key))}" for key, name in names.items())
    return f"on {found.bars:,} held-out bars: {figures}"


def reports(found: Iterable[Report]) -> Fitted:
    """Reports of a batch, one a line. What a program says of itself is in the last column only."""
    table = Fitted(
        Shown("job"),
        Shown("name", wraps=True),
        Shown("outcome"),
        Shown("stage", filled=True),
        figure_column("Sharpe", rank=1),
        figure_column("return", rank=2),
        figure_column("s", rank=3),
        figure_column("MB", rank=4),
        Shown("self-reported or why", wraps=True, least=24),
    )
    for one in found:
        values, odd = (one.execution.values, one.execution.not_finite) if one.execution else ({}, {})
        reported = ", ".join(f"{name}={odd.get(name) or _short(value)}" for name, value in list(values.items())[:4])
        used, metrics = one.used, one.score.metrics if one.score else None
        table.add_row(
            one.job_id,
            title_of(one),
            outcome_text(one.outcome),
            stage_of(one),
            figure("sharpe", metrics.sharpe) if metrics else "",
            figure("total_return", metrics.total_return) if metrics else "",
            f"{used.duration_s:.2f}" if used else UNDEFINED,
            f"{used.memory_mb_peak:.0f}" if used else UNDEFINED,
            first_sentence(one.message or _held_out(one.promotion) or reported),
        )
    return table
