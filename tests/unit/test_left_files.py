"""The working folder's files on their way to the report: whatever they are, what comes is bounded and safe."""

from __future__ import annotations

import json
import os
import random
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from folder import MAX_NAMED, Collector

from windtunnel.contract import Artifact
from windtunnel.errors import InvalidInput, SandboxFailure
from windtunnel_worker.sandbox.limits import FolderLimits
from windtunnel_worker.sandbox.protocol import Frame, Transcript
from windtunnel_worker.sandbox.working_folder import unique_names

LIMITS = FolderLimits(files=3, file_bytes=100, total_bytes=150)


def collect(folder: Path, limits: FolderLimits = LIMITS) -> Transcript:
    """What the host has of a folder after the warden has been through it."""
    transcript = Transcript(output_limit=1, folder=limits)

    def send(kind: bytes, payload: bytes) -> None:
        transcript.take(Frame(kind, payload))

    collector = Collector(
        send, {"files": limits.files, "file_bytes": limits.file_bytes, "total_bytes": limits.total_bytes}
    )
    collector.collect(str(folder))
    transcript.take(Frame(b"X", json.dumps({"files_dropped": collector.dropped}).encode()))
    return transcript


def came(transcript: Transcript) -> dict[str, bytes]:
    return {file.name: file.content for file in transcript.files.files()}


def reasons(transcript: Transcript) -> dict[str, str]:
    return {file.name: file.reason for file in transcript.files.dropped}


