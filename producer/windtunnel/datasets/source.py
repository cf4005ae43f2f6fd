"""The bytes of a data file: what kind of file it is, its text as UTF-8, and bounds on hostile ones."""

from __future__ import annotations

import codecs
import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets.refusal import finding, refuse, shown

CHUNK = 1 << 20
HEAD_BYTES = 1 << 18
LONGEST_LINE = 1 << 20
MOST_CELLS = 200_000_000
"""A table of more is refused: read, it would take several gigabytes of memory."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
GUESSES = ("cp1252", "cp932", "gb18030", "cp949")
"""Encodings in which a line that is not UTF-8 is shown: of western Europe, Japan, China and Korea."""
OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", "Unpack it, or save the sheet as CSV in UTF-8."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as CSV in UTF-8."),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it with `gunzip`."),
    (b"BZh", "compressed with bzip2", "Unpack it with `bunzip2`."),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it with `unxz`."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it with `unzstd`."),
    (b"ARROW1", "an Arrow file", "Write it as Parquet or CSV."),
    (b"FEA1", "a Feather file", "Write it as Parquet or CSV."),
    (b"\x89HDF", "an HDF5 file", "Write it as Parquet or CSV."),
    (b"%PDF", "a PDF document", "Give a CSV or Parquet file."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
    (b"version https://git-lfs", "a pointer of Git LFS, not the data", "Fetch the data with `git lfs pull`."),
    (b"\x93NUMPY", "a NumPy array", "Write it as Parquet or CSV."),
    *((b"\x80" + bytes([protocol]), "a pickle", "Write it as Parquet or CSV.") for protocol in range(2, 6)),
)


@dataclass
class Text:
    """A text file in UTF-8."""

    path: Path
    head: str
    """Its first lines, whole ones where it has any; without a byte order mark."""
    whole: bool
    """Whether the head is all of it."""
    encoding: str
    plain: bool
    """Whether the bytes are the file's own: UTF-8, with or without a byte order mark."""
    marked: bool = False
    """Whether it starts with a byte order mark."""
    quotes: bool = False
    """Whether there is a quotation mark in it."""
    lines: int = 0
    findings: list[DataFinding] = field(default_factory=list)


def is_parquet(path: Path) -> bool:
    """Whether the content is Parquet, whatever the name."""
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def open_text(path: Path, encoding: str | None, folder: Path) -> Text:
    """The file as UTF-8; one in another encoding is written anew into `folder`.

    Raises `DataRefused` for a file that is not text, or text of an unknown encoding.
    """
    with path.open("rb") as stream:
        start = stream.read(HEAD_BYTES)
    for magic, kind, remedy in OTHER_KINDS:
        if start.startswith(magic):
            refuse("not_a_table", f"The file is {kind}", remedy)
    if start.lstrip()[:1] in (b"<", b"{", b"[") and _is_markup(start):
        refuse("not_a_table", "The file is a web page, XML or JSON, not a table", "Give a CSV or Parquet file.")
    mark, marked = next(((mark, name) for mark, name in MARKS if start.startswith(mark)), (b"", ""))
    used = encoding or marked or _without_mark(start)
    plain = codecs.lookup(used).name in ("utf-8", "utf-8-sig", "ascii")
    kept = path if plain else _as_utf8(path, used, len(mark), folder / "text.csv")
    quotes, lines = _scan(kept)
    with kept.open("rb") as stream:
        head = stream.read(HEAD_BYTES + 1)
    whole = len(head) <= HEAD_BYTES
    if not whole:
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1] or head
    found = []
    if mark:
        found.append(finding("byte_order_mark", f"The file starts with a byte order mark ({used}); it was left out."))
    if not plain and not mark:
        found.append(finding("encoding", f"The text is in {used}; it was read so."))
    return Text(
        path=kept,
        head=head.decode("utf-8-sig", errors="replace"),
        whole=whole,
        encoding=used,
        plain=plain,
        marked=bool(mark),
        quotes=quotes,
        lines=lines,
        findings=found,
    )


