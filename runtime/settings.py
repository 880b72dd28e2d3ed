"""What a runtime can be told, by flag or by environment; the only place that reads the latter."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from runtime.addresses import check_address, process_addresses
from runtime.errors import AddressError, LimitValueError
from runtime.limits import Limits
from runtime.logs import LogFormat, LogLevel

PREFIX: Final = "KILN_RUNTIME_"
_LIMIT: Final = "limit_"


class SettingError(Exception):
    """A setting that cannot be; `name` is that of its variable without the prefix, in small."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"--{name.replace('_', '-')} or {PREFIX}{name.upper()}: {message}")
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The files of a server that proves who it is, and asks it of clients if `client_ca` is set."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a runtime serves."""

    listen: str = "127.0.0.1:7433"
    processes: int = 1
    drain_seconds: float = 30.0
    log_format: LogFormat = LogFormat.JSON
    log_level: LogLevel = LogLevel.INFO
    tls: Tls | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be told: `--drain-seconds` and `KILN_RUNTIME_DRAIN_SECONDS`."""

    name: str
    help: str
    read: Callable[[str], Any]

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(f"found {text}, expected a number above zero")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(f"found {text}, expected a whole number above zero")
    return number


SETTINGS: Final = (
    Setting(name="listen", help="where to listen: unix:/path or host:port", read=check_address),
    Setting(name="processes", help="server processes, to use as many cores", read=_count),
    Setting(name="drain_seconds", help="how long calls in flight may end", read=_positive),
    Setting(name="log_format", help="json or text", read=LogFormat),
    Setting(name="log_level", help="debug, info, warning or error", read=LogLevel),
    Setting(name="tls_certificate", help="file of the server's certificate chain", read=Path),
    Setting(name="tls_key", help="file of its private key", read=Path),
    Setting(name="tls_client_ca", help="file of what signs clients' certificates", read=Path),
    *(
        Setting(
            name=_LIMIT + limit.name,
            help=f"the most that a request gets (default {limit.default:,})",
            read=_count if limit.type is int else _positive,
        )
        for limit in fields(Limits)
    ),
)


def environment() -> Mapping[str, str]:
    """Give the environment of this process."""
    return os.environ  # noqa: TID251 - this is the place


def read_settings(flags: Mapping[str, str], variables: Mapping[str, str]) -> Settings:
    """Read settings by name from flags, else from variables, else leave them as they are."""
    known = {setting.variable for setting in SETTINGS}
    if unknown := sorted(
        name for name in variables if name.startswith(PREFIX) and name not in known
    ):
        raise SettingError(unknown[0].removeprefix(PREFIX).lower(), "there is no such setting")
    read: dict[str, Any] = {}
    for setting in SETTINGS:
        text = flags.get(setting.name, variables.get(setting.variable))
        if text is None:
            continue
        try:
            read[setting.name] = setting.read(text)
        except (ValueError, AddressError) as error:
            raise SettingError(setting.name, str(error)) from None
    return _settings(read)


def _settings(read: dict[str, Any]) -> Settings:
    limits = {
        name.removeprefix(_LIMIT): read.pop(name) for name in list(read) if name.startswith(_LIMIT)
    }
    certificate, key, client_ca = (
        read.pop(name, None) for name in ("tls_certificate", "tls_key", "tls_client_ca")
    )
    tls = None
    if certificate is not None and key is not None:
        tls = Tls(certificate=certificate, key=key, client_ca=client_ca)
    elif any((certificate, key, client_ca)):
        raise SettingError("tls_certificate", "certificate and key are both needed for TLS")
    try:
        settings = Settings(**read, tls=tls, limits=Limits(**limits))
        process_addresses(settings.listen, settings.processes)
    except LimitValueError as error:
        raise SettingError(_LIMIT + error.limit, str(error)) from None
    except AddressError as error:
        raise SettingError("listen", str(error)) from None
    return settings
