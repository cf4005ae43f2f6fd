"""A Redis of a benchmark's own, as a deployment has it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis


class Server:
    """A Redis of its own, with an append-only file as a deployment has."""

    def __init__(self, program: str, folder: str) -> None:
        socket = Path(folder) / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", folder, "--save", "", "--appendonly", "yes"]
        # The rewriting of that file would come at any time and fall on any step.
        options += ["--auto-aof-rewrite-percentage", "0"]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        while not socket.exists():
            if self._process.poll() is not None:
                raise SystemExit(f"redis-server ended with {self._process.returncode}")
            time.sleep(0.05)
        self.url = f"unix://{socket}?db=0"
        self.keys: Any = redis.Redis(unix_socket_path=str(socket))

    def cpu_us(self) -> float:
        """What its main thread has used so far."""
        found = self.keys.info("cpu")
        return 1e6 * float(found["used_cpu_user_main_thread"] + found["used_cpu_sys_main_thread"])

    def memory(self) -> int:
        """Bytes that it uses."""
        return int(self.keys.info("memory")["used_memory"])

    def stop(self) -> None:
        """End it; its folder is removed by whoever made it."""
        self.keys.close()
        self._process.terminate()
        self._process.wait(60)


@contextmanager
def server() -> Iterator[Server]:
    """A Redis that is gone afterwards."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("There is no redis-server on this machine.")
    with tempfile.TemporaryDirectory(prefix="windtunnel-simulation-") as folder:
        running = Server(program, folder)
        try:
            yield running
        finally:
            running.stop()
