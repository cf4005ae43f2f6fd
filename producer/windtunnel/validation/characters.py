"""Characters that are not what they look like: hidden ones, and names of look-alike letters."""

from __future__ import annotations

import re
import unicodedata

from windtunnel.validation import literals
from windtunnel.validation.findings import Findings

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u061c]")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060-\u2064\u180e\u00ad\U000e0000-\U000e007f]")
_WORD = re.compile(r"[^\W\d]\w*")
_LATIN_LIKE_GREEK = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονϳ")


def _identifier(word: str) -> tuple[str, str] | None:
    plain = unicodedata.normalize("NFKC", word)
    if plain != word and plain.isascii():
        return "input.identifier_changes", f"The name {word!r} is read as {plain!r}."
    scripts = set()
    for letter in word:
        if letter.isascii():
            if letter.isalpha():
                scripts.add("LATIN")
        elif letter.isalpha():
            script = unicodedata.name(letter, "? ").split()[0]
            if script != "GREEK" or letter in _LATIN_LIKE_GREEK:
                scripts.add(script)
    if len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}) > 1:
        return "input.homoglyph", f"The name {word!r} mixes letters of different alphabets."
    if scripts and scripts <= {"CYRILLIC", "CHEROKEE", "LISU"} and len(word) < 12:
        folded = word.translate(str.maketrans("асеіјорѕухһԁԛԝ", "aceijopsyxhdqw"))
        if folded.isascii():
            return "input.homoglyph", f"The name {word!r} looks like {folded!r} and is not."
    return None


def check(text: str, findings: Findings) -> None:
    """Find NUL, bidirectional and invisible characters."""
    nul = text.find("\0")
    if nul >= 0:
        findings.add("input.nul", (text.count("\n", 0, nul) + 1, 0), "The text contains a NUL byte.")
    if text.isascii():
        return
    if text.startswith("\ufeff"):
        findings.add("input.bom", (1, 0), "The text begins with a byte-order mark (U+FEFF).")
    for rule, pattern in (("input.bidi", _BIDI), ("input.invisible", _INVISIBLE)):
        found = pattern.search(text)
        if found is not None:
            line = text.count("\n", 0, found.start()) + 1
            name = unicodedata.name(found[0], "unnamed")
            findings.add(rule, (line, 0), f"The text contains U+{ord(found[0]):04X} ({name}).")
    try:
        text.encode()
    except UnicodeEncodeError:
        findings.add("input.encoding", None, "The text contains half a surrogate pair.")


def check_identifiers(text: str, findings: Findings) -> None:
    """Find names that are not what they look like, in the parts that are code, f-strings included."""
    if text.isascii():
        return
    seen: set[str] = set()

    def look(code: str, offset: int) -> None:
        for found in _WORD.finditer(code):
            word = found[0]
            if word.isascii() or word in seen:
                continue
            seen.add(word)
            problem = _identifier(word)
            if problem is not None:
                line = text.count("\n", 0, offset + found.start()) + 1
                findings.add(problem[0], (line, 0), problem[1])

    start = 0
    for opaque in literals.OPAQUE.finditer(text):
        look(text[start : opaque.start()], start)
        start = opaque.end()
        literal = opaque["string"]
        if literal and "{" in literal:
            for _, offset, code in literals.holes(literal):
                look(code, opaque.start() + offset)
    look(text[start:], start)
