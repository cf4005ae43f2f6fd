"""Parses the address of a Redis master that Sentinels know. Imports nothing from the project."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

SENTINEL_PORT = 26379


@dataclass(frozen=True)
class SentinelAddress:
    """The parts of a URL such as `sentinel://user:password@one:26379,two:26379/0?master=windtunnel`."""

    sentinels: tuple[tuple[str, int], ...]
    master: str
    """The name that the Sentinels have for it."""
    database: int
    username: str | None
    password: str | None
    """`username` and `password` are for Redis itself."""
    sentinel_password: str | None
    """From the query; None if the Sentinels need no password."""

    @classmethod
    def read(cls, url: str) -> SentinelAddress | None:
        """Parse a URL; None if it has another scheme. `ValueError` says what is wrong."""
        parts = urlsplit(url)
        if parts.scheme != "sentinel":
            return None
        credentials, _, places = parts.netloc.rpartition("@")
        username, _, password = credentials.partition(":")
        query = parse_qs(parts.query)
        if not query.get("master"):
            raise ValueError("names no master: add ?master=NAME, as the Sentinels call it")
        database = parts.path.strip("/") or "0"
        if not database.isdigit():
            raise ValueError("must end with the number of a database, like /0")
        return cls(
            sentinels=tuple(_place(place) for place in places.split(",")),
            master=query["master"][0],
            database=int(database),
            username=unquote(username) or None,
            password=unquote(password) or None,
            sentinel_password=next(iter(query.get("sentinel_password", ())), None),
        )

    def for_kombu(self) -> str:
        """The same address in kombu's notation."""
        credentials = _credentials(self.username, self.password)
        first, *others = [f"{host}:{port}" for host, port in self.sentinels]
        return ";".join(
            [f"sentinel://{credentials}{first}/{self.database}", *(f"sentinel://{other}" for other in others)]
        )


def _credentials(username: str | None, password: str | None) -> str:
    if not username and not password:
        return ""
    return f"{quote(username or '', safe='')}:{quote(password or '', safe='')}@"


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    if not host or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise ValueError(f"{text!r} is not the address of a Sentinel; write host:{SENTINEL_PORT}")
    return host, int(port or SENTINEL_PORT)
