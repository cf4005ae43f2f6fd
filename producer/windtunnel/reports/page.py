"""Assembles a page: styles, scripts and data in one file that loads nothing.

Hostile text can do nothing in it. The data is JSON in which `<`, `>` and `&` are escaped, so that it cannot end its
element; the scripts only create text nodes from it; and the page's own policy allows no other script or style, and no
loading.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from math import isfinite
from typing import Any

SIGNIFICANT_DIGITS = 5

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<noscript>This page needs JavaScript. It loads nothing from elsewhere: everything is in this file.</noscript>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def page(title: str, data: Mapping[str, Any], scripts: tuple[str, ...]) -> str:
    """The whole file. `data` is plain JSON without NaN; `scripts` are names of files in `assets`."""
    style, script = _asset("page.css"), "\n".join(map(_asset, scripts))
    policy = (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}'; script-src 'sha256-{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return PAGE.format(policy=policy, title=escape(title), style=style, script=script, data=embedded(data))


def embedded(data: Mapping[str, Any]) -> str:
    """JSON that stays inside its script element, whatever the texts in it are."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _asset(name: str) -> str:
    return files("windtunnel.reports").joinpath("assets", name).read_text("utf-8")


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def short(value: float | None) -> float | None:
    """A number with as many digits as a chart or table shows; None if it is not finite."""
    if value is None or not isfinite(value):
        return None
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def cut(text: str, most: int) -> str:
    """Text of at most so many characters; an ellipsis says that there was more."""
    return text if len(text) <= most else text[: most - 1] + "…"


def value_text(value: object, most: int) -> str:
    """An emitted value as JSON, exactly: a browser would round large integers."""
    return cut(json.dumps(value, ensure_ascii=False), most)
