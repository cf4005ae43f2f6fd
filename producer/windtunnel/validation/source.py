"""The text before it is parsed: encoding, hidden characters and bounds. Linear in its size; no recursion.

What passes here can be parsed without fear: the depth that brackets, blocks, operators, attributes, calls and
`elif` chains can reach in the syntax tree is counted from above, so that no C stack runs out.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from encodings import normalize_encoding
from encodings.aliases import aliases

from windtunnel.validation.findings import Findings
from windtunnel.validation.policy import Policy

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
MOST_DECODED = 4 * 1024 * 1024
_STOPPING = frozenset("input.nul input.empty input.too_large input.line input.too_deep".split())
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u061c]")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060-\u2064\u180e\u00ad\U000e0000-\U000e007f]")
_WORD = re.compile(r"[^\W\d]\w*")
_LATIN_LIKE_GREEK = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονϳ")
_STRING = (
    r"""[A-Za-z]{0,2}(?:"""
    r"""\'\'\'[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:\'\'\'|\Z)"""
    r"""|\"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:\"\"\"|\Z)"""
    r"""|'[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*(?:'|(?=[\r\n])|\Z)"""
    r"""|"[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*(?:"|(?=[\r\n])|\Z))"""
)
"""A string literal; an unterminated one goes to where Python gives up, so that no text is scanned twice."""
_OPAQUE = re.compile(rf"(?P<string>(?<!\w){_STRING}|{_STRING[len('[A-Za-z]{0,2}') :]})|\#[^\r\n]*", re.DOTALL)
_STRUCTURE = re.compile(
    rf"""(?<!\w)[rRbBuU]{{0,2}}(?:{_STRING[len("[A-Za-z]{0,2}(?:") :]}|\#[^\r\n]*|\\(?:\r\n|\r|\n)"""
    rf"""|((?<!\w){_STRING}|[\r\n][ \t\f\r\n]*(?:elif\b|else\b|except\b|finally\b)?|[()\[\]{{}},;]"""
    r"""|\*\*|//|->|:=|[=!<>]=|<<|>>|(?<!\d)\.|\.(?!\d)|[-+*/%@&|^~<>:]"""
    r"""|\b(?:not|lambda|if|else|await|yield|and|or|is|in|elif|from)\b)""",
    re.DOTALL,
)
_QUOTES = re.compile("'''|\"\"\"|['\"]")
_QUOTED = re.compile(_STRING[len("[A-Za-z]{0,2}") :], re.DOTALL)
_RUN = re.compile(r"[^;{}]+")
_ANGLE = re.compile(r"(?<!<)<(?![<=])")
_BRACKETS = re.compile(r"[()\[\]{}]")
_WORDLIKE = re.compile(r"\w+|[^\w\s]")
_COUNTED = re.compile(r"\*\*|//|[-+*/%@&|^~<>.(\[{]|\b(?:not|lambda|if|else|await|yield|and|or|is|in)\b")


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
        folded = word.translate(str.maketrans("асеіјорѕухһԁԛԝ", "aceijopsuxhdqw"))
        if folded.isascii():
            return "input.homoglyph", f"The name {word!r} looks like {folded!r} and is not."
    return None


def holes(literal: str) -> list[tuple[int, int, str]]:
    """Give the code in the holes of an f-string: the hole's number, the place, the code; [] for any other string.

    Text in quotes within a hole is left out, unless it is an f-string itself: what nests has its outer hole's number.
    """
    quote = _QUOTES.search(literal)
    if quote is None or "f" not in literal[: quote.start()].lower():
        return []
    found: list[tuple[int, int, str]] = []
    templates = [(quote.end(), len(literal), -1)]
    while templates:
        start, end, outer = templates.pop()
        for number, begin, stop in _code_spans(literal, start, end):
            hole = number if outer < 0 else outer
            at = begin
            for opaque in _OPAQUE.finditer(literal, begin, stop):
                found.append((hole, at, literal[at : opaque.start()]))
                at = opaque.end()
                inner = _QUOTES.search(opaque[0])
                if inner is not None and "f" in opaque[0][: inner.start()].lower():
                    templates.append((opaque.start() + inner.end(), opaque.end(), hole))
            found.append((hole, at, literal[at:stop]))
    return found


