"""The form in which Snowflake is given values, and those that it cannot store (WH-26).

Rows travel in Parquet files. What has a textual form only (json, maps, arrays) travels as JSON text
and is parsed by the server.
"""

import json
import math
import re
from typing import Final, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.arrow.read import to_values
from mapping_lang.types.codec.encode import ValueEncoder
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.values import Value
from warehouse.prepare import Refused, Stored
from warehouse.snowflake.types import MAX_CHARS, column_type

MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest VARCHAR, and the largest VARIANT."""

_NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_MANY_DIGITS: Final = re.compile(r"[0-9]{300}|[eE]\+?[0-9]{3}")
"""What a number has that no float holds, among others."""
_UINT64: Final = pa.decimal128(20, 0)


def staging_type(type_: Type) -> str:
    """Give the type of the column that values of a leaf are copied into."""
    match type_:
        case JsonType() | MapType() | ArrayType():
            return "VARCHAR"
        case _:
            return column_type(type_)


def store(values: Array, type_: Type) -> Stored:
    """Give values the form in which they are copied."""
    match type_:
        case StringType():
            return _store_text(values, min(type_.max_length, type_.max_bytes, MAX_CHARS))
        case IntType(bit_size=64, unsigned=True):
            return Stored(values.cast(_UINT64))
        case (
            BooleanType()
            | IntType()
            | FloatType()
            | DecimalType()
            | DateType()
            | TimeType()
            | YearType()
            | UuidType()
            | IpType()
        ):
            return Stored(values)
        case DatetimeType():
            return Stored(values.view(pa.timestamp("us")))
        case JsonType():
            return _store_json(values)
        case MapType() | ArrayType():
            return _store_json(_encode(values, type_))
        case ObjectType():
            raise ValueError("an object has no column: its leaves have")
        case _:
            assert_never(type_)


def _store_text(values: Array, limit: int) -> Stored:
    if pc.any(pc.match_substring(values, "\0")).as_py():
        values = pc.replace_substring(values, "\0", "")
    if (pc.max(pc.binary_length(values)).as_py() or 0) <= limit:
        return Stored(values)
    too_long = _where(
        pc.or_(
            pc.greater(pc.utf8_length(values), limit),
            pc.greater(pc.binary_length(values), MAX_BYTES),
        )
    )
    message = f"the text has more than {limit:,} characters, the length of its column"
    return _refusing(values, too_long, Code.VALUE_MAX_LENGTH, message)


def _store_json(values: Array) -> Stored:
    with_nul = _where(pc.match_substring(values, "\\u0000"))
    if with_nul.true_count:
        cleaned = [_NUL.sub(r"\1", text) for text in values.filter(with_nul).to_pylist()]
        values = pc.replace_with_mask(values, with_nul, pa.array(cleaned, pa.string()))
    refused = (
        Refused(
            _where(pc.greater(pc.binary_length(values), MAX_BYTES)),
            Code.VALUE_LIMIT,
            f"the JSON has more than {MAX_BYTES:,} bytes",
        ),
        Refused(
            _too_large(values),
            Code.VALUE_RANGE,
            "the JSON has a number that is larger than any float, expected smaller ones",
        ),
    )
    return Stored(values, tuple(each for each in refused if each.where.true_count))


def _too_large(values: Array) -> Array:
    """Find the JSON with a number that VARIANT has no place for: such a batch would be refused."""
    suspects = _where(pc.match_substring_regex(values, _MANY_DIGITS.pattern))
    if not suspects.true_count:
        return suspects
    found = [
        suspect and _has_infinity(text)
        for suspect, text in zip(suspects.to_pylist(), values.to_pylist(), strict=True)
    ]
    return pa.array(found, pa.bool_())


def _has_infinity(text: str) -> bool:
    found = False

    def read(number: str) -> float:
        nonlocal found
        found = found or math.isinf(float(number))
        return 0.0

    json.loads(text, parse_int=read, parse_float=read)
    return found


def _encode(values: Array, type_: MapType | ArrayType) -> Array:
    return pa.array(
        [None if each is None else _encoded(each, type_) for each in to_values(values, type_)],
        pa.string(),
    )


def _encoded(value: Value, type_: MapType | ArrayType) -> str:
    if isinstance(value, dict) and None in value.values():
        keys, element = ValueEncoder(StringType()), ValueEncoder(type_.element)
        members = (
            keys.encode(key) + b":" + (b"null" if each is None else element.encode(each))
            for key, each in sorted(value.items())
        )
        return (b"{" + b",".join(members) + b"}").decode()
    return ValueEncoder(type_).encode(value).decode()


def _where(mask: Array) -> Array:
    return pc.fill_null(mask, fill_value=False) if mask.null_count else mask


def _refusing(values: Array, where: Array, code: Code, message: str) -> Stored:
    return Stored(values, (Refused(where, code, message),) if where.true_count else ())
