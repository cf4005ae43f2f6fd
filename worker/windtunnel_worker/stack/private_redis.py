"""The private Redis of a stack: its password, the file that tells clients its URL, and its configuration."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from windtunnel.errors import HostFeatureMissing, StoreUnavailable
from windtunnel.ports import why_taken
from windtunnel.settings import URL_FILE
from windtunnel_worker.stack.plan import REDIS, Address, Program
from windtunnel_worker.stack.state import State, write_private


class PrivateRedis:
    """A Redis on a loopback port, for whoever can read the state folder. `StoreUnavailable` if the port is taken."""

    def __init__(self, state: State, port: int, memory_mb: int) -> None:
        self._server = _find_server()
        _refuse_taken(port)
        file = state.folder / URL_FILE.name
        self.address = Address(port, _password(file) or secrets.token_urlsafe(24))
        self.url = f"redis://:{self.address.password}@127.0.0.1:{port}/0"
        write_private(file, self.url + "\n")
        self._options = {
            "port": port,
            "bind": "127.0.0.1",
            "requirepass": self.address.password,
            "dir": _quoted(state.redis),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            # Its regular chores, twice a second instead of ten times: most of what an idle Redis costs.
            "hz": 2,
            "maxmemory": f"{memory_mb}mb",
            # A record that is thrown out would be a job that is lost.
            "maxmemory-policy": "noeviction",
            # Records are hashes with a few values of up to a kilobyte. Packed they take 1,120 bytes instead of 1,610.
            # Newer servers call it hash-max-listpack-value; all take this name.
            "hash-max-ziplist-value": 1024,
        }

    def program(self) -> Program:
        """How to run it. Its configuration goes to its standard input: a command line shows passwords."""
        config = "".join(f"{name} {value}\n" for name, value in self._options.items())
        return Program(REDIS, (self._server, "-"), config=config)


def _find_server() -> str:
    server = shutil.which("redis-server")
    if server is None:
        raise HostFeatureMissing(
            "There is no redis-server on this machine.",
            remedy="Run `apt-get install redis-server` or `deploy/setup.sh`, or set WINDTUNNEL_REDIS_URL.",
        )
    return server


def _refuse_taken(port: int) -> None:
    reason = why_taken(port)
    if reason:
        raise StoreUnavailable(
            f"Port {port} is taken, perhaps by another `windtunnel up` ({reason}).",
            remedy="Use that one, stop it, or give --redis-port.",
        )


def _password(file: Path) -> str | None:
    """The one that clients know from an earlier start."""
    return urlsplit(file.read_text().strip()).password if file.exists() else None


def _quoted(folder: Path) -> str:
    """As redis.conf spells a value with spaces."""
    return '"' + str(folder).replace("\\", "\\\\").replace('"', '\\"') + '"'
