"""How each language writes a datetime (FUNC-23)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mapping_lang.diagnostics import Code, quote
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.text.bulk import parse_datetimes_rfc3339
from mapping_lang.types.text.parse import parse_datetime_rfc3339

_EXAMPLE: Final = "a datetime without zone such as 2024-01-31 15:04:05"


def parse_python_datetime(text: str) -> datetime:
    """Read what `str` gives for a naive datetime, which is in UTC: a space, and no zone."""
    if text[10:11] != " ":
        raise _not_naive(text)
    try:
        return parse_datetime_rfc3339(_with_zone(text))
    except ValueRefusedError as error:
        # Its message quotes the text that was read, which is not the function's.
        if error.code is Code.VALUE_YEAR:
            raise ValueRefusedError(
                error.code, f"the year of {quote(text)} is not between 1 and 9999"
            ) from None
        raise _not_naive(text) from None


def parse_python_datetimes(texts: Sequence[str]) -> list[datetime]:
    """Read many of them."""
    if all(text[10:11] == " " for text in texts):
        try:
            return parse_datetimes_rfc3339([_with_zone(text) for text in texts])
        except ValueRefusedError:
            pass  # one of them is wrong; it is found below
    return [parse_python_datetime(text) for text in texts]


def _with_zone(text: str) -> str:
    return f"{text[:10]}T{text[11:]}Z"


def _not_naive(text: str) -> ValueRefusedError:
    return ValueRefusedError(Code.VALUE_FORM, f"{quote(text)} is not {_EXAMPLE}", limit=_EXAMPLE)
