"""Reads settings from flags and from the environment; the only place that reads the latter."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from api.connections.oauth import Client, Clients
from api.db.session import DatabaseUrlError, PoolSize
from api.http.rate import RateLimit
from api.settings.settings import FilesystemRoot, Listen, Settings
from api.settings.table import PREFIX, SETTINGS, Setting, oauth_name
from api.vault.errors import SecretKeyError
from connectors.files import Patience
from connectors.registry import CONNECTORS
from forms.addresses import Reach
from mapping_lang.diagnostics import did_you_mean
from runtime.client import ClientTls
from runtime.errors import AddressError

FOREIGN: Final = ("KILN_RUNTIME_", "KILN_PYTHON")
"""Of the runtime, which reads them itself, and of the scripts that set up."""
FILE_SUFFIX: Final = "_FILE"


class SettingError(Exception):
    """A setting that cannot be; the values of secrets are not repeated."""

    def __init__(self, told_as: str, message: str) -> None:
        super().__init__(f"{told_as}: {message}")
        self.told_as = told_as
        self.message = message


def environment() -> Mapping[str, str]:
    """Give the environment of this process."""
    return os.environ  # noqa: TID251 - this is the place


def read_settings(flags: Mapping[str, str], variables: Mapping[str, str]) -> Settings:
    """Read settings by name from flags, else from variables, else leave them as they are."""
    _check_names(variables)
    read: dict[str, Any] = {}
    for setting in SETTINGS:
        text = _told(setting, flags, variables)
        if text is None:
            continue
        try:
            read[setting.name] = setting.read(text)
        except (ValueError, AddressError, DatabaseUrlError, SecretKeyError) as error:
            raise SettingError(setting.told_as, str(error)) from None
    return _settings(read, variables)


def _check_names(variables: Mapping[str, str]) -> None:
    known = {setting.variable for setting in SETTINGS}
    known |= {setting.variable + FILE_SUFFIX for setting in SETTINGS if setting.secret}
    for name in sorted(variables):
        if name.startswith(PREFIX) and not name.startswith(FOREIGN) and name not in known:
            hint = did_you_mean(name, known)
            raise SettingError(name, "there is no such setting" + (f"; {hint}" if hint else ""))


def _told(setting: Setting, flags: Mapping[str, str], variables: Mapping[str, str]) -> str | None:
    text = flags.get(setting.name, variables.get(setting.variable))
    file = variables.get(setting.variable + FILE_SUFFIX) if setting.secret else None
    if file is None:
        return text
    if text is not None:
        raise SettingError(setting.told_as, f"it is told twice, also in {setting.variable}_FILE")
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(setting.told_as + FILE_SUFFIX, f"cannot be read: {error}") from None


def _settings(read: dict[str, Any], variables: Mapping[str, str]) -> Settings:
    data_dir = read.pop("data_dir", None) or _default_data_dir(variables)
    if not data_dir.is_absolute():
        data_dir = Path.cwd() / data_dir
    listen = read.pop("listen", Listen())
    connections = read.pop("database_connections", None)
    limit = RateLimit()
    return Settings(
        data_dir=data_dir,
        listen=listen,
        public_url=read.pop("public_url", listen.url()),
        database_pool=PoolSize() if connections is None else _pool(connections),
        runtime_tls=_runtime_tls(read),
        secret_keys=read.pop("secret_key", None),
        rate_limit=RateLimit(
            burst=read.pop("rate_limit_burst", limit.burst),
            per_minute=read.pop("rate_limit_per_minute", limit.per_minute),
        ),
        reach=read.pop("allowed_networks", Reach()),
        filesystem_root=_filesystem_root(read),
        storage_patience=_patience(read),
        oauth_clients=_oauth_clients(read),
        **read,
    )


def _default_data_dir(variables: Mapping[str, str]) -> Path:
    """Follow the XDG base directories, which ignore relative ones."""
    told = Path(variables.get("XDG_DATA_HOME", ""))
    base = told if told.is_absolute() else Path(variables.get("HOME") or "/") / ".local" / "share"
    return base / "kiln"


def _pool(connections: int) -> PoolSize:
    kept = min(PoolSize().kept, connections)
    return PoolSize(kept=kept, more=connections - kept)


def _runtime_tls(read: dict[str, Any]) -> ClientTls | None:
    names = ("tls_runtime_ca", "tls_runtime_certificate", "tls_runtime_key")
    files = {name: read.pop(name, None) for name in names}
    if not any(files.values()):
        return None
    contents: dict[str, bytes | None] = {}
    for name, file in files.items():
        try:
            contents[name] = None if file is None else file.read_bytes()
        except OSError as error:
            raise SettingError(PREFIX + name.upper(), f"cannot be read: {error}") from None
    ca, certificate, key = contents.values()
    if ca is None or (certificate is None) != (key is None):
        raise SettingError(
            PREFIX + names[0].upper(),
            "TLS to the runtime needs the CA, and either both certificate and key or neither",
        )
    return ClientTls(ca=ca, certificate=certificate, key=key)


def _filesystem_root(read: dict[str, Any]) -> FilesystemRoot | None:
    directory = read.pop("filesystem_root", None)
    displayed = read.pop("filesystem_displayed_root", None)
    if directory is None:
        if displayed is not None:
            raise SettingError(
                "KILN_FILESYSTEM_DISPLAYED_ROOT", "there is no KILN_FILESYSTEM_ROOT to display"
            )
        return None
    return FilesystemRoot(directory=directory, displayed=displayed or str(directory))


def _patience(read: dict[str, Any]) -> Patience:
    known = Patience()
    return Patience(
        connect_seconds=read.pop("storage_connect_seconds", known.connect_seconds),
        read_seconds=read.pop("storage_read_seconds", known.read_seconds),
    )


def _oauth_clients(read: dict[str, Any]) -> Clients:
    clients = {}
    for connector in CONNECTORS:
        names = [oauth_name(connector.code, part) for part in ("id", "secret")]
        id_, secret = (read.pop(name, None) for name in names)
        if (id_ is None) != (secret is None):
            variables = " and ".join(PREFIX + name.upper() for name in names)
            raise SettingError(variables, "both are needed, or neither")
        if id_ is not None:
            clients[connector.code] = Client(id=id_, secret=secret)
    return MappingProxyType(clients)
