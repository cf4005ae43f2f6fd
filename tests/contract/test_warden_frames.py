"""The warden's protocol, byte for byte: what the host sends and what it takes."""

from __future__ import annotations

import pytest

from windtunnel_worker.sandbox.protocol import End, Fault, Frame, FrameDecoder, Transcript, job_frame

TAKEN = [
    (b'R\x00\x00\x00\x22{"versions": {"python": "3.11.2"}}', Frame(b"R", b'{"versions": {"python": "3.11.2"}}')),
    (b"S\x00\x00\x00\x00", Frame(b"S", b"")),
    (b"O\x00\x00\x00\x06hello\n", Frame(b"O", b"hello\n")),
    (b"E\x00\x00\x00\x05oops\xff", Frame(b"E", b"oops\xff")),
    (b'V\x00\x00\x00\x0f{"sharpe": 1.5}', Frame(b"V", b'{"sharpe": 1.5}')),
    (
        b'F\x00\x00\x00\x25{"type": "TypeError", "message": "x"}',
        Frame(b"F", b'{"type": "TypeError", "message": "x"}'),
    ),
    (b'X\x00\x00\x00\x24{"exit_code": 0, "timed_out": false}', Frame(b"X", b'{"exit_code": 0, "timed_out": false}')),
]


def docker(stream: int, data: bytes) -> bytes:
    """Docker's own frame: stream, three zeros, length."""
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def test_the_job_frame() -> None:
    frame = job_frame(
        {
            "code": "print(1)\n",
            "params": {"fast": 12},
            "datasets": {"sp500": "/data/sp500.csv"},
            "seed": 7,
            "timeout_s": 30.0,
            "cpu_time_s": None,
            "output_bytes": 262144,
        }
    )
    assert frame == (
        b"J\x00\x00\x00\xa2"
        b'{"code": "print(1)\\n", "params": {"fast": 12}, "datasets": {"sp500": "/data/sp500.csv"}, '
        b'"seed": 7, "timeout_s": 30.0, "cpu_time_s": null, "output_bytes": 262144}'
    )


@pytest.mark.parametrize(("sent", "frame"), TAKEN, ids=lambda value: str(value)[:4])
def test_each_frame_of_the_warden(sent: bytes, frame: Frame) -> None:
    assert list(FrameDecoder().feed(docker(1, sent))) == [frame]


def test_a_whole_run() -> None:
    stream = docker(1, b"".join(sent for sent, _ in TAKEN)) + docker(2, b"warden: a fault\n")
    decoder = FrameDecoder()
    frames = list(decoder.feed(stream))
    assert frames == [frame for _, frame in TAKEN]
    transcript = Transcript(output_limit=100)
    for frame in frames[2:]:
        transcript.take(frame)
    assert (bytes(transcript.stdout), bytes(transcript.stderr)) == (b"hello\n", b"oops\xff")
    assert transcript.values == {"sharpe": 1.5}
    assert transcript.end == End(exit_code=0, timed_out=False)
    assert transcript.fault == Fault(type="TypeError", message="x")
    assert decoder.faults == "warden: a fault"
