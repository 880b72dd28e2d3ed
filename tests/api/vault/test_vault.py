import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.vault.errors import TamperedError, UnknownKeyError
from api.vault.keys import SecretKey, draw_key
from api.vault.vault import Purpose, Vault

KEY = SecretKey(bytes(range(32)))
VAULT = Vault([KEY])
OWNER = 705_981_339


@given(st.binary(max_size=200), st.sampled_from(list(Purpose)), st.integers(0, 2**31 - 1))
def test_what_was_sealed_opens_again(plain: bytes, purpose: Purpose, owner: int) -> None:
    sealed = VAULT.seal(purpose, owner, plain)
    assert VAULT.open(purpose, owner, sealed) == plain
    assert len(sealed) == len(plain) + 49


def test_the_same_is_never_sealed_the_same_way() -> None:
    sealed = {VAULT.seal(Purpose.SAMPLE, OWNER, b"x") for _ in range(100)}
    assert len(sealed) == 100


def test_settings_keep_their_values_and_order() -> None:
    settings = {"port": 5432, "password": 'ü"\u0000', "nested": [None, True, 1.5]}
    sealed = VAULT.seal_json(Purpose.CONNECTION_SETTINGS, OWNER, settings)
    opened = VAULT.open_json(Purpose.CONNECTION_SETTINGS, OWNER, sealed)
    assert list(opened.items()) == list(settings.items())
    assert b"password" not in sealed


def test_what_belongs_elsewhere_does_not_open() -> None:
    sealed = VAULT.seal(Purpose.CONNECTION_SETTINGS, OWNER, b"x")
    with pytest.raises(TamperedError, match="connection settings of 705981340: damaged"):
        VAULT.open(Purpose.CONNECTION_SETTINGS, OWNER + 1, sealed)
    with pytest.raises(TamperedError, match="warehouse settings of 705981339: damaged"):
        VAULT.open(Purpose.WAREHOUSE_SETTINGS, OWNER, sealed)


@pytest.mark.parametrize("place", range(0, 50, 7))
def test_no_byte_can_be_changed(place: int) -> None:
    sealed = bytearray(VAULT.seal(Purpose.SAMPLE, OWNER, b"x"))
    sealed[place] ^= 0x80
    with pytest.raises((TamperedError, UnknownKeyError)):
        VAULT.open(Purpose.SAMPLE, OWNER, bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 9, 33, 48, 49])
def test_no_byte_can_be_missing(length: int) -> None:
    sealed = VAULT.seal(Purpose.SAMPLE, OWNER, b"x")
    with pytest.raises(TamperedError):
        VAULT.open(Purpose.SAMPLE, OWNER, sealed[:length])


def test_a_key_that_is_not_ours_is_named_as_the_reason() -> None:
    sealed = Vault([draw_key()]).seal(Purpose.SAMPLE, OWNER, b"x")
    with pytest.raises(UnknownKeyError, match="add that key behind the newest one"):
        VAULT.open(Purpose.SAMPLE, OWNER, sealed)


def test_keys_can_be_exchanged_one_after_the_other() -> None:
    new = draw_key()
    both, alone = Vault([new, KEY]), Vault([new])
    old_seal = VAULT.seal(Purpose.SAMPLE, OWNER, b"x")
    assert both.open(Purpose.SAMPLE, OWNER, old_seal) == b"x"
    assert not both.is_newest(old_seal)
    new_seal = both.reseal(Purpose.SAMPLE, OWNER, old_seal)
    assert both.is_newest(new_seal)
    assert alone.open(Purpose.SAMPLE, OWNER, new_seal) == b"x"


def test_json_that_is_no_object_is_not_settings() -> None:
    sealed = VAULT.seal(Purpose.SAMPLE, OWNER, b"[1]")
    with pytest.raises(TamperedError):
        VAULT.open_json(Purpose.SAMPLE, OWNER, sealed)
