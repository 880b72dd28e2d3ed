"""Where a runtime listens: `unix:/path` or `host:port`; each server process has a place there."""

from typing import Final

from runtime.errors import AddressError

MAX_SOCKET_PATH_BYTES: Final = 107
"""What the kernel takes for the path of a unix socket, without its final zero."""

MAX_PROCESSES: Final = 256

_UNIX: Final = "unix:"


def check_address(address: str) -> str:
    """Give the address, or refuse what is none."""
    if address.startswith(_UNIX):
        path = address.removeprefix(_UNIX)
        if not path.startswith("/") or "\0" in path:
            raise AddressError(address, "is not `unix:` and an absolute path")
        if (length := len(path.encode(errors="surrogateescape"))) > MAX_SOCKET_PATH_BYTES:
            raise AddressError(
                address,
                f"has a path of {length} bytes, and a unix socket takes {MAX_SOCKET_PATH_BYTES}",
            )
        return address
    host, colon, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise AddressError(address, "is neither `unix:/path` nor `host:port`")
    if ":" in bare and host == bare:
        raise AddressError(address, "is an IPv6 address that is not in brackets")
    return address


def socket_path(address: str) -> str | None:
    """Give the path of a unix socket; none if the address is of another kind."""
    return address.removeprefix(_UNIX) if address.startswith(_UNIX) else None


def port_of(address: str) -> int:
    """Give the port of an address that has one."""
    return int(address.rpartition(":")[2])


def is_local(address: str) -> bool:
    """Tell if only this machine can reach the address."""
    host = address.rpartition(":")[0].strip("[]")
    return (
        socket_path(address) is not None
        or host in {"localhost", "::1"}
        or (host.startswith("127.") and host.replace(".", "").isdigit())
    )


def process_addresses(address: str, processes: int) -> tuple[str, ...]:
    """Give the address of each of several server processes.

    Processes share a port, and the kernel spreads connections over them. A unix socket has one
    owner: the second process and the others have one each, with a number behind the path.
    """
    if not 1 <= processes <= MAX_PROCESSES:
        raise AddressError(address, f"is for {processes} processes, expected 1 to {MAX_PROCESSES}")
    if socket_path(address) is None:
        return (check_address(address),) * processes
    others = (f"{address}.{number}" for number in range(1, processes))
    return tuple(map(check_address, (address, *others)))
