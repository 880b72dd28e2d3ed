"""What a runtime can be told, by flag or by environment; the only place that reads the latter."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from runtime.addresses import check_address, process_addresses
from runtime.engine import ATTEST_SECONDS, EngineSettings
from runtime.errors import AddressError, LimitValueError
from runtime.limits import Limits
from runtime.logs import LogFormat, LogLevel
from runtime.pool import Room
from runtime.sandbox.interface import Language

PREFIX: Final = "KILN_RUNTIME_"
_LIMIT: Final = "limit_"
_FUNCTIONS: Final = "functions"


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
    functions: EngineSettings | None = field(default_factory=EngineSettings)
    """None: no function runs, and no guest is ever started."""


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


def _switch(text: str) -> bool:
    if text not in _SWITCH:
        raise ValueError(f"found {text}, expected on or off")
    return _SWITCH[text]


def _languages(text: str) -> frozenset[Language]:
    known = {language.value: language for language in Language}
    names = text.split(",")
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"found {unknown[0]}, expected {' or '.join(known)}, with commas between")
    return frozenset(known[name] for name in names)


_SWITCH: Final = {"on": True, "off": False}
_ENGINE: Final = {
    "function_languages": "languages",
    "attest_seconds": "attest_seconds",
    "unsafe_allow_missing_walls": "allow_missing_walls",
}
"""Settings, and what they are called in `EngineSettings`."""

_ROOM_NAMES: Final = {
    "guests": "guests",
    "guests_memory_bytes": "memory_bytes",
    "guest_batches": "guest_batches",
}
"""Settings, and what they are called in `Room`."""

_ROOM: Final = Room()

SETTINGS: Final = (
    Setting(name="listen", help="where to listen: unix:/path or host:port", read=check_address),
    Setting(name="processes", help="server processes, to use as many cores", read=_count),
    Setting(name="drain_seconds", help="how long calls in flight may end", read=_positive),
    Setting(name="log_format", help="json or text", read=LogFormat),
    Setting(name="log_level", help="debug, info, warning or error", read=LogLevel),
    Setting(name="tls_certificate", help="file of the server's certificate chain", read=Path),
    Setting(name="tls_key", help="file of its private key", read=Path),
    Setting(name="tls_client_ca", help="file of what signs clients' certificates", read=Path),
    Setting(name=_FUNCTIONS, help="on or off (default on): run functions", read=_switch),
    Setting(
        name="function_languages",
        help=f"languages of functions (default {','.join(Language)})",
        read=_languages,
    ),
    Setting(
        name="guests",
        help=f"most guests at a time, for each process (default {_ROOM.guests})",
        read=_count,
    ),
    Setting(
        name="guests_memory_bytes",
        help=f"what all may hold before idle ones are ended (default {_ROOM.memory_bytes:,})",
        read=_count,
    ),
    Setting(
        name="guest_batches",
        help=f"batches after which a guest is replaced (default {_ROOM.guest_batches:,})",
        read=_count,
    ),
    Setting(
        name="attest_seconds",
        help=f"how often the walls are tried (default {ATTEST_SECONDS:g})",
        read=_positive,
    ),
    Setting(
        name="unsafe_allow_missing_walls",
        help="on or off (default off): run functions even where the walls do not hold",
        read=_switch,
    ),
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
    functions = _functions(read)
    tls = None
    if certificate is not None and key is not None:
        tls = Tls(certificate=certificate, key=key, client_ca=client_ca)
    elif any((certificate, key, client_ca)):
        raise SettingError("tls_certificate", "certificate and key are both needed for TLS")
    try:
        settings = Settings(**read, tls=tls, limits=Limits(**limits), functions=functions)
        process_addresses(settings.listen, settings.processes)
    except LimitValueError as error:
        raise SettingError(_LIMIT + error.limit, str(error)) from None
    except AddressError as error:
        raise SettingError("listen", str(error)) from None
    return settings


def _functions(read: dict[str, Any]) -> EngineSettings | None:
    """Take out what concerns functions."""
    on = read.pop(_FUNCTIONS, True)
    told = {name: read.pop(name) for name in _ENGINE if name in read}
    room = {name: read.pop(told_as) for told_as, name in _ROOM_NAMES.items() if told_as in read}
    engine = {_ENGINE[name]: value for name, value in told.items()}
    return EngineSettings(**engine, room=Room(**room)) if on else None
