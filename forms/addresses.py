"""Which machines people may have us connect to.

Whoever fills in an address uses our place in the network: what only we can reach, such as a
metadata service or a database beside us, is refused unless the installation allows its network.
A name is looked up once, and what is connected to is the address that was checked.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

RESOLVE_SECONDS: Final = 5.0
SETTING: Final = "KILN_ALLOWED_NETWORKS"
"""Where an installation says what else may be connected to."""
SOCKETS: Final = "sockets"

# The registries of special addresses, and not `is_global`, which knows more of them with each
# release of Python.
_SPECIAL: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        # Looks public, and is the host of a machine at Azure.
        "168.63.129.16/32",
        "2001::/23", "2001:db8::/32", "3fff::/20",
    )
)  # fmt: skip
_PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
"""What has been given out of all IPv6 addresses."""
_WITH_IPV4_AT_THE_END: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96")
)


class AddressRefusedError(Exception):
    """An address that may not be connected to; trying again does not help."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} {reason}; what else may be reached is listed in {SETTING}")
        self.host = host


class HostUnknownError(Exception):
    """A host whose address nobody knows, now."""

    retryable = True

    def __init__(self, host: str) -> None:
        super().__init__(f"nobody knows the address of {host}")
        self.host = host


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What an installation may connect to, beside all that is public."""

    networks: tuple[Network, ...] = ()
    sockets: bool = False
    """Whether sockets in the file system may be connected to."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Reach":
        """Read networks such as `10.0.0.0/8`, and `sockets`; raises `ValueError`."""
        listed = tuple(texts)
        return cls(
            networks=tuple(ipaddress.ip_network(text) for text in listed if text != SOCKETS),
            sockets=SOCKETS in listed,
        )

    def allows(self, address: Address) -> bool:
        """Tell if an address is public, or in a network that is allowed."""
        actual = _actual(address)
        if any(each in network for network in self.networks for each in (address, actual)):
            return True
        return _is_public(actual)

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Give the addresses of a host, all of which may be connected to.

        Connect to these and not to the name, which may mean another machine a moment later.
        Raises `AddressRefusedError` or `HostUnknownError`.
        """
        known = self._without_asking(host)
        if known is not None:
            return known
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            raise HostUnknownError(host) from None
        return self._checked(host, found)

    def resolve_blocking(self, host: str) -> tuple[str, ...]:
        """Give the same as `resolve`, for drivers that block in threads of their own."""
        known = self._without_asking(host)
        if known is not None:
            return known
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise HostUnknownError(host) from None
        return self._checked(host, found)

    def _without_asking(self, host: str) -> tuple[str, ...] | None:
        """Judge what is no name: a socket, or an address as such."""
        if host.startswith(("/", "@")):
            if not self.sockets:
                raise AddressRefusedError(host, "is a socket in the file system of this machine")
            return (host,)
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            # Names with a null character would be cut there, and others are looked up.
            if not host or "\0" in host:
                raise HostUnknownError(host) from None
            return None
        if not self.allows(address):
            raise AddressRefusedError(host, "is no public address")
        return (str(address),)

    def _checked(self, host: str, found: Iterable[tuple[Any, ...]]) -> tuple[str, ...]:
        # A scope (`%eth0`) is one of this machine.
        texts = dict.fromkeys(str(place[0]).partition("%")[0] for *_, place in found)
        for text in texts:
            # Which one it is stays untold: names inside our network are nobody's business.
            if not self.allows(ipaddress.ip_address(text)):
                raise AddressRefusedError(host, "is at no public address")
        return tuple(texts)


def _actual(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in _WITH_IPV4_AT_THE_END):
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if address.sixtofour is not None:
            return address.sixtofour
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_V6:
        return False
    return not any(address in network for network in _SPECIAL)
