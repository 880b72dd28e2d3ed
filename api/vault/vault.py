"""Seals what is kept at rest, and opens it again only where it belongs."""

import json
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from api.vault.errors import TamperedError, UnknownKeyError
from api.vault.keys import ID_BYTES, SecretKey
from api.vault.xaes import NONCE_BYTES, TAG_BYTES, Xaes

_VERSION: Final = b"\x01"
_HEADER_BYTES: Final = len(_VERSION) + ID_BYTES
_SEALING: Final = "sealing 1"


class Purpose(StrEnum):
    """What is sealed: what was sealed as one thing cannot be opened as another. Never renamed."""

    WAREHOUSE_SETTINGS = "warehouse settings"
    """Of a workspace."""
    CONNECTION_SETTINGS = "connection settings"
    """Of a connection."""
    ACCOUNT_TOKENS = "account tokens"
    """Of an account."""
    AUTH_TOKEN = "auth token"  # noqa: S105 - a name
    """Of a workspace: what a client carries from the authorisation to the connection (CONN-43)."""
    PEPPER = "pepper of api keys"
    """Of the installation, whose id is 0."""
    SAMPLE = "sample"
    """Of a run: a record that failed (DEC-47)."""


class Vault:
    """The keys of an installation, at work.

    A sealed value is the version, the id of its key, a nonce and the encrypted text. Version, key,
    purpose and owner are authenticated with it: a value that was moved to another row does not
    open.
    """

    def __init__(self, keys: Sequence[SecretKey]) -> None:
        self._newest = keys[0].id
        self._ciphers = {key.id: Xaes(key.derive(_SEALING)) for key in keys}

    def seal(self, purpose: str, owner_id: int, plain: bytes) -> bytes:
        """Seal bytes for the resource that they belong to."""
        header = _VERSION + self._newest
        nonce = secrets.token_bytes(NONCE_BYTES)
        associated = _associated(header, purpose, owner_id)
        return header + nonce + self._ciphers[self._newest].encrypt(nonce, plain, associated)

    def open(self, purpose: str, owner_id: int, sealed: bytes) -> bytes:
        """Open what was sealed for the same purpose and owner."""
        what = f"{purpose} of {owner_id}"
        header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        if len(rest) < NONCE_BYTES + TAG_BYTES or not header.startswith(_VERSION):
            raise TamperedError(what)
        cipher = self._ciphers.get(header[len(_VERSION) :])
        if cipher is None:
            raise UnknownKeyError(what)
        nonce, encrypted = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        plain = cipher.decrypt(nonce, encrypted, _associated(header, purpose, owner_id))
        if plain is None:
            raise TamperedError(what)
        return plain

    def seal_json(self, purpose: str, owner_id: int, value: Mapping[str, object]) -> bytes:
        """Seal a JSON object."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return self.seal(purpose, owner_id, text.encode())

    def open_json(self, purpose: str, owner_id: int, sealed: bytes) -> dict[str, Any]:
        """Open a JSON object."""
        value = json.loads(self.open(purpose, owner_id, sealed))
        if not isinstance(value, dict):
            raise TamperedError(f"{purpose} of {owner_id}")
        return value

    def is_newest(self, sealed: bytes) -> bool:
        """Tell whether it is sealed with the newest key, so that the others are not needed."""
        return sealed.startswith(_VERSION + self._newest)

    def reseal(self, purpose: str, owner_id: int, sealed: bytes) -> bytes:
        """Seal the same with the newest key."""
        return self.seal(purpose, owner_id, self.open(purpose, owner_id, sealed))


def _associated(header: bytes, purpose: str, owner_id: int) -> bytes:
    return header + f"{purpose}\0{owner_id}".encode()
