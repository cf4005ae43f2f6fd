"""How fast validation is: files of 50-300 lines, and 1x, 10x, 100x the same source.

    python benchmarks/validation.py [FOLDER …]

The folders default to our own honest corpus and the examples; the speeds are of the best of five runs of each
file in one warm process.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from windtunnel.validation import SecurityValidator

ROOT = Path(__file__).parents[1]
REPEATS = 5


def _best(validator: SecurityValidator, source: bytes) -> float:
    return min(validator.validate_bytes(source).duration_ms for _ in range(REPEATS))


def _files(folders: list[Path]) -> list[bytes]:
    sources = [path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [source for source in sources if 50 <= len(source.splitlines()) <= 300]


def _grown(sources: list[bytes]) -> bytes:
    """Pile up whole programs to some fifty lines, each in a function of its own, so that names stay apart."""
    return b"\n".join(
        b"def part%d():\n" % number + b"".join(b"    " + line + b"\n" for line in source.splitlines())
        for number, source in enumerate(sources)
    )


def main() -> None:
    """Print both tables."""
    folders = [Path(name) for name in sys.argv[1:]] or [
        ROOT / "examples",
        ROOT / "tests/corpora/python/honest",
    ]
    validator = SecurityValidator()
    sources = _files(folders)
    times = sorted(_best(validator, source) for source in sources)
    if times:
        lines = statistics.median(len(source.splitlines()) for source in sources)
        print(f"{len(times)} files of 50-300 lines (median {lines:.0f} lines)")
        print(
            f"median {statistics.median(times):.2f} ms, p95 {times[int(len(times) * 0.95)]:.2f} ms, "
            f"max {times[-1]:.2f} ms"
        )
    whole = [path.read_bytes() for path in sorted((ROOT / "tests/corpora/python/honest").glob("[a-e]*.py"))]
    usable = [one for one in whole if b'"""' not in one and b"__future__" not in one][:4]
    for times_larger in (1, 10, 100):
        source = _grown(usable * times_larger)
        spent = _best(validator, source)
        print(
            f"{times_larger:>4}x {len(source.splitlines()):>6} lines {spent:>9.2f} ms "
            f"{spent / times_larger:>7.2f} ms per 1x"
        )


if __name__ == "__main__":
    main()
