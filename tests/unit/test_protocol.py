"""The host's end of the warden's protocol: whatever arrives, it stays bounded and fails in one way only."""

from __future__ import annotations

import itertools
import random
import socket
import tracemalloc
from collections.abc import Iterable

import pytest
from channels import MAX_PLACE_BYTES, Records
from host import Host

from windtunnel.contract import Limits
from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox import container
from windtunnel_worker.sandbox.kind import Kind
from windtunnel_worker.sandbox.limits import FolderLimits, RunLimits, SandboxLimits
from windtunnel_worker.sandbox.protocol import (
    DOCKER_HEADER,
    HEADER,
    KINDS,
    MAX_DOCKER_CHUNK_BYTES,
    MAX_FRAME_BYTES,
    STDERR,
    STDOUT,
    Frame,
    FrameDecoder,
    Transcript,
)

SEEDS = range(40)


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


def chunk(data: bytes, stream: int = STDOUT) -> bytes:
    return DOCKER_HEADER.pack(stream, len(data)) + data


def pieces(data: bytes, source: random.Random, most: int = 40) -> Iterable[bytes]:
    """The same bytes cut at random places."""
    at = 0
    while at < len(data):
        size = source.randint(1, most)
        yield data[at : at + size]
        at += size


def decode(parts: Iterable[bytes]) -> list[Frame]:
    decoder = FrameDecoder()
    return [found for part in parts for found in decoder.feed(part)]


@pytest.mark.parametrize("seed", SEEDS)
def test_frames_come_out_whole_however_the_bytes_are_cut(seed: int) -> None:
    source = random.Random(seed)
    frames = [
        Frame(bytes([source.choice(KINDS)]), source.randbytes(source.randint(0, 300)))
        for _ in range(source.randint(1, 20))
    ]
    warden = b"".join(frame(one.kind, one.payload) for one in frames)
    docker = b"".join(chunk(piece) for piece in pieces(warden, source))
    assert decode(pieces(docker, source)) == frames


@pytest.mark.parametrize("seed", SEEDS)
def test_garbage_raises_nothing_but_a_sandbox_failure(seed: int) -> None:
    source = random.Random(seed)
    transcript = Transcript(output_limit=100)
    decoder = FrameDecoder()
    try:
        for _ in range(200):
            garbage = source.randbytes(source.randint(0, 64))
            if seed % 4 == 1:  # Docker's own framing is right, what is in it is not
                garbage = chunk(garbage, source.choice((STDOUT, STDERR)))
            elif seed % 4 == 2:  # the warden's framing is right too, its JSON is not
                garbage = chunk(frame(bytes([source.choice(KINDS)]), garbage))
            elif seed % 4 == 3:  # the JSON is right, its shape is not
                value = source.choice((b"[]", b"null", b"1e999", b'"x"', b'{"a":NaN}', b"{}", b"[" * 60))
                garbage = chunk(frame(bytes([source.choice(KINDS)]), value))
            for found in decoder.feed(garbage):
                transcript.take(found)
    except SandboxFailure:
        pass
    assert len(transcript.stdout) <= 100
    assert len(transcript.stderr) <= 100


def test_a_frame_of_an_unknown_kind_is_refused() -> None:
    for kind in (b"J", b"Z", b"\0", b"\xff"):
        with pytest.raises(SandboxFailure, match="broke the protocol"):
            decode([chunk(frame(kind))])


def test_a_frame_that_announces_too_much_is_refused_before_it_arrives() -> None:
    assert decode([chunk(frame(b"O", bytes(MAX_FRAME_BYTES)))])
    with pytest.raises(SandboxFailure):
        decode([chunk(HEADER.pack(b"O", MAX_FRAME_BYTES + 1))])


def test_a_chunk_that_announces_too_much_is_refused_before_it_arrives() -> None:
    with pytest.raises(SandboxFailure):
        decode([DOCKER_HEADER.pack(STDOUT, MAX_DOCKER_CHUNK_BYTES + 1)])


def test_a_stream_that_docker_does_not_have_is_refused() -> None:
    for stream in (0, 3, 255):
        with pytest.raises(SandboxFailure):
            decode([chunk(b"", stream)])


def test_the_wardens_complaints_are_kept_up_to_a_limit() -> None:
    decoder = FrameDecoder(faults_limit=10)
    for _ in range(3):
        assert list(decoder.feed(chunk(b"warden: x\xff", STDERR))) == []
    assert decoder.faults == "warden: x\ufffd"


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"1", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 100_000], ids=len
)
def test_a_payload_that_is_no_object_is_a_sandbox_failure(payload: bytes) -> None:
    with pytest.raises(SandboxFailure):
        Frame(b"V", payload).json()


def test_a_number_too_large_for_a_float_becomes_none_however_deep_it_is() -> None:
    transcript = Transcript(output_limit=1)
    transcript.take(Frame(b"V", b'{"x": 1e999, "y": [-1e999, {"z": 1' + b"0" * 400 + b'.0}], "w": 1e3}'))
    assert transcript.values == {"x": None, "y": [None, {"z": None}], "w": 1000.0}
    assert transcript.not_finite == {"x": "Infinity", "y[0]": "-Infinity", "y[1].z": "Infinity"}


