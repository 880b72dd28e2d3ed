"""Modules about time: zones are loaded before the walls close, since they lie in files."""

import calendar
import datetime
import time
import zoneinfo
from types import MappingProxyType
from typing import Final

from runtime.sandbox.policy.library.table import Module, words

_ZONES: Final[dict[str, zoneinfo.ZoneInfo]] = {}


def load_time_zones() -> int:
    """Read every time zone of this machine; gives their number."""
    for key in zoneinfo.available_timezones():
        _ZONES[key] = zoneinfo.ZoneInfo(key)
    return len(_ZONES)


def time_zone(key: str) -> zoneinfo.ZoneInfo:
    """Stand for the class `ZoneInfo`, whose constructors open files."""
    if type(key) is not str:
        raise TypeError(f"the key of a time zone has to be str, not {type(key).__name__}")
    zone = _ZONES.get(key)
    if zone is None:
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key[:60]}")
    return zone


def available_time_zones() -> set[str]:
    return set(_ZONES)


# Its first call imports a module from inside the interpreter, which a guest can no longer do.
time.strptime("2024", "%Y")

_SLEEP = "functions do not wait: the time of a record is limited"
_UTC = "functions run in UTC: use `time.gmtime`"

MODULES: Final = (
    Module(
        name="calendar",
        source=calendar,
        names=("isleap", "leapdays", "monthrange", "timegm", "weekday"),
        own={
            "day_abbr": tuple(calendar.day_abbr),
            "day_name": tuple(calendar.day_name),
            "month_abbr": tuple(calendar.month_abbr),
            "month_name": tuple(calendar.month_name),
        },
        why="Days, months and their English names.",
    ),
    Module(
        name="datetime",
        source=datetime,
        names=words("MAXYEAR MINYEAR UTC date datetime time timedelta timezone tzinfo"),
        why="All of it. `now()` is the real time; the local zone is UTC.",
    ),
    Module(
        name="time",
        source=time,
        names=words("gmtime monotonic perf_counter strftime strptime struct_time time time_ns"),
        why="Clocks, in UTC; nothing that waits.",
        missing={"sleep": _SLEEP, "localtime": _UTC, "mktime": "use `calendar.timegm`"},
    ),
    Module(
        name="zoneinfo",
        own=MappingProxyType(
            {
                "ZoneInfo": time_zone,
                "ZoneInfoNotFoundError": zoneinfo.ZoneInfoNotFoundError,
                "available_timezones": available_time_zones,
            }
        ),
        why="The time zones of the machine, read before the function starts.",
    ),
)
