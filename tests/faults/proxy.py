"""A proxy before a server's socket, of the Docker Engine or of Redis, that can be cut, made to hang or slowed down."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from pathlib import Path
from typing import Self

Place = Path | int
"""The path of a Unix socket, or a port of 127.0.0.1."""


def _socket(place: Place) -> socket.socket:
    return socket.socket(socket.AF_UNIX if isinstance(place, Path) else socket.AF_INET)


def _address(place: Place) -> str | tuple[str, int]:
    return str(place) if isinstance(place, Path) else ("127.0.0.1", place)


class Proxy:
    """Passes on what comes to its socket until it is told otherwise; `restore` ends every fault."""

    def __init__(self, near: Place, far: Place) -> None:
        self._near, self._far = near, far
        self._delay_s = 0.0
        self._passing = threading.Event()
        self._passing.set()
        self._listening = False
        self._pairs: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listen()

    def _listen(self) -> None:
        self._listener = _socket(self._near)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(_address(self._near))
        self._listener.listen(256)
        self._listening = True
        self._start(self._accept, self._listener)

    def _start(self, target: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = _socket(self._far)
            try:
                far.connect(_address(self._far))
            except OSError:  # the server is away, and so is its proxy
                near.close()
                far.close()
                continue
            self._pairs = [*(end for end in self._pairs if end.fileno() >= 0), near, far]
            self._start(self._pass_on, near, far)

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        try:
            while other:
                for end in select.select(list(other), [], [], 0.2)[0]:
                    data = end.recv(65_536)
                    self._passing.wait()
                    time.sleep(self._delay_s)
                    if data:
                        other[end].sendall(data)
                    else:
                        with contextlib.suppress(OSError):
                            other[end].shutdown(socket.SHUT_WR)
                        return_to = other.pop(end)
                        if return_to not in other:
                            return
        except (OSError, KeyError, ValueError):
            pass
        finally:
            near.close()
            far.close()

    def cut(self) -> None:
        """The server is gone: nobody listens, and every connection ends."""
        self._listening = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if isinstance(self._near, Path):
            self._near.unlink(missing_ok=True)
        self.reset()
        self._passing.set()

    def reset(self) -> None:
        """Every connection ends; new ones are taken."""
        for end in self._pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def hang(self) -> None:
        """The server takes connections and answers nothing."""
        self._passing.clear()

    def slow_down(self, delay_s: float) -> None:
        """Everything that is passed on comes later."""
        self._delay_s = delay_s

    def restore(self) -> None:
        """Back to normal."""
        self._delay_s = 0.0
        self._passing.set()
        if not self._listening:
            self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        for thread in self._threads:
            thread.join(5)
