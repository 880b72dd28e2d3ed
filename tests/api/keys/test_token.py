import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.keys.token import Token, TokenError, draw_token, read_token

SECRETS = st.binary(min_size=32, max_size=32)


@given(SECRETS)
def test_a_key_is_read_as_it_was_written(secret: bytes) -> None:
    text = Token(secret).text()
    assert re.fullmatch("api_[A-Za-z0-9]{49}", text)
    assert read_token(text) == Token(secret)


def test_the_form_of_a_key_never_changes() -> None:
    """Keys that clients hold must stay good."""
    assert Token(bytes(32)).text() == "api_" + "A" * 43 + "AcatMh"
    assert Token(bytes(range(32))).text() == (
        "api_AADkevdTMH3tvMdatC4XeDWPkqMhQJVbUbm6QuLSNvpCox5tI"
    )
    assert Token(b"\xff" * 32).text() == "api_8rt2u6nKGYjBKVBiwRgjgwIVVQHRtx4MKCtF1Y6IhzBEqAtVh"


@given(SECRETS, st.integers(4, 52), st.sampled_from("ABCxyz0189"))
def test_one_wrong_character_is_noticed(secret: bytes, place: int, char: str) -> None:
    """So that a typo is told without a look at the database."""
    text = Token(secret).text()
    mistyped = text[:place] + char + text[place + 1 :]
    if mistyped == text:
        return
    with pytest.raises(TokenError):
        read_token(mistyped)


@given(SECRETS, st.integers(4, 51))
def test_two_exchanged_characters_are_noticed(secret: bytes, place: int) -> None:
    text = Token(secret).text()
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if swapped == text:
        return
    with pytest.raises(TokenError):
        read_token(swapped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api_",
        "api_" + "A" * 48,
        "api_" + "A" * 50,
        "API_" + "A" * 43 + "catMh",
        "api_" + "A" * 43 + "AcatMh\n",
        "api_" + "ä" + "A" * 42 + "catMh",
        "api_" + "9" * 49,  # more than 32 bytes hold
        "org_" + "A" * 43 + "catMh",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        read_token(text)


def test_a_hint_shows_too_little() -> None:
    token = Token(bytes(range(32)))
    hint = token.hint()
    assert hint == f"{token.text()[:8]}...{token.text()[-6:]}"
    assert len(hint) == 17


def test_a_key_does_not_show_itself() -> None:
    token = draw_token()
    assert repr(token) == "Token()"
    assert len({draw_token().text() for _ in range(100)}) == 100
