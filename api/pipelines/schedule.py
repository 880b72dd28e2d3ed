"""Periods of schedules, as clients write them and as minutes (RUN-90)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from api.errors import BadRequestError
from mapping_lang.diagnostics import did_you_mean, quote

PERIODS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "5m": 5,
        "15m": 15,
        "30m": 30,
        "1h": 60,
        "2h": 120,
        "3h": 180,
        "6h": 360,
        "8h": 480,
        "12h": 720,
        "24h": 1440,
    }
)
"""The minutes of every period, by its text."""

_TEXTS: Final = MappingProxyType({minutes: text for text, minutes in PERIODS.items()})


def read_period(text: str | None) -> int | None:
    """Read a period; None turns the schedule off."""
    if text is None:
        return None
    minutes = PERIODS.get(text)
    if minutes is None:
        hint = did_you_mean(text, PERIODS)
        raise BadRequestError(
            f"`period` is {quote(text)}, expected null or one of {', '.join(PERIODS)}"
            + (f"; {hint}" if hint else "")
        )
    return minutes


def period_text(minutes: int | None) -> str | None:
    """Write a period."""
    return None if minutes is None else _TEXTS[minutes]
