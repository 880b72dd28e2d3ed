"""Moments: their resolution, and the layouts that they are written in."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from tests.conformance.vector import Document

_LONG_FRACTION = re.compile(r"(\d\d:\d\d:\d\d)\.(\d{6})\d+")
_ANY_FRACTION = re.compile(r"(\d\d:\d\d:\d\d)\.(\d{1,6})\d*")
_FRACTION = re.compile(r"\.(\d+)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_UNITS: Final = {"unix": 10**6, "unixmilli": 10**3, "unixmicro": 1}


def truncate_fractions(content: Document, expect: Any) -> Any:
    """Cut what is finer than a microsecond from every time (DEC-10)."""
    # Encoded JSON has 0, 3 or 6 fraction digits (TYPE-49); every other text is trimmed.
    return each_text(expect, _grouped if content["op"] == "decode" else truncated)


def truncated(text: str) -> str:
    """Cut what is finer than a microsecond from a text; the rest of it stays as it is."""
    return _LONG_FRACTION.sub(_cut, text)


def trimmed(text: str) -> str:
    """Give the text of a moment: to microseconds, without zeros at the end (MAP-80)."""
    return _ANY_FRACTION.sub(_cut, text)


def _cut(match: re.Match[str]) -> str:
    return match[1] + _dotted(match[2].rstrip("0"))


def _grouped(text: str) -> str:
    def cut(match: re.Match[str]) -> str:
        fraction = match[2].rstrip("0")
        return match[1] + _dotted(fraction.ljust(-(-len(fraction) // 3) * 3, "0"))

    return _LONG_FRACTION.sub(cut, text)


def _dotted(fraction: str) -> str:
    return f".{fraction}" if fraction else ""


def each_text(form: Any, change: Callable[[str], str]) -> Any:
    """Change every text of an expectation, but no name of a member."""
    match form:
        case str():
            return change(form)
        case list():
            return [each_text(item, change) for item in form]
        case dict():
            return {name: each_text(item, change) for name, item in form.items()}
        case _:
            return form


def instant(text: str, kind: str) -> datetime:
    """Read a moment of the value convention; dates are midnights, times on the first day."""
    cut = _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text)
    match kind:
        case "date":
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        case "time":
            return datetime.combine(_EPOCH, time.fromisoformat(cut), UTC)
        case _:
            return datetime.fromisoformat(cut).astimezone(UTC)


def microseconds(moment: datetime) -> int:
    """Count the microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


_SPELLINGS: Final[dict[str, Callable[[datetime], str]]] = {
    "January": lambda m: f"{m:%B}",
    "Monday": lambda m: f"{m:%A}",
    "Jan": lambda m: f"{m:%b}",
    "Mon": lambda m: f"{m:%a}",
    "MST": lambda _: "UTC",
    "Z07:00": lambda _: "Z",
    "2006": lambda m: f"{m.year:04}",
    "06": lambda m: f"{m.year % 100:02}",
    "01": lambda m: f"{m:%m}",
    "02": lambda m: f"{m:%d}",
    "_2": lambda m: f"{m.day:2}",
    "15": lambda m: f"{m:%H}",
    "03": lambda m: f"{m:%I}",
    "04": lambda m: f"{m:%M}",
    "05": lambda m: f"{m:%S}",
    "PM": lambda m: "AM" if m.hour < 12 else "PM",
    "1": lambda m: f"{m.month}",
    "2": lambda m: f"{m.day}",
    "3": lambda m: f"{m.hour % 12 or 12}",
    "4": lambda m: f"{m.minute}",
    "5": lambda m: f"{m.second}",
}
_PIECE = re.compile("|".join(map(re.escape, _SPELLINGS)) + r"|\.0+|\.9+")


def spelled(moment: datetime, layout: str, kind: str) -> str | int:
    """Write a moment by a layout (MAP-99)."""
    if kind == "datetime" and layout == "unixnano":
        return microseconds(moment) * 1000
    if kind == "datetime" and layout in _UNITS:
        return microseconds(moment) // _UNITS[layout]
    if layout:
        return _PIECE.sub(lambda match: _piece(match[0], moment), layout)
    fraction = _dotted(f"{moment.microsecond // 1000:03}".rstrip("0"))
    match kind:
        case "date":
            return f"{moment:%Y-%m-%d}".rjust(10, "0")
        case "time":
            return f"{moment:%H:%M:%S}{fraction}Z"
        case _:
            return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{fraction}Z"


def _piece(piece: str, moment: datetime) -> str:
    if piece in _SPELLINGS:
        return _SPELLINGS[piece](moment)
    digits = f"{moment.microsecond:06}000"[: len(piece) - 1]
    return _dotted(digits.rstrip("0") if piece[1] == "9" else digits)
