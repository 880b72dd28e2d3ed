"""XAES-256-GCM (C2SP): AES-256-GCM under a key that is derived for each message.

Nonces of 24 random bytes never repeat, however much is sealed with one key; those of AES-GCM alone
would have to be counted. Only the standard primitives of `cryptography` are used.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 24
TAG_BYTES: Final = 16

_BLOCK_BYTES: Final = 16
_HALF_NONCE_BYTES: Final = 12
_BLOCK_BITS: Final = 8 * _BLOCK_BYTES
_POLYNOMIAL: Final = 0x87
"""Of GF(2^128), as in CMAC."""


class Xaes:
    """A cipher with one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"found a key of {len(key)} bytes, expected {KEY_BYTES}")
        # Single blocks, as the derivation of CMAC asks for; no message is encrypted like this.
        self._blocks = Cipher(AES256(key), ECB())  # noqa: S305
        doubled = int.from_bytes(self._block(bytes(_BLOCK_BYTES)), "big") << 1
        overflow = doubled >> _BLOCK_BITS
        self._mask = (doubled & ((1 << _BLOCK_BITS) - 1)) ^ (_POLYNOMIAL if overflow else 0)

    def encrypt(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        """Encrypt and authenticate; the tag is at the end."""
        return self._derived(nonce).encrypt(nonce[_HALF_NONCE_BYTES:], plain, associated)

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes | None:
        """Decrypt; None if anything at all is not as it was."""
        try:
            return self._derived(nonce).decrypt(nonce[_HALF_NONCE_BYTES:], sealed, associated)
        except InvalidTag:
            return None

    def _derived(self, nonce: bytes) -> AESGCM:
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"found a nonce of {len(nonce)} bytes, expected {NONCE_BYTES}")
        half = nonce[:_HALF_NONCE_BYTES]
        return AESGCM(
            b"".join(self._masked_block(b"\0" + part + b"X\0" + half) for part in (b"\1", b"\2"))
        )

    def _masked_block(self, block: bytes) -> bytes:
        masked = int.from_bytes(block, "big") ^ self._mask
        return self._block(masked.to_bytes(_BLOCK_BYTES, "big"))

    def _block(self, block: bytes) -> bytes:
        encryptor = self._blocks.encryptor()
        return encryptor.update(block) + encryptor.finalize()
