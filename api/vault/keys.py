"""The secret keys of an installation: the newest seals, all of them open."""

import base64
import binascii
import os
import secrets
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.vault.errors import SecretKeyError

KEY_BYTES: Final = 32
ID_BYTES: Final = 8
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key from which every other one is derived; its id tells nothing about it."""

    material: bytes = field(repr=False)

    @property
    def id(self) -> bytes:
        return self.derive("key id")[:ID_BYTES]

    def derive(self, purpose: str) -> bytes:
        """Give a key for one purpose; from it, neither this key nor any other can be told."""
        info = f"kiln {purpose}".encode()
        return HKDF(SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self.material)

    def text(self) -> str:
        """Write it as it is read."""
        return base64.urlsafe_b64encode(self.material).decode()


def draw_key() -> SecretKey:
    """Draw a new key."""
    return SecretKey(secrets.token_bytes(KEY_BYTES))


def read_keys(text: str) -> tuple[SecretKey, ...]:
    """Read keys, the newest first, with commas or white space between them."""
    keys = tuple(map(_read_key, text.replace(",", " ").split()))
    if not keys:
        raise SecretKeyError("there is no secret key")
    if len({key.material for key in keys}) != len(keys):
        raise SecretKeyError("a secret key is there twice")
    return keys


def _read_key(text: str) -> SecretKey:
    try:
        material = base64.b64decode(text.translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != KEY_BYTES:
        raise SecretKeyError(
            f"found a secret key of {len(text)} characters, expected {KEY_BYTES} random bytes in"
            " base64: `openssl rand -base64 32` writes some"
        )
    if len(set(material)) < KEY_BYTES // 4:
        raise SecretKeyError("a secret key is not random: `openssl rand -base64 32` writes one")
    return SecretKey(material)


_URL_SAFE: Final = str.maketrans("-_", "+/")


def keys_of_file(path: Path) -> tuple[SecretKey, ...]:
    """Read the keys in a file, which is made with a new one if there is none."""
    if not path.exists():
        write_keys(path, (draw_key(),), replace=False)
    mode = path.stat().st_mode
    if mode & _OTHERS:
        raise SecretKeyError(
            f"others than its owner may use {path}, which has the mode"
            f" {stat.S_IMODE(mode):o}: chmod 600 it"
        )
    return read_keys(path.read_text())


def write_keys(path: Path, keys: Sequence[SecretKey], *, replace: bool) -> None:
    """Write keys at once or not at all; without `replace`, what another process wrote stays."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{key.text()}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(temporary).replace(path)
        else:
            try:
                os.link(temporary, path)
            except FileExistsError:
                return
    finally:
        Path(temporary).unlink(missing_ok=True)
