"""When schedules fire: every period from a minute of the day on, in UTC (RUN-90, DEC-45)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

MINUTE: Final = timedelta(minutes=1)
MINUTES_OF_A_DAY: Final = 1_440
MOST_LATE: Final = timedelta(minutes=2)
"""Ticks that nobody looked at for longer are lost (RUN-92)."""


def fires(start: int, period: int, minute_of_day: int) -> bool:
    """Tell whether a schedule fires at a minute of the day."""
    return minute_of_day % period == start % period


def minute_of_day(moment: datetime) -> int:
    """Give the minute of the day in UTC."""
    utc = moment.astimezone(UTC)
    return utc.hour * 60 + utc.minute


def due_minutes(last: datetime | None, now: datetime) -> Iterator[datetime]:
    """Give the minutes to look at now, after the last one that was looked at.

    A clock that was moved back gives none, and one that was moved on gives only the latest.
    """
    current = now.astimezone(UTC).replace(second=0, microsecond=0)
    first = current if last is None else max(last + MINUTE, current - MOST_LATE + MINUTE)
    while first <= current:
        yield first
        first += MINUTE


def seconds_to_next_minute(now: datetime) -> float:
    """Give how long it is until there is another minute to look at."""
    return 60.0 - now.second - now.microsecond / 1e6
