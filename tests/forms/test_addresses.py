"""Which addresses may be connected to."""

import ipaddress

import pytest

from forms.addresses import SETTING, AddressRefusedError, HostUnknownError, Reach

PUBLIC = Reach()


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_allowed(text: str) -> None:
    assert PUBLIC.allows(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::127.0.0.1",
        "::ffff:0:7f00:1",
        "fec0::1",
        "fd00:ec2::254",
        "64:ff9b:1::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "100::1",
        "5f00::1",
        "192.0.0.192",
        "198.18.0.1",
        "203.0.113.9",
        "168.63.129.16",
    ],
)
def test_what_only_we_can_reach_is_refused(text: str) -> None:
    assert not PUBLIC.allows(ipaddress.ip_address(text))


def test_a_network_of_the_installation_is_allowed_in_every_spelling() -> None:
    reach = Reach.of(["10.0.0.0/8"])
    assert reach.allows(ipaddress.ip_address("10.1.2.3"))
    assert reach.allows(ipaddress.ip_address("::ffff:10.1.2.3"))
    assert not reach.allows(ipaddress.ip_address("192.168.1.1"))


async def both(reach: Reach, host: str) -> tuple[str, ...]:
    """Ask both ways, which never differ."""
    outcomes: list[tuple[str, ...] | Exception] = []
    try:
        outcomes.append(await reach.resolve(host))
    except (AddressRefusedError, HostUnknownError) as error:
        outcomes.append(error)
    try:
        outcomes.append(reach.resolve_blocking(host))
    except (AddressRefusedError, HostUnknownError) as error:
        outcomes.append(error)
    first, second = outcomes
    assert (type(first), str(first)) == (type(second), str(second))
    if isinstance(first, Exception):
        raise first
    return first


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("localhost", "is at no public address"),
        ("127.1", "is at no public address"),
        ("2130706433", "is at no public address"),
        ("0x7f000001", "is at no public address"),
        ("0177.0.0.1", "is at no public address"),
        ("127.0.0.1", "is no public address"),
        ("::ffff:127.0.0.1", "is no public address"),
        ("fe80::1%1", "is no public address"),
        ("/run/postgresql", "is a socket in the file system of this machine"),
        ("@postgresql", "is a socket in the file system of this machine"),
    ],
)
async def test_a_host_is_refused_for_what_it_means(host: str, reason: str) -> None:
    with pytest.raises(AddressRefusedError) as refused:
        await both(PUBLIC, host)
    assert str(refused.value) == f"{host} {reason}; what else may be reached is listed in {SETTING}"


async def test_the_addresses_of_a_name_are_given_to_be_connected_to() -> None:
    addresses = await both(Reach.of(["127.0.0.0/8", "::1/128"]), "localhost")
    assert set(addresses) <= {"127.0.0.1", "::1"}
    assert addresses


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 300, "", "a\0b", "a,b"])
async def test_a_host_that_nobody_knows_is_told(host: str) -> None:
    with pytest.raises(HostUnknownError, match="nobody knows"):
        await both(PUBLIC, host)


async def test_a_socket_is_reached_where_sockets_are_allowed() -> None:
    assert await both(Reach.of(["sockets"]), "/run/postgresql") == ("/run/postgresql",)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "everything", "10.0.0.0/33"])
def test_a_network_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whoever reads settings says more
        Reach.of([text])
