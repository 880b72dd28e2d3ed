"""The form in which PostgreSQL is given values, and those that it cannot store (WH-26).

COPY takes the bytes that it is given: a column of another type than the one it is copied into is
garbage without an error, so every column is cast here first. What has a textual form only (uuid,
json, maps, addresses) is copied as text, and cast to its type by the server.
"""

import re
from typing import Final, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.arrow.read import to_values
from mapping_lang.types.codec.encode import ValueEncoder
from mapping_lang.types.kinds import (
    MAX_LENGTH,
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
from warehouse.postgresql.types import column_type
from warehouse.prepare import Refused, Stored

MAX_TEXT_BYTES: Final = 64 * 1024 * 1024
"""A value has 1 GB at most, with all the copies of it that a statement makes."""

MAX_JSON_BYTES: Final = 16 * 1024 * 1024
"""Inside jsonb arrays and objects have 256 MB at most, and a short number takes 12 bytes."""

MAX_INTEGER_DIGITS: Final = 131_072
MAX_FRACTION_DIGITS: Final = 16_383
"""What the type numeric holds, and with it a number in jsonb."""

_LONG_NUMBER: Final = (
    f"a number in the JSON has more than {MAX_INTEGER_DIGITS:,} digits before the point"
    f" or {MAX_FRACTION_DIGITS:,} after it, written without an exponent"
)

_INTS: Final = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "numeric(20, 0)": pa.decimal128(20, 0),
}
_NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_NUMBER: Final = re.compile(
    r'"(?:[^"\\]|\\.)*"|-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?', re.DOTALL
)
# A number that is too long has a great exponent, or stands in a long text.
_GREAT_EXPONENT: Final = r"[0-9][eE][+-]?[0-9]{4}"
_LONG_JSON: Final = MAX_FRACTION_DIGITS - 1_000


def staging_type(type_: Type) -> str:
    """Give the type of the column that values of a leaf are copied into."""
    match type_:
        case UuidType() | IpType() | JsonType() | MapType():
            return "text"
        case ArrayType(element=element):
            return f"{staging_type(element)}[]"
        case _:
            return column_type(type_)


def store(values: Array, type_: Type) -> Stored:
    """Give values the form in which they are copied."""
    match type_:
        case StringType():
            return _store_text(values, type_)
        case IntType():
            return Stored(values.cast(_INTS[column_type(type_)]))
        case BooleanType() | FloatType() | DecimalType() | DateType() | TimeType() | YearType():
            return Stored(values)
        case DatetimeType():
            return Stored(values.view(pa.timestamp("us")))
        case UuidType():
            return Stored(values)
        case IpType():
            zoned = _where(pc.match_substring(values, "%"))
            return _refusing(
                values, (zoned, Code.VALUE_FORM, "an address with a zone has no place in inet")
            )
        case JsonType():
            return _store_json(values)
        case MapType():
            return _store_json(_encode_maps(values, type_))
        case ArrayType():
            return _store_array(values, type_)
        case ObjectType():
            raise ValueError("an object has no column: its leaves have")
        case _:
            assert_never(type_)


def _store_text(values: Array, type_: StringType) -> Stored:
    if pc.any(pc.match_substring(values, "\0")).as_py():
        values = pc.replace_substring(values, "\0", "")
    limit = min(type_.max_length, type_.max_bytes, MAX_LENGTH)
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest <= min(limit, MAX_TEXT_BYTES):
        return Stored(values)
    return _refusing(
        values,
        (
            _where(pc.greater(pc.utf8_length(values), min(limit, MAX_TEXT_BYTES))),
            Code.VALUE_MAX_LENGTH,
            f"the text has more than {limit:,} characters, the length of its column",
        ),
        (
            _where(pc.greater(pc.binary_length(values), MAX_TEXT_BYTES)),
            Code.VALUE_MAX_BYTES,
            f"the text has more than {MAX_TEXT_BYTES:,} bytes",
        ),
    )


def _store_json(values: Array) -> Stored:
    with_nul = _where(pc.match_substring(values, "\\u0000"))
    if with_nul.true_count:
        cleaned = [_NUL.sub(r"\1", text) for text in values.filter(with_nul).to_pylist()]
        values = pc.replace_with_mask(values, with_nul, pa.array(cleaned, pa.string()))
    lengths = pc.binary_length(values)
    suspects = _where(
        pc.or_(pc.match_substring_regex(values, _GREAT_EXPONENT), pc.greater(lengths, _LONG_JSON))
    )
    numbers = suspects
    if suspects.true_count:
        found = [_has_long_number(text) for text in values.filter(suspects).to_pylist()]
        numbers = pc.replace_with_mask(suspects, suspects, pa.array(found, pa.bool_()))
    return _refusing(
        values,
        (
            _where(pc.greater(lengths, MAX_JSON_BYTES)),
            Code.VALUE_LIMIT,
            f"the JSON has more than {MAX_JSON_BYTES:,} bytes",
        ),
        (
            numbers,
            Code.VALUE_RANGE,
            _LONG_NUMBER,
        ),
    )


def _has_long_number(text: str) -> bool:
    for match in _NUMBER.finditer(text):
        whole, fraction, exponent = match.groups()
        if whole is None:
            continue
        # The exponent itself may be too long for Python to read.
        power = int(exponent) if exponent and len(exponent) < 10 else (10**9 if exponent else 0)
        if (
            len(whole) + power > MAX_INTEGER_DIGITS
            or len(fraction or "") - power > MAX_FRACTION_DIGITS
        ):
            return True
    return False


def _encode_maps(values: Array, type_: MapType) -> Array:
    encoder, element = ValueEncoder(type_), ValueEncoder(type_.element)
    return pa.array(
        [
            None if value is None else _encode_map(value, encoder, element)
            for value in to_values(values, type_)
        ],
        pa.string(),
    )


def _encode_map(value: Value, encoder: ValueEncoder, element: ValueEncoder) -> str:
    if isinstance(value, dict) and None in value.values():
        keys = ValueEncoder(StringType())
        members = (
            keys.encode(key) + b":" + (b"null" if each is None else element.encode(each))
            for key, each in sorted(value.items())
        )
        return (b"{" + b",".join(members) + b"}").decode()
    return encoder.encode(value).decode()


def _store_array(values: Array, type_: ArrayType) -> Stored:
    lengths = pc.list_value_length(values)
    inside = store(values.flatten(), type_.element)
    offsets = pa.concat_arrays(
        [pa.array([0], pa.int32()), pc.cumulative_sum(pc.fill_null(lengths, 0)).cast(pa.int32())]
    )
    lists = pa.ListArray.from_arrays(
        offsets, inside.values, mask=values.is_null() if values.null_count else None
    )
    if not inside.refused:
        return Stored(lists)
    parents, rows = pc.list_parent_indices(values), pa.array(range(len(values)), pa.int64())
    return Stored(
        lists,
        tuple(
            Refused(
                pc.is_in(rows, parents.filter(each.where).cast(pa.int64())), each.code, each.message
            )
            for each in inside.refused
        ),
    )


def _where(mask: Array) -> Array:
    return pc.fill_null(mask, fill_value=False) if mask.null_count else mask


def _refusing(values: Array, *reasons: tuple[Array, Code, str]) -> Stored:
    return Stored(values, tuple(Refused(*reason) for reason in reasons if reason[0].true_count))
