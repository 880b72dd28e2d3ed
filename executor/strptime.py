"""Moments in a format of directives such as `%d/%m/%Y`, as the C library names them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_EXPANDED: Final = {
    # Directives of the C library that Python lacks, in terms of those that it has.
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "D": "%m/%d/%y",
    "h": "%b",
    "e": "%d",
    "k": "%H",
    "l": "%I",
    "n": " ",
    "t": " ",
}
_DIRECTIVE: Final = re.compile(r"%(.)", re.DOTALL)
_EPOCH_SECONDS: Final = "%s"
_SECONDS: Final = re.compile(r"-?[0-9]{1,12}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION: Final = re.compile(r"(\.[0-9]{6})[0-9]+")


def strptime_reader(format_: str) -> Callable[[str], datetime | None]:
    """Compile a format; what it gives for a text is in UTC, and None if the text has another form.

    A text without a zone is in UTC; a format with a directive that is unknown reads nothing.
    """
    if format_ == _EPOCH_SECONDS:
        return _from_epoch
    expanded = _DIRECTIVE.sub(lambda found: _EXPANDED.get(found[1], found[0]), format_)
    has_fraction = "%f" in expanded

    def read(text: str) -> datetime | None:
        if has_fraction:
            # Further digits are truncated (DEC-10).
            text = _FRACTION.sub(r"\1", text)
        try:
            moment = datetime.strptime(text, expanded)  # noqa: DTZ007 - a zone is optional
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError, IndexError, re.error):
            return None

    return read


def _from_epoch(text: str) -> datetime | None:
    if not _SECONDS.fullmatch(text):
        return None
    try:
        return _EPOCH + timedelta(seconds=int(text))
    except OverflowError:
        return None
