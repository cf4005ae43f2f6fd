"""Turns datasets into tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Column, Table

from windtunnel.cli.render import foreign
from windtunnel.contract import DatasetVersion


def table(found: Iterable[DatasetVersion]) -> Table:
    """Datasets, one a line."""
    name, sha256 = Column("dataset", no_wrap=True), Column("sha256", no_wrap=True)
    result = Table(name, "version", "rows", "from", "to", "bytes", "findings", sha256)
    for one in found:
        facts = one.facts
        result.add_row(
            foreign(one.name),
            str(one.version),
            f"{facts.rows:,}",
            f"{facts.first:%Y-%m-%d}" if facts.first else "-",
            f"{facts.last:%Y-%m-%d}" if facts.last else "-",
            f"{one.bytes:,}",
            foreign(", ".join(sorted({finding.kind for finding in facts.findings})) or "-"),
            one.sha256[:12],
        )
    return result


def version(one: DatasetVersion) -> RenderableType:
    """One version of a dataset."""
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_row("dataset", foreign(f"{one.name}, version {one.version}"))
    facts.add_row("rows", f"{one.facts.rows:,}")
    facts.add_row("columns", foreign(", ".join(column.name for column in one.facts.columns)))
    facts.add_row("file", foreign(f"{one.source}, {one.bytes:,} bytes, {one.format}"))
    facts.add_row("sha256", one.sha256)
    facts.add_row("added", foreign(f"{one.added_at:%Y-%m-%d %H:%M:%S} UTC by {one.added_by or 'somebody'}"))
    findings = Table("finding", "what", "what to do", title="Findings")
    for finding in one.facts.findings:
        findings.add_row(foreign(finding.kind), foreign(finding.message), foreign(finding.remedy))
    return Group(facts, findings) if one.facts.findings else facts
