"""A stand-in for the Docker Engine's socket that can be cut or made to hang while it is used."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from pathlib import Path
from typing import Self


class EngineProxy:
    """Passes on what comes to its socket. `cut`: every connection breaks and none is taken; `hang`: nothing passes."""

    def __init__(self, path: Path, engine: str) -> None:
        self.address = f"unix://{path}"
        self._path, self._engine = path, engine
        self._passing = threading.Event()
        self._passing.set()
        self._pairs: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listen()

    def _listen(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        thread = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._engine)
            self._pairs += [near, far]
            thread = threading.Thread(target=self._pass_on, args=(near, far), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        try:
            while other:
                for end in select.select(list(other), [], [], 0.2)[0]:
                    data = end.recv(65_536)
                    self._passing.wait()
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
        """The daemon is gone: nobody listens, and every connection ends."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)
        for end in self._pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._passing.set()

    def hang(self) -> None:
        """The daemon takes connections and answers nothing."""
        self._passing.clear()

    def mend(self) -> None:
        """Back to normal."""
        self._passing.set()
        if not self._path.exists():
            self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        for thread in self._threads:
            thread.join(5)
