"""An installation on this machine: its data directory, its secret keys, its database."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.db.embedded.layout import lock
from api.db.embedded.server import EmbeddedServer
from api.settings.settings import Settings
from api.vault.keys import SecretKey, draw_key, keys_of_file, write_keys

DATABASE: Final = "kiln"


class InstallationError(Exception):
    """Something of this machine is not as it has to be."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The data directory, which nobody else may enter."""

    settings: Settings = field(repr=False)

    @property
    def directory(self) -> Path:
        return self.settings.data_dir

    @property
    def key_file(self) -> Path:
        return self.directory / "secret.key"

    @property
    def users_lock(self) -> Path:
        """Shared by every process that has read the file of keys."""
        return self.directory / "users.lock"

    def create(self) -> None:
        """Create the directory."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InstallationError(
                f"{self.directory} cannot be the data directory: {error}; choose another one in"
                " KILN_DATA_DIR"
            ) from error

    @contextmanager
    def used(self) -> Iterator[tuple[SecretKey, ...]]:
        """Give the secret keys, which do not change as long as the block."""
        self.create()
        descriptor = lock(self.users_lock, fcntl.LOCK_SH)
        try:
            yield self.settings.secret_keys or keys_of_file(self.key_file)
        finally:
            os.close(descriptor)

    @contextmanager
    def with_new_key(self) -> Iterator[tuple[SecretKey, ...]]:
        """Add a key to the file, while no other process works with the old ones."""
        if self.settings.secret_keys is not None:
            raise InstallationError(
                "the keys are in KILN_SECRET_KEY: add a new one there, before the others"
            )
        self.create()
        try:
            descriptor = lock(self.users_lock, fcntl.LOCK_EX, wait_seconds=0.0)
        except TimeoutError:
            raise InstallationError(
                f"a process still works with the keys of {self.key_file}: stop it, and start it"
                " again afterwards"
            ) from None
        try:
            keys = (draw_key(), *keys_of_file(self.key_file))
            write_keys(self.key_file, keys, replace=True)
            yield keys
        finally:
            os.close(descriptor)

    @contextmanager
    def database(self) -> Iterator[tuple[str, EmbeddedServer | None]]:
        """Give the URL of the database, and the server if it is our own."""
        if self.settings.database_url is not None:
            yield self.settings.database_url, None
            return
        self.create()
        with EmbeddedServer.open(self.directory / "postgresql") as server:
            server.create_database(DATABASE)
            yield server.url(DATABASE), server
