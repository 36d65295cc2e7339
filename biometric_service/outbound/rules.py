"""Where the service may connect to: listed origins only, and no private address unless its network is listed."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from biometric_service.errors import BiometricServiceError, ErrorCode

LONGEST_URL = 2048

_PORTS = {"https": 443, "http": 80, "sftp": 22}
_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32_BITS = 0xFFFFFFFF

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port (RFC 6454)."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked; ``path``: with its query, as it goes on the request line."""

    origin: Origin
    path: str


class OutboundRules:
    """The allow-list.

    ``origins``: such as ``https://partner.example:8443``; plain HTTP only where it is written so. ``networks``: CIDR
    blocks of private addresses that names in the list may lead to. SETTINGS_INVALID for what is neither.
    """

    def __init__(self, origins: Iterable[str], networks: Iterable[str]) -> None:
        try:
            self._origins = frozenset(_origin(urlsplit(origin)) for origin in origins)
            self._networks = tuple(ip_network(network) for network in networks)
        except ValueError as fault:
            raise BiometricServiceError(
                ErrorCode.SETTINGS_INVALID,
                f"The origins or networks that may be asked are not valid ({fault}).",
                "Give origins such as https://partner.example and networks such as 10.1.0.0/16.",
            ) from None

    def target(self, url: str) -> Target:
        """The URL in parts; URL_REFUSED where its origin is not listed or it is no URL that can be asked."""
        try:
            parts = urlsplit(url)
            origin = _origin(parts)
        except ValueError:
            raise refused("It is not a URL that can be asked.") from None
        if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or parts.fragment:
            raise refused("It is not a URL that can be asked.")
        if origin not in self._origins:
            raise refused(f"The origin {origin.scheme}://{origin.host}:{origin.port} is not on the list.")
        return Target(origin, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

    def allows(self, address: str) -> bool:
        """Whether an address that a listed name leads to may be connected to."""
        given = _within(ip_address(address.partition("%")[0]))
        if any(given in network for network in self._networks if network.version == given.version):
            return True
        return given.is_global and not given.is_multicast and not given.is_reserved


def refused(why: str) -> BiometricServiceError:
    """URL_REFUSED."""
    return BiometricServiceError(
        ErrorCode.URL_REFUSED, f"The URL is refused. {why}", "Ask the operator to list its origin, or send the data."
    )


def _origin(parts: SplitResult) -> Origin:
    """ValueError for anything that is not an origin of HTTP or SFTP, or names a user."""
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("an origin is http(s)://host[:port] or sftp://host[:port]")
    return Origin(parts.scheme, parts.hostname.rstrip("."), parts.port or _PORTS[parts.scheme])


def _within(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32_BITS)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