def test_an_end_that_lasted_for_ever_is_refused() -> None:
    with pytest.raises(SandboxFailure, match="duration_s"):
        Transcript(output_limit=1).take(Frame(b"X", b'{"exit_code": 0, "duration_s": 1e999}'))


def test_an_integer_of_a_million_digits_is_a_sandbox_failure() -> None:
    with pytest.raises(SandboxFailure):
        Frame(b"V", b'{"a": ' + b"9" * 1_000_000 + b"}").json()


def test_a_transcript_keeps_output_up_to_its_limit_and_apart() -> None:
    transcript = Transcript(output_limit=5)
    for kind, text in ((b"O", b"abc"), (b"E", b"xyz"), (b"O", b"defgh"), (b"O", b"i")):
        transcript.take(Frame(kind, text))
    assert (bytes(transcript.stdout), bytes(transcript.stderr)) == (b"abghi", b"xyz")


def test_a_transcript_keeps_the_last_value_of_a_name_and_counts_what_it_drops() -> None:
    transcript = Transcript(output_limit=1, values_limit=60, names_limit=2)
    for payload in (b'{"a": 1}', b'{"a": 2}', b'{"b": 1}', b'{"c": 1}', b'{"a": "' + b"x" * 60 + b'"}'):
        transcript.take(Frame(b"V", payload))
    assert transcript.values == {"a": 2, "b": 1}
    assert (transcript.values_dropped, transcript.dropped_names) == (2, ["c", "a"])


def test_a_value_of_an_endless_name_is_dropped() -> None:
    transcript = Transcript(output_limit=1)
    transcript.take(Frame(b"V", b'{"' + b"n" * 257 + b'": 1}'))
    assert (transcript.values, transcript.values_dropped) == ({}, 1)


@pytest.mark.parametrize("kind", [b"R", b"S"])
def test_a_second_beginning_breaks_the_protocol(kind: bytes) -> None:
    with pytest.raises(SandboxFailure, match="unexpected"):
        Transcript(output_limit=1).take(Frame(kind, b"{}"))


def test_positions_are_kept_up_to_their_limit_whatever_is_in_them() -> None:
    transcript = Transcript(output_limit=10, positions_limit=10)
    for _ in range(3):
        transcript.take(Frame(b"P", b"\xffabcd"))
    assert transcript.positions == "\ufffdabcd\ufffdabcd"


def test_runs_of_a_check_are_kept_once_each_up_to_their_limit() -> None:
    transcript = Transcript(output_limit=10, positions_limit=200)
    for payload in (
        b'{"number": 1, "packed": "YQ=="}',
        b'{"number": 1, "packed": "Yg=="}',
        b'{"number": 64}',
        b'{"number": 2, "surplus": 1}',
        b"[]",
        b'{"number": 3, "packed": "' + b"a" * 200 + b'"}',
    ):
        transcript.take(Frame(b"L", payload))
    assert {number: run.packed for number, run in transcript.probe_runs.items()} == {1: "YQ=="}


class Listening(Host):
    """Keeps the frames that would go to the host."""

    def __init__(self) -> None:
        super().__init__(-1, -1)
        self.frames: list[tuple[bytes, bytes]] = []

    def hold(self, kind: bytes, payload: bytes = b"") -> None:
        self.frames.append((kind, payload))


@pytest.mark.parametrize(("kind", "most"), [(b"V", 100_000), (b"P", 64), (b"L", 64), (b"F", 64), (b"D", 1024)])
def test_the_warden_passes_on_a_bounded_number_of_records_however_short_they_are(kind: bytes, most: int) -> None:
    host = Listening()
    records = Records(-1, host)
    for _ in range(4):
        records.take((kind + b"\n") * 30_000)
    assert len(host.frames) == most
    assert records.dropped == 120_000 - most


def test_the_warden_keeps_a_bounded_part_of_where_a_program_was() -> None:
    host = Listening()
    records = Records(-1, host)
    empty, call = b"\n" * MAX_PLACE_BYTES, b"  " + b"x" * 500_000 + b"\n"
    tracemalloc.start()
    for written in (empty, empty, call, call):
        records.take(written)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    records.end()
    assert kept < 2 * MAX_PLACE_BYTES
    assert host.frames == [(b"W", b"\n" * MAX_PLACE_BYTES)]


def test_a_warden_that_does_not_end_an_overdue_program_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "STOP_GRACE_S", 0.05)
    ticks = itertools.count()

    def on_tick() -> bool:
        assert next(ticks) < 1000  # of 10 ms: the longest preparation alone is a minute
        return True

    ours, wardens = socket.socketpair()
    sandbox = container.Sandbox.__new__(container.Sandbox)
    sandbox.kind, sandbox.served = Kind("image", SandboxLimits.of(Limits())), 0
    sandbox._stream, sandbox._decoder = ours, FrameDecoder()
    with ours, wardens:
        wardens.sendall(chunk(frame(b"S")))
        transcript = sandbox.run(
            {},
            RunLimits.of(Limits(timeout_s=0.1), FolderLimits()),
            on_started=lambda: None,
            on_tick=on_tick,
            tick_s=0.01,
        )
    assert transcript.end is None
