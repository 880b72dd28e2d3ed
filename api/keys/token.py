"""The text of a key: `api_`, 43 characters of 32 random bytes, 6 of their checksum (API-2)."""

import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "api_"
SECRET_BYTES: Final = 32

_ALPHABET: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits
_SECRET_CHARS: Final = 43
_CHECKSUM_CHARS: Final = 6
_FORM: Final = re.compile(
    rf"{PREFIX}([A-Za-z0-9]{{{_SECRET_CHARS}}})([A-Za-z0-9]{{{_CHECKSUM_CHARS}}})"
)
_SHOWN_FIRST: Final = 4
_SHOWN_LAST: Final = 6


class TokenError(ValueError):
    """A text that is no key: it was mistyped or cut, so nothing has to be looked up."""


@dataclass(frozen=True, slots=True)
class Token:
    """A key as its holder has it."""

    secret: bytes = field(repr=False)

    def text(self) -> str:
        """Write the key; it is shown once, and kept nowhere."""
        checksum = zlib.crc32(self.secret)
        number = int.from_bytes(self.secret, "big")
        return PREFIX + _write(number, _SECRET_CHARS) + _write(checksum, _CHECKSUM_CHARS)

    def hint(self) -> str:
        """Write what may be shown of it: enough to tell keys apart, too little to guess one."""
        text = self.text()
        return f"{text[: len(PREFIX) + _SHOWN_FIRST]}...{text[-_SHOWN_LAST:]}"


def draw_token() -> Token:
    """Draw a new key."""
    return Token(secrets.token_bytes(SECRET_BYTES))


def read_token(text: str) -> Token:
    """Read a key, and check that it was not mistyped."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise TokenError("the key is malformed")
    number, checksum = map(_read, match.groups())
    if number >> (8 * SECRET_BYTES):
        raise TokenError("the key is malformed")
    secret = number.to_bytes(SECRET_BYTES, "big")
    if zlib.crc32(secret) != checksum:
        raise TokenError("the key is malformed: its checksum is wrong")
    return Token(secret)


def _write(number: int, chars: int) -> str:
    digits = []
    for _ in range(chars):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _read(text: str) -> int:
    number = 0
    for char in text:
        number = number * len(_ALPHABET) + _ALPHABET.index(char)
    return number
