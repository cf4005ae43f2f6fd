"""The scripts as Redis gets them. May import nothing of the package."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha1
from importlib import resources


@cache
def scripts() -> dict[str, tuple[str, str]]:
    """Name → (text, SHA-1) of each script, with what it uses of `lib.lua` in front."""
    folder = resources.files("windtunnel.records").joinpath("scripts")
    shared = folder.joinpath("lib.lua").read_text()
    texts = {
        script.name.removesuffix(".lua"): with_shared(shared, script.read_text())
        for script in folder.iterdir()
        if script.name.endswith(".lua") and script.name != "lib.lua"
    }
    # SHA-1 is how Redis names scripts.
    return {name: (text, sha1(text.encode(), usedforsecurity=False).hexdigest()) for name, text in texts.items()}


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
