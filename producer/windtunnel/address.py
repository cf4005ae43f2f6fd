"""Checks the URL of a Redis, and parses that of a master that Sentinels know. Imports nothing from the project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    import ssl

DEFAULT_REDIS_URL = "redis://127.0.0.1:7411/0"
"""Where `windtunnel up` runs its private Redis: not the usual port, which another Redis may use."""
SENTINEL_PORT = 26379
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""Files that the query of a `rediss://` URL may name: trusted authorities, and a client certificate with its key."""
TLS_OPTIONS = ("ssl_password", "ssl_ca_path", "ssl_cert_reqs", "ssl_check_hostname", "ssl_ciphers")
OPTIONS = {
    "redis": ("password",),
    "rediss": ("password", *TLS_FILES, *TLS_OPTIONS),
    "unix": ("password", "db"),
    "sentinel": ("master", "sentinel_password"),
}
"""Scheme → what the query of its URL may have. The rest of what the Redis library knows would reach only one of the two
libraries that connect, or none."""
VERIFICATIONS = ("none", "optional", "required")


def check_redis_url(url: str) -> None:
    """`ValueError` says what is wrong with the URL of a Redis, and never repeats a password."""
    parts = urlsplit(url)
    _check_options(parts.scheme, parts.query)
    if SentinelAddress.read(url):
        return
    try:
        usable = parts.scheme in ("redis", "rediss") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is not a number
        usable = False
    if not usable and not (parts.scheme == "unix" and parts.path):
        raise ValueError(
            f"must look like {DEFAULT_REDIS_URL}, rediss://…, unix:///path/to/socket or "
            "sentinel://host:26379,host:26379/0?master=NAME"
            + ("; write / as %2F, # as %23 and ? as %3F in a password" if "@" in url else "")
        )
    if parts.scheme != "unix" and not parts.path.removeprefix("/").isdigit() and parts.path not in ("", "/"):
        raise ValueError("must end with the number of a database, like /0")
    if parts.scheme == "rediss":
        _check_tls(dict(parse_qsl(parts.query)))


def _check_options(scheme: str, query: str) -> None:
    known = OPTIONS.get(scheme, ())
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name in known or not known:
            continue
        if scheme == "redis" and name in OPTIONS["rediss"]:
            raise ValueError(f"has the option {name}, which is for TLS: write rediss:// instead of redis://")
        raise ValueError(f"has an unknown option, {name}; {scheme}:// takes {', '.join(known)}")


def _check_tls(options: Mapping[str, str]) -> None:
    import ssl

    if options.get("ssl_cert_reqs", "required") not in VERIFICATIONS:
        raise ValueError(f"has a wrong ssl_cert_reqs; it is one of {', '.join(VERIFICATIONS)}")
    for name in TLS_FILES:
        if name in options and not (os.path.isfile(options[name]) and os.access(options[name], os.R_OK)):
            raise ValueError(f"names a file that cannot be read: {name}={options[name]}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if "ssl_ca_certs" in options:
        try:
            context.load_verify_locations(options["ssl_ca_certs"])
        except OSError:
            raise ValueError(f"names a file without certificates: ssl_ca_certs={options['ssl_ca_certs']}") from None
    if "ssl_certfile" in options:
        _check_identity(context, options)


def _check_identity(context: ssl.SSLContext, options: Mapping[str, str]) -> None:
    certificate, key = options["ssl_certfile"], options.get("ssl_keyfile")
    try:
        context.load_cert_chain(certificate, key, options.get("ssl_password", ""))
    except OSError as error:
        why = getattr(error, "reason", None) or "not PEM"
        raise ValueError(
            f"names a certificate and a key that cannot be used together: ssl_certfile={certificate}, "
            f"ssl_keyfile={key or certificate} ({str(why).lower().replace('_', ' ')})"
        ) from None


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
