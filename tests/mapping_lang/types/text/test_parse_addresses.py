import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.text.parse import parse_ip, parse_uuid, parse_uuid_strict

UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
HEX = UUID.replace("-", "")


@pytest.mark.parametrize(
    ("text", "strict", "lenient"),
    [
        (UUID, True, True),
        (UUID.upper(), True, True),
        (HEX, False, True),
        (HEX.upper(), False, True),
        ("urn:uuid:" + UUID, False, True),
        ("URN:UUID:" + UUID.upper(), False, True),
        ("{" + UUID + "}", False, True),
        ("[" + UUID + "]", False, True),
        ("\n" + UUID + "\u0000", False, True),
        ("", False, False),
        (UUID + "\n", False, False),
        ("{" + UUID, False, False),
        ("{" + HEX + "}", False, False),
        ("urn:uuid:" + HEX, False, False),
        ("urn-uuid:" + UUID, False, False),
        (UUID.replace("-", "_"), False, False),
        (UUID.replace("f", "g"), False, False),
        (UUID.replace("3", "\u0663"), False, False),
        (HEX[:8] + "-" + HEX[8:], False, False),
    ],
)
def test_a_uuid_has_a_strict_form_and_usual_ones(text: str, *, strict: bool, lenient: bool) -> None:
    for parse, reads in ((parse_uuid_strict, strict), (parse_uuid, lenient)):
        if reads:
            assert parse(text) == UUID
        else:
            with pytest.raises(ValueRefusedError, match="is not a UUID") as caught:
                parse(text)
            assert caught.value.code is Code.VALUE_FORM


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.0.0.1", "0.0.0.1"),
        ("255.255.255.255", "255.255.255.255"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("::", "::"),
        ("::FFFF:0102:0304", "::ffff:1.2.3.4"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("::ffff:1.2.3.4%Z1", "::ffff:1.2.3.4%Z1"),
    ],
)
def test_an_address_has_one_form(text: str, canonical: str) -> None:
    assert parse_ip(text) == canonical
    assert parse_ip(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "", "1.2.3", "1.2.3.4.5", "192.168.000.1", "01.2.3.4", "256.1.1.1", "1.2.3.4/8", "1.2.3.-4",
        " 1.2.3.4", "1.2.3.4\n", "1.2.3.4%eth0", "\u0661.2.3.4", "[::1]", "::1/64", "::1%", ":::",
        "1::2::3", "12345::", "::1.2.3", "::1.2.3.04", "1:2:3:4:5:6:7", "::g", "fe80::\u0661", "%eth0",
    ],
)  # fmt: skip
def test_nothing_else_is_an_address(text: str) -> None:
    with pytest.raises(ValueRefusedError, match="is not an IP address") as caught:
        parse_ip(text)
    assert caught.value.code is Code.VALUE_FORM


@settings(max_examples=100, deadline=None)
@given(st.ip_addresses())
def test_an_address_is_the_one_that_was_written(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert ipaddress.ip_address(parse_ip(address.exploded)) == address
    assert parse_ip(address.exploded.upper()) == parse_ip(str(address))


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.from_regex(r"[0-9a-fA-F:.%-]{1,40}", fullmatch=True),
        st.from_regex(r".?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{11,13}.?", fullmatch=True),
    )
)
def test_any_text_is_read_once_and_for_all_or_refused(text: str) -> None:
    for parse in (parse_ip, parse_uuid, parse_uuid_strict):
        try:
            found = parse(text)
        except ValueRefusedError:
            continue
        assert parse(found) == found


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["1" * 300_000, "1:" * 150_000, "1." * 150_000, "::%" * 100_000])
def test_long_text_takes_time_in_proportion(text: str) -> None:
    for parse in (parse_uuid, parse_uuid_strict):
        with pytest.raises(ValueRefusedError):
            parse(text)
    try:
        parse_ip(text)
    except ValueRefusedError:
        assert not text.startswith("::%")
