import pytest

from api.vault.xaes import Xaes

NONCE = b"ABCDEFGHIJKLMNOPQRSTUVWX"


@pytest.mark.parametrize(
    ("key", "associated", "sealed"),
    [
        # The two published test vectors of C2SP: the mask overflows in one of them.
        (
            b"\x01" * 32,
            b"",
            "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
        ),
        (
            b"\x03" * 32,
            b"c2sp.org/XAES-256-GCM",
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
        ),
    ],
)
def test_it_is_the_published_cipher(key: bytes, associated: bytes, sealed: str) -> None:
    cipher = Xaes(key)
    assert cipher.encrypt(NONCE, b"XAES-256-GCM", associated).hex() == sealed
    assert cipher.decrypt(NONCE, bytes.fromhex(sealed), associated) == b"XAES-256-GCM"


@pytest.mark.parametrize("place", [0, 5, 11, 12, 27])
def test_no_bit_can_be_changed(place: int) -> None:
    cipher = Xaes(bytes(range(32)))
    sealed = bytearray(cipher.encrypt(NONCE, b"twelve bytes", b"for you"))
    sealed[place] ^= 1
    assert cipher.decrypt(NONCE, bytes(sealed), b"for you") is None


def test_every_half_of_the_nonce_and_the_associated_data_count() -> None:
    cipher = Xaes(bytes(range(32)))
    sealed = cipher.encrypt(NONCE, b"text", b"for you")
    assert cipher.decrypt(b"a" + NONCE[1:], sealed, b"for you") is None
    assert cipher.decrypt(NONCE[:-1] + b"a", sealed, b"for you") is None
    assert cipher.decrypt(NONCE, sealed, b"for me") is None


def test_keys_and_nonces_have_one_length() -> None:
    with pytest.raises(ValueError, match="found a key of 16 bytes, expected 32"):
        Xaes(bytes(16))
    with pytest.raises(ValueError, match="found a nonce of 12 bytes, expected 24"):
        Xaes(bytes(range(32))).encrypt(bytes(12), b"", b"")
