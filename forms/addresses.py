"""Which machines people may have us connect to.

Whoever fills in an address uses our place in the network: what only we can reach, such as a
metadata service or a database beside us, is refused unless the installation allows its network.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias, final

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

RESOLVE_SECONDS: Final = 5.0

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefusedError(Exception):
    """An address that may not be connected to, or that nobody knows."""


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
            networks=tuple(ipaddress.ip_network(text) for text in listed if text != "sockets"),
            sockets="sockets" in listed,
        )

    def allows(self, address: Address) -> bool:
        """Tell if an address is public, or in a network that is allowed."""
        actual = _actual(address)
        if any(actual in network for network in self.networks):
            return True
        return actual.is_global and not actual.is_multicast

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Give the addresses of a host, all of which may be connected to.

        Connect to these and not to the name, which may mean another machine a moment later.
        """
        if host.startswith("/"):
            if not self.sockets:
                raise AddressRefusedError("a socket in the file system may not be connected to")
            return (host,)
        addresses = await _look_up(host)
        for address in addresses:
            if not self.allows(address):
                raise AddressRefusedError(
                    f"{host} is {address}, which is no public address and in no allowed network"
                )
        return tuple(str(address) for address in addresses)


def _actual(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return inner
    return address


async def _look_up(host: str) -> tuple[Address, ...]:
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise AddressRefusedError(f"nobody knows the address of {host}") from None
    # A scope (`%eth0`) is one of this machine.
    return tuple(
        dict.fromkeys(ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found)
    )