def _is_markup(start: bytes) -> bool:
    text = start.lstrip()[:200].lower()
    if text[:1] == b"<":
        return text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<table"))
    return text[:2] in (b'{"', b"[{", b"[[") or text[1:].lstrip()[:1] in (b'"', b"{")


def _without_mark(start: bytes) -> str:
    """UTF-16 shows by a NUL in every other byte."""
    pairs = len(start) // 2
    if pairs and b"\0" in start:
        for places, name in ((start[1::2], "utf-16-le"), (start[::2], "utf-16-be")):
            if places.count(0) > 0.7 * pairs:
                return name
    return "utf-8"


def _as_utf8(path: Path, encoding: str, skip: int, target: Path) -> Path:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as out:
        source.seek(skip)
        try:
            while chunk := source.read(CHUNK):
                out.write(decoder.decode(chunk))
            out.write(decoder.decode(b"", final=True))
        except UnicodeError:
            refuse(
                "encoding",
                f"The text cannot be read as {encoding}",
                "Give its encoding, for example `--encoding utf-8`.",
            )
    return target


def _scan(path: Path) -> tuple[bool, int]:
    """Check the whole: UTF-8, no NUL bytes, no endless line. Whether there are quotation marks, and how many lines."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = open_bytes = lines = 0
    quotes = False
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if b"\0" in chunk:
                refuse(
                    "nul_bytes",
                    f"There is a NUL byte in line {_line(path, before + chunk.index(0)):,}: "
                    "the file is damaged or not text",
                    "Export it again, or give its encoding with `--encoding utf-16-le`.",
                )
            try:
                decoder.decode(chunk, final=len(chunk) < CHUNK)
            except UnicodeDecodeError as error:
                _refuse_encoding(error.object, error.start, _line(path, before + error.start))
            quotes = quotes or b'"' in chunk
            length = _open_line(chunk, open_bytes)
            if length > LONGEST_LINE:
                refuse(
                    "long_line",
                    f"Line {_line(path, before):,} has more than {LONGEST_LINE:,} bytes",
                    "Give a file with one row a line.",
                )
            open_bytes = _unended(chunk, open_bytes)
            before += len(chunk)
            lines += chunk.count(b"\n") or chunk.count(b"\r")
    return quotes, lines + 1


def _open_line(chunk: bytes, before: int) -> int:
    """The bytes of the line that a chunk goes on with; no other line in it is longer than the chunk."""
    ends = [place for place in (chunk.find(b"\n"), chunk.find(b"\r")) if place >= 0]
    return before + (min(ends) if ends else len(chunk))


def _unended(chunk: bytes, before: int) -> int:
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    return before + len(chunk) if last < 0 else len(chunk) - 1 - last


def _line(path: Path, place: int) -> int:
    """The number of the line in which a byte is."""
    with path.open("rb") as stream:
        lines = 1
        while place > 0 and (chunk := stream.read(min(CHUNK, place))):
            lines += chunk.count(b"\n")
            place -= len(chunk)
    return lines


def _refuse_encoding(data: bytes, place: int, line: int) -> None:
    start = max(data.rfind(b"\n", 0, place) + 1, place - 200)
    around = data[start : start + 240].split(b"\n")[0]
    guesses = []
    for name in GUESSES:
        with contextlib.suppress(UnicodeDecodeError):
            guesses.append((name, codecs.getincrementaldecoder(name)().decode(around)))
    as_others = ", ".join(f"as {name} it would be {shown(text)}" for name, text in guesses)
    example = guesses[0][0] if guesses else "cp1252"
    refuse(
        "encoding",
        f"Line {line:,} is not UTF-8{'; ' if guesses else ''}{as_others}",
        f"Say how it is encoded, for example `--encoding {example}`.",
    )