def _code_spans(literal: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """Give the outermost hole, the begin and the end of each piece of code, those in format specifications too."""
    found: list[tuple[int, int, int]] = []
    opened: list[tuple[int, int]] = []
    """For each open hole: where its code begins (-1: in its format specification), and the brackets open in it."""
    number = -1
    at = start
    while at < end:
        sign = literal[at]
        if not opened or opened[-1][0] < 0:
            if sign == "{" and not opened and literal[at + 1 : at + 2] == "{":
                at += 1
            elif sign == "{":
                number += not opened
                opened.append((at + 1, 0))
            elif sign == "}" and opened:
                opened.pop()
            at += 1
            continue
        begin, brackets = opened[-1]
        if sign in "'\"":
            string = _QUOTED.match(literal, at, end)
            at = string.end() if string is not None else end
            continue
        if sign in "([{":
            opened[-1] = (begin, brackets + 1)
        elif sign in ")]}" and brackets:
            opened[-1] = (begin, brackets - 1)
        elif sign in "}:" and not brackets:
            found.append((number, begin, at))
            opened.pop()
            if sign == ":":
                opened.append((-1, 0))
        at += 1
    found.extend((number, begin, end) for begin, _ in opened if begin >= 0)
    return found


def check_characters(text: str, findings: Findings) -> None:
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
    for opaque in _OPAQUE.finditer(text):
        look(text[start : opaque.start()], start)
        start = opaque.end()
        literal = opaque["string"]
        if literal and "{" in literal:
            for _, offset, code in holes(literal):
                look(code, opaque.start() + offset)
    look(text[start:], start)


class _Depth:
    """Counts, from above, how deep a syntax tree the tokens can give."""

    def __init__(self) -> None:
        self.deepest = self.total = 0
        self.line = self.deepest_line = 1
        self.open: list[tuple[int, int]] = []
        """For each open bracket: what its content has added since the last comma, and the lambdas in it."""
        self.run = self.kept = 0
        """The same for the innermost one. A lambda has commas of its own, so that none ends it."""
        self.blocks: list[list[int]] = [[0, 0]]
        """For each block: its indentation, and how many `elif` its last `if` has had."""

    def deepen(self, by: int) -> None:
        """Go deeper within the innermost bracket."""
        self.run += by
        self.total += by
        if self.total > self.deepest:
            self.deepest, self.deepest_line = self.total, self.line

    def take(self, token: str) -> None:
        """Take one token of structure."""
        first = token[0]
        if first in "\r\n":
            self.line += token.count("\n")
            if not self.open:
                self._new_line(token)
        elif first in "([{":
            self.deepen(1)
            self.open.append((self.run, self.kept))
            self.run = self.kept = 0
        elif first in ")]}":
            if self.open:
                self.total -= self.run + self.kept
                self.run, self.kept = self.open.pop()
        elif first in ",;":
            self.total -= self.run
            self.run = 0
        elif token[-1] in "'\"":
            self.line += token.count("\n")
            self._literal(token)
        elif token == "lambda":
            self.kept += 1
            self.total += 1
            self.deepen(0)
        elif token != ":":
            self.deepen(1)

    def _literal(self, token: str) -> None:
        if "{" not in token:
            return
        deep: dict[int, int] = {}
        for hole, _, code in holes(token):
            deep[hole] = deep.get(hole, 0) + 1 + len(_COUNTED.findall(code))
        before = self.run
        self.deepen(max(deep.values(), default=0))
        self.total -= self.run - before
        self.run = before

    def _new_line(self, token: str) -> None:
        """Begin a logical line: close the blocks that it closes and count the `elif`s around it."""
        rest = token[max(token.rfind("\n"), token.rfind("\r")) + 1 :]
        word = rest.lstrip(" \t\f")
        indent = len(rest) - len(word)
        while len(self.blocks) > 1 and self.blocks[-1][0] > indent:
            self.blocks.pop()
        if self.blocks[-1][0] < indent:
            self.blocks.append([indent, 0])
        if word == "elif":
            self.blocks[-1][1] += 1
        elif not word:
            self.blocks[-1][1] = 0
        self.run = self.kept = 0
        self.total = len(self.blocks) + sum(block[1] for block in self.blocks)
        self.deepen(0)


def stops(findings: Findings) -> bool:
    """Say whether what was found so far forbids parsing the text."""
    return any(issue.rule in _STOPPING for issue in findings.issues())


def _check_brackets(text: str, policy: Policy, findings: Findings) -> None:
    """Count brackets from above, those in strings included."""
    nested = deepest = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in "([{":
            nested += 1
            deepest = max(deepest, nested)
        else:
            nested = max(nested - 1, 0)
    if deepest > policy.bound("depth"):
        findings.add(
            "input.too_deep",
            None,
            f"Brackets nest {deepest} deep; at most {policy.bound('depth')} are taken.",
        )


def _check_runs(text: str, policy: Policy, findings: Findings) -> None:
    """Bound what stands between two separators: a grammar multiplies the readings it keeps open."""
    most, angles = int(policy.data["bounds"].get("run", 0)), int(policy.data["bounds"].get("angles", 0))
    if not most:
        return
    for found in _RUN.finditer(text):
        run = found[0]
        wide = len(run) > 4 * angles and any(len(_WORDLIKE.findall(one)) > most for one in run.split(","))
        if wide or (len(run) > angles and len(_ANGLE.findall(run)) > angles):
            line = text.count("\n", 0, found.start()) + 1
            findings.add("input.too_deep", (line, 0), f"More than {angles} '<' or {most} words without ; , or a brace.")
            return


def check_bounds(text: str, policy: Policy, findings: Findings, language: str = "python") -> None:
    """Refuse a text that is empty, or too large, wide or deep to be parsed and walked in the time there is."""
    if not text or text.isspace():
        findings.add("input.empty", None, "The program is empty.")
        return
    most = policy.bound("bytes")
    if len(text) > most or (len(text) > most // 4 and len(text.encode(errors="replace")) > most):
        findings.add("input.too_large", None, f"The text is over {most:,} bytes.")
        return
    if len(text) > policy.bound("tokens"):
        tokens = len(_WORDLIKE.findall(text))
        if tokens > policy.bound("tokens"):
            bound = policy.bound("tokens")
            findings.add(
                "input.too_large",
                None,
                f"The text has {tokens:,} words and signs; at most {bound:,} are taken.",
            )
            return
    widest = policy.bound("line_characters")
    if len(text) > widest:
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > widest:
                findings.add("input.line", (number, 0), f"The line has {len(line):,} characters; at most {widest:,}.")
                return
    if language != "python":
        _check_brackets(text, policy, findings)
        _check_runs(text, policy, findings)
        return
    depth = _Depth()
    take = depth.take
    take("\n" + " " * (len(text) - len(text.lstrip(" \t\f"))))
    depth.line = 1
    for token in _STRUCTURE.findall(text):
        if token:
            take(token)
    bound = policy.bound("depth")
    if depth.deepest > bound:
        findings.add(
            "input.too_deep", (depth.deepest_line, 0),
            f"Brackets, blocks, operators or calls nest {depth.deepest} deep; at most {bound} are taken.",
        )  # fmt: skip
