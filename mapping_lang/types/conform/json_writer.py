"""Python values of any shape as JSON text, for properties of kind json."""

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from uuid import UUID

import msgspec

from mapping_lang.diagnostics import Code
from mapping_lang.types.conform.refusals import not_accepted, show
from mapping_lang.types.conform.scalars import plain_text, utc
from mapping_lang.types.errors import ValueRefusedError
from mapping_lang.types.json_text import MAX_DEPTH, MAX_VALUES
from mapping_lang.types.kinds import JsonType
from mapping_lang.types.text.format import (
    format_date,
    format_datetime,
    format_decimal,
    format_float_json,
    format_time,
)
from mapping_lang.types.values import Json

MAX_INT_BITS: Final = 14_000
"""Longest integer that is written: Python refuses past 4,300 digits."""

_JSON: Final = JsonType()

_encode = msgspec.json.Encoder().encode


def json_of(value: object, *, max_values: int = MAX_VALUES) -> Json:
    """Write a value as JSON; instants, addresses and the like become strings."""
    return Json(_Writer(max_values).text(value, MAX_DEPTH))


class _Writer:
    """Counts what it writes: one list inside another twice, and so on, is large without end."""

    __slots__ = ("_left", "_max_values")

    def __init__(self, max_values: int) -> None:
        self._left = self._max_values = max_values

    def text(self, value: object, depth: int) -> str:
        self._left -= 1
        if self._left < 0:
            raise ValueRefusedError(
                Code.VALUE_LIMIT,
                f"the value has more than {self._max_values} parts",
                limit=str(self._max_values),
            )
        match value:
            case None:
                return "null"
            case bool():
                return "true" if value else "false"
            case str():
                return _quoted(value)
            case int():
                return _integer(value)
            case float():
                if not math.isfinite(value):
                    raise not_accepted(value, _JSON)
                return format_float_json(float(value), 64)
            case Decimal():
                if not value.is_finite():
                    raise not_accepted(value, _JSON)
                return format_decimal(value)
            case datetime():
                return f'"{format_datetime(utc(value))}"'
            case date():
                return f'"{format_date(value)}"'
            case time():
                return f'"{format_time(value)}"'
            case UUID() | IPv4Address() | IPv6Address():
                return _quoted(str(value))
            case Json():
                return value.text
            case list() | tuple():
                return self._array(value, _deeper(depth))
            case Mapping():
                return self._object(value, _deeper(depth))
            case _:
                raise not_accepted(value, _JSON)

    def _array(self, values: list[object] | tuple[object, ...], depth: int) -> str:
        parts: list[str] = []
        try:
            for value in values:
                parts.append(self.text(value, depth))
        except ValueRefusedError as error:
            raise error.inside(len(parts)) from None
        return f"[{','.join(parts)}]"

    def _object(self, values: Mapping[object, object], depth: int) -> str:
        parts: list[str] = []
        for name, value in values.items():
            if not isinstance(name, str):
                raise ValueRefusedError(
                    Code.VALUE_TYPE, f"found {show(name)} as the name of a member, expected text"
                )
            text = plain_text(name)
            try:
                parts.append(f"{_quoted(text)}:{self.text(value, depth)}")
            except ValueRefusedError as error:
                raise error.inside(text) from None
        return f"{{{','.join(parts)}}}"


def _quoted(text: str) -> str:
    return _encode(plain_text(text)).decode()


def _integer(value: int) -> str:
    if value.bit_length() > MAX_INT_BITS:
        raise ValueRefusedError(
            Code.VALUE_LIMIT, f"an integer of more than {MAX_INT_BITS} bits is not written as JSON"
        )
    return str(int(value))


def _deeper(depth: int) -> int:
    if not depth:
        raise ValueRefusedError(
            Code.VALUE_LIMIT, f"nested deeper than {MAX_DEPTH} levels", limit=str(MAX_DEPTH)
        )
    return depth - 1