def test_files_come_with_those_of_subfolders(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name, content in {"z.txt": b"1", "empty": b"", "a/b/deep.csv": b"\x00\xff"}.items():
        (tmp_path / name).write_bytes(content)
    assert came(collect(tmp_path)) == {"empty": b"", "z.txt": b"1", "a/b/deep.csv": b"\x00\xff"}


def test_what_is_no_file_is_named_and_drops_nothing_after_it(tmp_path: Path) -> None:
    (tmp_path / "0-link").symlink_to("/etc/passwd")
    (tmp_path / "1-folder-link").symlink_to("/etc")
    os.mkfifo(tmp_path / "2-pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(tmp_path / "3-socket"))
    (tmp_path / "4-file").write_bytes(b"kept")
    transcript = collect(tmp_path)
    assert came(transcript) == {"4-file": b"kept"}
    assert reasons(transcript) == {
        "0-link": "is a link, not a file",
        "1-folder-link": "is a link, not a file",
        "2-pipe": "is a pipe, not a file",
        "3-socket": "is a socket, not a file",
    }


def test_what_is_too_large_or_too_many_is_named_with_the_limit(tmp_path: Path) -> None:
    for name, size in {"a": 101, "b": 100, "c": 60, "d": 50, "e": 0, "f": 0}.items():
        (tmp_path / name).write_bytes(b"x" * size)
    transcript = collect(tmp_path, FolderLimits(files=3, file_bytes=100, total_bytes=150))
    assert sorted(came(transcript)) == ["b", "d", "e"]
    assert {name: bool(reason) for name, reason in reasons(transcript).items()} == {"a": True, "c": True, "f": True}
    assert {file.name: file.bytes for file in transcript.files.dropped} == {"a": 101, "c": 60, "f": 0}


def test_folders_within_folders_end_somewhere(tmp_path: Path) -> None:
    inner = tmp_path
    for _ in range(20):
        inner = inner / "q"
        inner.mkdir()
        (inner / "f").write_bytes(b"")
    transcript = collect(tmp_path, FolderLimits(files=100))
    assert max(name.count("/") for name in came(transcript)) == 7
    assert list(reasons(transcript).values()) == ["lies more than 8 folders deep"]


def test_of_very_many_dropped_files_some_are_named_and_all_counted(tmp_path: Path) -> None:
    for number in range(MAX_NAMED + 10):
        (tmp_path / f"{number:03}").symlink_to("x")
    transcript = collect(tmp_path)
    assert (len(transcript.files.dropped), transcript.dropped_files) == (MAX_NAMED, MAX_NAMED + 10)


@pytest.mark.parametrize("kind", ["missing", "link", "file"])
def test_a_folder_that_was_replaced_gives_nothing(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "folder"
    if kind == "link":
        folder.symlink_to("/etc")
    elif kind == "file":
        folder.write_bytes(b"x")
    assert came(collect(folder)) == {}


# -- names -----------------------------------------------------------------------------------------------

HOSTILE = [
    *("../escape", "/etc/passwd", "..", ".", "", "a/../b", "a//b", "/", "a\0b", "a\nb", "x" * 300, "\u202etxt", "-rf"),
    *("b c", "b_c", "b\tc", "a", "a/b", "a b/c", "a_b", ".hidden", "Überblick.png", "\ud800", "/".join("abcdefghijkl")),
]


@pytest.mark.parametrize("seed", range(30))
def test_any_names_become_safe_ones_that_fit_below_one_folder(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    names = [source.choice(HOSTILE) + source.choice(["", "", "/x", "/b c", ".csv"]) for _ in range(40)]
    found = unique_names(names)
    for name in found:
        Artifact(name=name, bytes=0, sha256="")
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
        assert path.resolve().is_relative_to(tmp_path)
    assert len(found) == len(names)


def test_a_safe_name_stays_and_what_is_changed_says_so() -> None:
    assert unique_names(["b c", "b_c", "plots/a.png", "b\tc.csv"]) == ["b_c-2", "b_c", "plots/a.png", "b_c.csv"]
    assert unique_names(["A.csv", "a.csv", "B", "b/c"]) == ["A.csv", "a-2.csv", "B", "b_c"]


def test_a_link_in_place_of_the_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("x")
    (tmp_path / "folder").symlink_to(tmp_path / "elsewhere")
    transcript = collect(tmp_path / "folder")
    assert came(transcript) == {}
    assert set(reasons(transcript)) == {"."}


def test_of_a_folder_that_was_removed_nothing_is_said(tmp_path: Path) -> None:
    assert collect(tmp_path / "folder").dropped_files == 0


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "", ".", "a b", ".x", "a//b", "x/", "é"])
def test_an_artifact_of_an_unsafe_name_cannot_be_made(name: str) -> None:
    with pytest.raises(InvalidInput, match="name"):
        Artifact(name=name, bytes=0, sha256="")


# -- frames that no honest warden sends ------------------------------------------------------------------


def announced(name: Any = "a", size: Any = 4) -> Frame:
    return Frame(b"A", json.dumps({"name": name, "bytes": size}).encode())


@pytest.mark.parametrize(
    "frames",
    [
        [Frame(b"B", b"x")],
        [announced(size=4), Frame(b"B", b"12345")],
        [announced(size=4), Frame(b"B", b"123"), announced()],
        [announced(size=101)],
        [announced(size=-1)],
        [announced(size="x")],
        [announced(size=100), Frame(b"B", b"x" * 100), announced(size=51)],
        [announced(size=0)] * 4,
        [Frame(b"A", b"[]")],
    ],
)
def test_files_beyond_what_was_agreed_break_the_protocol(frames: list[Frame]) -> None:
    transcript = Transcript(output_limit=1, folder=LIMITS)
    *before, last = frames
    for frame in before:
        transcript.take(frame)
    with pytest.raises(SandboxFailure):
        transcript.take(last)


def test_a_file_that_is_cut_off_is_dropped_and_named() -> None:
    transcript = Transcript(output_limit=1, folder=LIMITS)
    for frame in (announced("a", 1), Frame(b"B", b"x"), announced("b", 4), Frame(b"B", b"xx")):
        transcript.take(frame)
    assert came(transcript) == {"a": b"x"}
    assert reasons(transcript) == {"b": "was cut off"}


@pytest.mark.parametrize("record", [b"", b"[]", b"{}", b'{"name": 1}', b'{"name": "x", "reason": "y", "bytes": -1}'])
def test_a_forged_word_of_a_dropped_file_counts_for_nothing(record: bytes) -> None:
    transcript = Transcript(output_limit=1)
    transcript.take(Frame(b"D", record))
    assert transcript.dropped_files == 0


def test_what_is_told_of_dropped_files_is_bounded_and_can_be_shown() -> None:
    transcript = Transcript(output_limit=1)
    for _ in range(1000):
        transcript.take(Frame(b"D", json.dumps({"name": "\x1b[2J" * 1000, "reason": "\n" * 1000}).encode()))
    assert (len(transcript.files.dropped), transcript.dropped_files) == (64, 1000)
    assert all(re.fullmatch(r"(\?\[2J)+\??", file.name) and len(file.name) <= 128 for file in transcript.files.dropped)
