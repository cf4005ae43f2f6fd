"""Decides where webhooks may go: to hosts that the operator lists, and to private addresses only if listed as such."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
USUAL_PORTS = (80, 443)
NO_ENTRY = "is not a host, host:port, address or network"
TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
"""IPv6 addresses that contain an IPv4 address, which may be a private one."""


def _resolve(host: str, port: int) -> Sequence[str]:
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class NotAllowed(Exception):
    """A request that must not be made."""


@dataclass(frozen=True)
class Target:
    """Where one request goes. The addresses are resolved once and used for the connection, the first that answers."""

    host: str
    port: int
    path: str
    tls: bool
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Allowlist:
    """The operator's list: `hooks.example.com`, `*.example.com`, `host:8443`, `10.0.0.5`, `10.0.0.0/8`.

    A name without a port means its ports 80 and 443, and must resolve to public addresses. Private and loopback
    addresses must be listed as addresses or networks. Requests without TLS may go only to listed addresses.
    """

    names: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()
    resolve: Resolve = field(default=_resolve, compare=False)

    @classmethod
    def of(cls, entries: Iterable[str], resolve: Resolve | None = None) -> Allowlist:
        """Read an operator's list; `ValueError` names an entry that cannot be read."""
        names: set[tuple[str, int | None]] = set()
        networks: list[tuple[Network, int | None]] = []
        for entry in entries:
            host, port = _split(entry.strip().lower())
            try:
                networks.append((ipaddress.ip_network(host, strict=False), port))
            except ValueError:
                if any(char in host.removeprefix("*.") for char in "/,*"):
                    raise ValueError(f"{entry!r} {NO_ENTRY}") from None
                names.add((host, port))
        return cls(frozenset(names), tuple(networks), resolve or _resolve)

    def target(self, url: str) -> Target:
        """Where a request to this URL goes. `NotAllowed` says why it must not be made; `OSError` if DNS fails."""
        parts = urlsplit(url)
        host, tls = (parts.hostname or "").rstrip("."), parts.scheme == "https"
        if parts.scheme not in ("http", "https") or not host:
            raise NotAllowed("it is not an http(s) URL")
        port = parts.port or (443 if tls else 80)
        listed = self._lists(_address(host), port) if _address(host) else self._names(host, port)
        if not listed:
            other = "" if port in USUAL_PORTS or not self._names(host, 443) else "; a name alone stands for 80 and 443"
            raise NotAllowed(f"{host}:{port} is not in WINDTUNNEL_WEBHOOKS{other}")
        found = self.resolve(host, port)
        if not found:
            raise NotAllowed(f"{host} has no address")
        addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in found]
        for address in addresses:
            own = self._lists(address, port)
            if not own and not _public(address):
                raise NotAllowed(f"{host} is {address}, a private address that is not in WINDTUNNEL_WEBHOOKS")
            if not own and not tls:
                raise NotAllowed(f"{host} is a public address, so it must be https")
        path = parts.path or "/"
        return Target(host, port, f"{path}?{parts.query}" if parts.query else path, tls, tuple(map(str, addresses)))

    def _names(self, host: str, port: int) -> bool:
        parents = [host, *(f"*.{host.split('.', at)[at]}" for at in range(1, host.count(".") + 1))]
        return any(
            (name, port) in self.names or (port in USUAL_PORTS and (name, None) in self.names) for name in parents
        )

    def _lists(self, address: Address | None, port: int) -> bool:
        return address is not None and any(
            address.version == network.version and address in network and only in (None, port)
            for network, only in self.networks
        )


def _split(entry: str) -> tuple[str, int | None]:
    host, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    if not entry or any(char in entry for char in " @?#") or "://" in entry:
        raise ValueError(f"{entry!r} {NO_ENTRY}")
    return entry.strip("[]"), None


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or any(address in network for network in TRANSLATED)
    ):
        return False
    return address.is_global and not address.is_multicast
