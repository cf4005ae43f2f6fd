"""Prints what `datasets add` says of the awkward files that the tests read: `python -m benchmarks.awkward_files`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from tests.unit.datasets.awkward import CASES, Awkward

from windtunnel.cli.texts import harmless
from windtunnel.datasets.inspection import DataRefused, ReadOptions, inspect


def main() -> None:
    """Inspect each file and print its answer as a row."""
    table = Table("file", "answer", "rows", "first", "bars a year", "said of it", show_lines=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        for case in CASES:
            path.write_bytes(case.content)
            table.add_row(*(Text(harmless(cell)) for cell in (case.name, *_answer(path, case))))
    Console(width=180).print(table)


def _answer(path: Path, case: Awkward) -> tuple[str, ...]:
    try:
        facts = inspect(path, ReadOptions(**case.options)).facts
    except DataRefused as error:
        return "refused", "", "", "", str(error)
    bars = "" if facts.bars_a_year is None else f"{facts.bars_a_year:g}"
    said = " ".join(finding.message for finding in facts.findings)
    return "read", f"{facts.rows:,}", facts.head[0][0], bars, said


if __name__ == "__main__":
    main()
