import pytest

from runtime.addresses import (
    MAX_SOCKET_PATH_BYTES,
    check_address,
    is_local,
    port_of,
    process_addresses,
    socket_path,
)
from runtime.errors import AddressError


@pytest.mark.parametrize(
    ("address", "path", "local"),
    [
        ("unix:/run/kiln.sock", "/run/kiln.sock", True),
        ("127.0.0.1:80", None, True),
        ("localhost:80", None, True),
        ("[::1]:80", None, True),
        ("0.0.0.0:80", None, False),
        ("[::]:80", None, False),
        ("runtime.internal:80", None, False),
        ("127.example.org:80", None, False),
    ],
)
def test_an_address_is_a_socket_or_a_port(address: str, path: str | None, local: bool) -> None:  # noqa: FBT001 - a column of the table
    assert check_address(address) == address
    assert (socket_path(address), is_local(address)) == (path, local)
    if path is None:
        assert port_of(address) == 80


@pytest.mark.parametrize(
    "address",
    ["", "unix:", "unix:run/x", "unix:/a\0b", "host", "host:", ":80", "h:65536", "::1:80", "h:x"],
)
def test_anything_else_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        check_address(address)


def test_a_socket_path_ends_where_the_kernel_says() -> None:
    path = "/" + "é" * ((MAX_SOCKET_PATH_BYTES - 1) // 2)
    assert len(path.encode()) == MAX_SOCKET_PATH_BYTES
    assert check_address(f"unix:{path}") == f"unix:{path}"
    with pytest.raises(AddressError, match="108 bytes"):
        check_address(f"unix:{path}x")


def test_each_process_has_a_place() -> None:
    assert process_addresses("h:1", 2) == ("h:1", "h:1")
    assert process_addresses("unix:/s", 3) == ("unix:/s", "unix:/s.1", "unix:/s.2")


@pytest.mark.parametrize(
    ("address", "processes"),
    [("h:1", 0), ("h:1", 257), ("unix:/" + "x" * (MAX_SOCKET_PATH_BYTES - 1), 2)],
)
def test_a_place_that_cannot_be_is_refused(address: str, processes: int) -> None:
    with pytest.raises(AddressError):
        process_addresses(address, processes)
