"""Bytes to text: UTF-8 only, whatever the coding line is spelled like."""

from __future__ import annotations

import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
MOST_DECODED = 4 * 1024 * 1024


def cookie_problem(source: bytes) -> str | None:
    """Say what is wrong with a coding line; None if there is none, or if it says UTF-8."""
    for line in source.removeprefix(codecs.BOM_UTF8).splitlines()[:2]:
        found = _COOKIE.match(line)
        if found is not None:
            name = found[1].decode("ascii", "replace")
            if not _is_utf8(name):
                return f"The coding line asks for {name!r}; only UTF-8 is taken."
            break
        if line.strip(b" \t\f") and not line.lstrip(b" \t\f").startswith(b"#"):
            break
    return None


def _is_utf8(name: str) -> bool:
    """Recognise every spelling that Python reads as UTF-8: the tokenizer's own and the codec's aliases."""
    short = name[:12].lower().replace("_", "-")
    if short == "utf-8" or short.startswith("utf-8-"):
        return True
    plain = normalize_encoding(name).lower()
    return aliases.get(plain, plain) == "utf_8"


def decode(source: bytes, *, cookie: bool = True) -> tuple[str, str | None]:
    """Turn a file's bytes into text, without the byte-order mark that editors may put before it.

    The second value says what is wrong with the encoding, or is None.
    """
    source = source.removeprefix(codecs.BOM_UTF8)
    problem = cookie_problem(source[:1000]) if cookie else None
    try:
        return source.decode("utf-8"), problem
    except UnicodeDecodeError as error:
        return source.decode("utf-8", "replace"), f"Not UTF-8: byte {error.start} ({error.reason})."
