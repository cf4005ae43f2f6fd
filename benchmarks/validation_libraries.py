"""How often each rule fires on real libraries' files, as published on PyPI: honest, but no strategies.

    python benchmarks/validation_libraries.py [--cache FOLDER] [NAME …]

Each is downloaded by pip into the cache and only read, never installed or run. Their tests, set-up scripts,
vendored build helpers are left out. A library imports its own parts, reads files and starts processes where a
strategy may not: the table says at which rate each rule fires at HIGH or above,
with an example to judge it by.
"""

from __future__ import annotations

import argparse
import collections
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from windtunnel.validation import SecurityLevel, SecurityValidator

NAMES = "backtesting bt ta finta empyrical quantstats ffn stockstats pyfolio tulipy backtrader vectorbt".split()
LEFT_OUT = ("/test", "_test", "setup.py", "versioneer", "_version", "conftest", "docs/", "doc/")


def _archives(names: list[str], cache: Path) -> list[Path]:
    for name in names:
        if not any(path.name.lower().startswith(name.lower().replace("-", "_") + "-") for path in cache.iterdir()):
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), name]
            if subprocess.run(command, check=False).returncode:
                print(f"{name}: cannot be downloaded", file=sys.stderr)
    return sorted(cache.iterdir())


def _sources(archive: Path) -> Iterator[tuple[str, bytes]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                if name.endswith(".py"):
                    yield name, opened.read(name)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as opened_tar:
            for member in opened_tar:
                file = opened_tar.extractfile(member) if member.name.endswith(".py") else None
                if file is not None:
                    yield member.name, file.read()


def main() -> None:
    """Print a line a library and a line a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "windtunnel-libraries")
    parser.add_argument("names", nargs="*", default=NAMES)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    validator = SecurityValidator()
    fired: collections.Counter[str] = collections.Counter()
    only: collections.Counter[str] = collections.Counter()
    example: dict[str, str] = {}
    total = 0
    for archive in _archives(options.names, options.cache):
        passed = count = 0
        for name, source in _sources(archive):
            if not source.strip() or any(part in name for part in LEFT_OUT):
                continue
            verdict = validator.validate_bytes(source)
            count, passed = count + 1, passed + verdict.safe
            rules = {issue.rule for issue in verdict.issues if issue.severity >= SecurityLevel.HIGH}
            fired.update(rules)
            only.update(rules if len(rules) == 1 else ())
            for issue in verdict.issues:
                if issue.severity >= SecurityLevel.HIGH:
                    example.setdefault(issue.rule, f"{name}:{issue.line} {issue.text[:70]}")
        total += count
        print(f"{archive.name[:40]:<40} {passed:>4} of {count:>4} files pass")
    print(f"\n{'rule':<28}{'files':>6}{'rate':>8}{'alone':>7}  example")
    for rule, count in fired.most_common():
        print(f"{rule:<28}{count:>6}{count / total:>8.1%}{only[rule]:>7}  {example[rule]}")


if __name__ == "__main__":
    main()
