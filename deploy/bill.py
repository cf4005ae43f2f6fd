"""Writes a bill of materials as CycloneDX: `python deploy/bill.py NAME VERSION LOCKED.txt`, to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement


def bill_of(name: str, version: str, locked: str) -> dict[str, Any]:
    """What a release contains, as its locked requirements say."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", **_named(name, version)}},
        "components": [{"type": "library", **_named(*one)} for one in _pinned(locked)],
    }


def _pinned(locked: str) -> Iterator[tuple[str, str]]:
    for line in locked.splitlines():
        if line and not line.startswith((" ", "#", "-")):
            requirement = Requirement(line.removesuffix("\\").strip())
            # What only other systems or versions of Python need has a marker.
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name, str(requirement.specifier).removeprefix("==")


def _named(name: str, version: str) -> dict[str, str]:
    purl = f"pkg:pypi/{name}@{version}"
    return {"bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    json.dump(bill_of(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text("utf-8")), sys.stdout, indent=1)
