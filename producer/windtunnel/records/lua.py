"""The scripts as Redis gets them. May import nothing of the package."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha1
from importlib import resources

_SHARED = (
    "records",
    "schedule",
    "hosts",
    "budgets",
    "ends",
    "cache",
    "trials",
    "waiting",
    "holding",
    "followers",
    "clearing",
    "repairing",
    "webhooks",
)
"""What the scripts share, in `scripts/shared`. A file may use those before it."""


@cache
def script(name: str) -> tuple[str, str]:
    """The text of a script behind what it uses of the shared text, and its SHA-1, which is how Redis names it."""
    text = with_shared(_shared(), _text(name))
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest()


@cache
def _shared() -> str:
    return "\n".join(_text(f"shared/{name}") for name in _SHARED)


def _text(name: str) -> str:
    return resources.files("windtunnel.records").joinpath("scripts", f"{name}.lua").read_text()


def with_shared(shared: str, script: str) -> str:
    """A script behind the parts of the shared text that it uses; each begins with `local` at the start of a line.

    Redis builds every function of a script anew with each call: all of them would cost more than most calls do.
    """
    used, kept = _words(script), [script]
    for part in reversed(re.split(r"^(?=local )", shared, flags=re.MULTILINE)):
        name = re.match(r"local (?:function )?(\w+)", part)
        if name is None or name[1] in used:  # only later parts can use an earlier one
            kept.append(part)
            used |= _words(part)
    return "".join(reversed(kept))


def _words(code: str) -> set[str]:
    """Names that stand in the code, outside comments."""
    return set(re.findall(r"\w+", re.sub(r"--.*", "", code)))
