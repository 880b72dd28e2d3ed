"""The table of settings: what each is called, what it is for, how its text is read."""

import os
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from api.db.session import database_url
from api.settings.settings import Listen
from api.telemetry.logs import LogFormat, LogLevel
from api.vault.keys import read_keys
from connectors.interface import ConnectorType
from connectors.registry import CONNECTORS
from forms.addresses import Reach
from mapping_lang.diagnostics import quote
from runtime.addresses import check_address

PREFIX: Final = "KILN_"
_URL: Final = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_ENDPOINT: Final = re.compile(r"https?://[^\s/?#@]+")
_SWITCH: Final = {"on": True, "off": False}
_COUNT: Final = re.compile(r"[1-9][0-9]{0,8}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_LEASE_SECONDS: Final = (1.0, 600.0)
"""A shorter one ends while a busy worker is at work, and a longer one keeps runs from others."""
_MAX_ROOT_BYTES: Final = 253
"""What the file system connector promises of its root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be told: `--data-dir` and `KILN_DATA_DIR`.

    A secret has no flag, which everybody on the machine could read; it can come from a file, whose
    name is told in `KILN_DATABASE_URL_FILE`.
    """

    name: str
    help: str
    read: Callable[[str], Any]
    secret: bool = False

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def told_as(self) -> str:
        return self.variable if self.secret else f"{self.flag} or {self.variable}"


def _positive(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not float(text):
        raise ValueError(f"found {quote(text)}, expected a number above zero")
    return float(text)


def _lease(text: str) -> float:
    shortest, longest = _LEASE_SECONDS
    if not _NUMBER.fullmatch(text) or not shortest <= float(text) <= longest:
        raise ValueError(
            f"found {quote(text)}, expected a number of seconds from {shortest:g} to {longest:g}"
        )
    return float(text)


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"found {quote(text)}, expected a whole number above zero")
    return int(text)


def _switch(text: str) -> bool:
    if text not in _SWITCH:
        raise ValueError(f"found {quote(text)}, expected on or off")
    return _SWITCH[text]


def _choice(options: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(text: str) -> StrEnum:
        if text not in list(options):
            raise ValueError(f"found {quote(text)}, expected one of {', '.join(options)}")
        return options(text)

    return read


def _listen(text: str) -> Listen:
    address = check_address(text)
    host, _, port = address.rpartition(":")
    if address.startswith("unix:"):
        raise ValueError(f"found {quote(text)}, expected a host and a port")
    return Listen(host=host.strip("[]"), port=int(port))


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise ValueError(f"found {quote(text)}, expected a URL such as https://kiln.example.com")
    return text.rstrip("/")


def _endpoint(text: str) -> str:
    if not _ENDPOINT.fullmatch(text):
        raise ValueError(f"found {quote(text)}, expected a URL such as https://s3.example.com:9000")
    return text


def _authorities(text: str) -> Path:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(text)
    except OSError as error:
        raise ValueError(f"found {quote(text)}, expected a file of certificates: {error}") from None
    return Path(text)


def _database(text: str) -> str:
    database_url(text)
    return text


def _networks(text: str) -> Reach:
    try:
        return Reach.of(filter(None, text.replace(" ", "").split(",")))
    except ValueError as error:
        raise ValueError(f"{error}; expected networks such as 10.0.0.0/8, or sockets") from None


def _directory(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or not path.is_dir():
        raise ValueError(f"found {quote(text)}, expected the absolute path of a directory")
    if len(os.fsencode(path)) > _MAX_ROOT_BYTES:
        raise ValueError(f"the path has more than {_MAX_ROOT_BYTES} bytes")
    return path


def _text(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    return text


def oauth_name(connector: str, part: str) -> str:
    """Give the name of a setting of an application."""
    return f"oauth_{connector.replace('-', '_')}_client_{part}"


def _oauth_settings() -> tuple[Setting, ...]:
    """Give two settings for each application, whether it uses OAuth today or not."""
    return tuple(
        Setting(
            name=oauth_name(connector.code, part),
            help=f"the {part} that {connector.label} knows this installation by",
            read=_text,
            secret=part == "secret",
        )
        for connector in CONNECTORS
        if connector.type is ConnectorType.APPLICATION
        for part in ("id", "secret")
    )


SETTINGS: Final = (
    Setting(name="data_dir", help="where keys and the embedded database lie", read=Path),
    Setting(name="listen", help="where to listen: host:port", read=_listen),
    Setting(name="public_url", help="the URL that clients reach the API at", read=_url),
    Setting(
        name="database_url",
        help="PostgreSQL to use (default: one of our own)",
        read=_database,
        secret=True,
    ),
    Setting(name="database_connections", help="most connections to the database", read=_count),
    Setting(
        name="runtime",
        help="the runtime to use: unix:/path or host:port (default: one of our own)",
        read=check_address,
    ),
    Setting(name="tls_runtime_ca", help="file of what signs the runtime's certificate", read=Path),
    Setting(name="tls_runtime_certificate", help="file of our certificate for it", read=Path),
    Setting(name="tls_runtime_key", help="file of our private key for it", read=Path),
    Setting(
        name="secret_key",
        help="32 random bytes in base64, older ones after a comma (default: those of a file)",
        read=read_keys,
        secret=True,
    ),
    Setting(
        name="log_format",
        help="json or text (default: text for terminals)",
        read=_choice(LogFormat),
    ),
    Setting(name="log_level", help="debug, info, warning or error", read=_choice(LogLevel)),
    Setting(name="rate_limit_burst", help="most requests of a workspace at once", read=_count),
    Setting(name="rate_limit_per_minute", help="how many come back in a minute", read=_positive),
    Setting(
        name="allowed_networks",
        help="private networks that connections may reach, such as 10.0.0.0/8,sockets",
        read=_networks,
    ),
    Setting(
        name="filesystem_root",
        help="the directory that file system connections see (default: none)",
        read=_directory,
    ),
    Setting(name="filesystem_displayed_root", help="what it is called in messages", read=_text),
    Setting(
        name="s3_endpoint",
        help="the URL of the service that S3 connections are to (default: that of Amazon)",
        read=_endpoint,
    ),
    Setting(
        name="storage_ca",
        help="file of what signs certificates of web servers with files, beside known authorities",
        read=_authorities,
    ),
    Setting(
        name="storage_connect_seconds",
        help="how long a storage may take to connect and to answer (default 5)",
        read=_positive,
    ),
    Setting(
        name="storage_read_seconds",
        help="how long a storage may take to send the next bytes of a file (default 30)",
        read=_positive,
    ),
    Setting(
        name="test_connectors",
        help="on or off (default off): offer connectors that only imitate a service",
        read=_switch,
    ),
    Setting(
        name="trace_endpoint", help="where traces go: http://host:4317 of a collector", read=_url
    ),
    Setting(
        name="api_key",
        help="the key that commands of people ask the API with",
        read=_text,
        secret=True,
    ),
    Setting(name="drain_seconds", help="how long requests in flight may end", read=_positive),
    Setting(
        name="lease_seconds",
        help="after how long without a word a worker is taken for dead (default 15)",
        read=_lease,
    ),
    Setting(
        name="batch_seconds",
        help="how long records of a slow source wait for others (default 5)",
        read=_positive,
    ),
    *_oauth_settings(),
)
