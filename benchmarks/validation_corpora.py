"""The report on our corpora: for each language attacks found, honest programs rejected, misses.

    python benchmarks/validation_corpora.py [ROOT]

ROOT holds LANGUAGE/attacks and LANGUAGE/honest; it defaults to tests/corpora.
"""

from __future__ import annotations

import sys
from pathlib import Path

from windtunnel.validation import SecurityValidator

DEFAULT = Path(__file__).parents[1] / "tests/corpora"


def _judge(folder: Path, language: str, *, safe: bool) -> tuple[int, list[str]]:
    """Count a folder's files and name those whose verdict is not the wanted one."""
    validator = SecurityValidator()
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    wrong = [path.name for path in paths if validator.validate_bytes(path.read_bytes(), language).safe != safe]
    return len(paths), wrong


def main() -> int:
    """Print the table; 1 where an aim (99% and 1%) is missed."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    missed = False
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        attacks, passed = _judge(folder / "attacks", folder.name, safe=False)
        honest, rejected = _judge(folder / "honest", folder.name, safe=True)
        print(
            f"{folder.name:<12} attacks found {attacks - len(passed):>4}/{attacks:<4} "
            f"honest rejected {len(rejected):>3}/{honest:<4}"
        )
        for name in passed:
            print(f"{'':14}missed:   {name}")
        for name in rejected:
            print(f"{'':14}rejected: {name}")
        missed |= len(passed) > attacks * 0.01 or len(rejected) > honest * 0.01
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
