import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.codec.encode import ValueEncoder, encoder_for
from mapping_lang.types.codec.exact import decode_value
from mapping_lang.types.errors import TypeDefinitionError, ValueRefusedError
from mapping_lang.types.kinds import (
    NO_SCHEMA,
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
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.text.format import (
    format_date,
    format_datetime_grouped,
    format_decimal,
    format_float,
    format_time_grouped,
)
from mapping_lang.types.values import JSON_NULL, Json, Value
from tests import strategies
from tests.mapping_lang.types.codec.texts import as_read, as_written, compact
from tests.strategies import canonical

INT = IntType(32)
TEXT = StringType()
ESCAPED = 'é\u2028\x7f😀"\\/\b\f\n\r\t\x00\x1f<&>'


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        (TEXT, "", '""'),
        (TEXT, ESCAPED, r'"é' + "\u2028\x7f" + r'😀\"\\/\b\f\n\r\t\u0000\u001f<&>"'),
        (BooleanType(), True, "true"),
        (BooleanType(), False, "false"),
        (INT, -5, "-5"),
        (IntType(64), -(2**63), '"-9223372036854775808"'),
        (IntType(64, unsigned=True), 2**64 - 1, '"18446744073709551615"'),
        (YearType(), 1, "1"),
        (FloatType(64), 4.6, "4.6"),
        (FloatType(64), 0.0, "0"),
        (FloatType(64), -0.0, "-0"),
        (FloatType(64), 5.0, "5"),
        (FloatType(64), -100000.0, "-100000"),
        (FloatType(64), 1e6, "1e+06"),
        (FloatType(64), 123456.7, "123456.7"),
        (FloatType(64), 5012345678.25, "5.01234567825e+09"),
        (FloatType(64), 0.0001, "0.0001"),
        (FloatType(64), 0.00001, "1e-05"),
        (FloatType(64), 1e300, "1e+300"),
        (FloatType(32), 0.10000000149011612, "0.1"),
        (FloatType(64), math.nan, '"NaN"'),
        (FloatType(64), math.inf, '"Infinity"'),
        (FloatType(32), -math.inf, '"-Infinity"'),
        (DecimalType(5, 2), Decimal("1.50"), "1.5"),
        (DecimalType(5, 2), Decimal("1E+2"), "100"),
        (DecimalType(5, 2), Decimal("-0.00"), "0"),
        (DecimalType(5, 2), Decimal("999.99"), "999.99"),
        (DecimalType(37, 37), Decimal("1E-37"), "0." + "0" * 36 + "1"),
        (DecimalType(76), Decimal("9" * 76), "9" * 76),
        (DatetimeType(), datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), '"2024-01-02T03:04:05Z"'),
        (
            DatetimeType(),
            datetime(1, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC),
            '"0001-01-02T03:04:05.500Z"',
        ),
        (
            DatetimeType(),
            datetime(2024, 1, 2, 3, 4, 5, 500, tzinfo=UTC),
            '"2024-01-02T03:04:05.000500Z"',
        ),
        (DateType(), date(1, 2, 3), '"0001-02-03"'),
        (TimeType(), time(0, 0, 0), '"00:00:00"'),
        (TimeType(), time(23, 59, 59, 120_000), '"23:59:59.120"'),
        (TimeType(), time(23, 59, 59, 1), '"23:59:59.000001"'),
        (
            UuidType(),
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            '"3f2504e0-4f89-41d3-9a0c-0305e82c3301"',
        ),
        (IpType(), "::1", '"::1"'),
        (JsonType(), Json('{"a" : 1.50 , "b c" :[ ] }'), '{"a":1.50,"b c":[]}'),
        (JsonType(), Json('"\\u0041 \\" b"'), '"\\u0041 \\" b"'),
        (JsonType(), JSON_NULL, "null"),
        (ArrayType(INT), [], "[]"),
        (ArrayType(IntType(64)), [1, 2], '["1","2"]'),
        (ArrayType(ArrayType(DecimalType(3, 1))), [[Decimal("1.0")], []], "[[1],[]]"),
        (MapType(INT), {"é": 1, "z": 2, "": 3, "😀": 4, "\uffff": 5}, '{"":3,"z":2,"é":1,"\uffff":5,"😀":4}'),
        (MapType(ArrayType(JsonType())), {"b": [], "a": [Json(" 1 ")]}, '{"a":[1],"b":[]}'),
    ],
)  # fmt: skip
def test_a_value_has_one_form(type_: Type, value: Value, text: str) -> None:
    assert ValueEncoder(type_).encode(value).decode() == text


SCHEMA = ObjectType(
    (
        Property("b", INT),
        Property("a", TEXT, nullable=True),
        Property("__init__", JsonType(), read_optional=True),
        Property("o", ObjectType((Property("y", INT), Property("x", IntType(64)))), nullable=True),
    )
)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (
            {"o": {"x": 1, "y": 2}, "__init__": Json("[ ]"), "a": "t", "b": 1},
            '{"b":1,"a":"t","__init__":[],"o":{"y":2,"x":"1"}}',
        ),
        ({"b": 1, "a": None, "o": None}, '{"b":1,"a":null,"o":null}'),
        ({"b": 1, "a": None, "__init__": None, "o": None}, '{"b":1,"a":null,"__init__":null,"o":null}'),
        ({"b": 1, "a": None, "__init__": JSON_NULL, "o": None}, '{"b":1,"a":null,"__init__":null,"o":null}'),
        # Values are not checked (TYPE-69): nothing is required, nothing is invented.
        ({"o": {"y": 1}}, '{"o":{"y":1}}'),
        ({"o": {}, "z": 1}, '{"o":{}}'),
        ({"b": None}, '{"b":null}'),
        ({}, "{}"),
    ],
)  # fmt: skip
def test_properties_are_in_the_order_of_the_schema(
    record: dict[str, Value | None], text: str
) -> None:
    encoder = encoder_for(SCHEMA)
    whole: dict[str, Value | None] = {"b": 0, "a": "", "o": {"y": 0, "x": 0}}
    whole_text = '{"b":0,"a":"","o":{"y":0,"x":"0"}}'
    assert encoder.encode(record).decode() == text
    assert encoder.encode_array([record]).decode() == f"[{text}]"
    assert encoder.encode_array([whole, record]).decode() == f"[{whole_text},{text}]"


def test_no_records_are_an_empty_array() -> None:
    assert encoder_for(SCHEMA).encode_array([]) == b"[]"


def test_records_stay_as_they_are() -> None:
    record: dict[str, Value | None] = {"o": {"x": 1, "y": 2}, "b": 1, "a": None}
    encoder_for(SCHEMA).encode(record)
    assert record == {"o": {"x": 1, "y": 2}, "b": 1, "a": None}
    assert list(record) == ["o", "b", "a"]


def test_no_schema_has_no_records() -> None:
    with pytest.raises(TypeDefinitionError):
        encoder_for(NO_SCHEMA)


def test_half_a_surrogate_pair_is_refused_with_its_path() -> None:
    schema = ObjectType((Property("m", MapType(ArrayType(TEXT))),))
    with pytest.raises(ValueRefusedError) as caught:
        encoder_for(schema).encode_array([{"m": {}}, {"m": {"k": ["", "\ud800"]}}])
    assert (caught.value.code, caught.value.path) == (Code.VALUE_TEXT, (1, "m", "k", 1))


def written(type_: Type, value: Value | None) -> str:
    """The definition of the encoder: one value after the other (TYPE-64)."""
    match type_, value:
        case _, None:
            return "null"
        case ObjectType(), dict():
            names = [item.name for item in type_.properties if item.name in value]
            members = [
                f'"{name}":{written(type_.by_name[name].type, value[name])}' for name in names
            ]
            return "{" + ",".join(members) + "}"
        case MapType(), dict():
            keys = sorted(value, key=str.encode)
            return (
                "{"
                + ",".join(f"{quoted(k)}:{written(type_.element, value[k])}" for k in keys)
                + "}"
            )
        case ArrayType(), list():
            return "[" + ",".join(written(type_.element, item) for item in value) + "]"
        case _, Json(text=text):
            return compact(text)
        case IntType(bit_size=64), int():
            return f'"{value}"'
        case _, bool():
            return str(value).lower()
        case FloatType(), float():
            names_ = {"NaN": '"NaN"', "+Inf": '"Infinity"', "-Inf": '"-Infinity"'}
            text = format_float(value, type_.bit_size)
            return names_.get(text, text)
        case _, Decimal():
            return format_decimal(value)
        case _, datetime():
            return f'"{format_datetime_grouped(value)}"'
        case _, date():
            return f'"{format_date(value)}"'
        case _, time():
            return f'"{format_time_grouped(value)}"'
        case _, str():
            return quoted(value)
        case _:
            return str(value)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@given(strategies.schemas_and_records())
def test_many_records_are_written_as_one_by_one(
    case: tuple[ObjectType, list[dict[str, Value | None]]],
) -> None:
    schema, records = case
    text = encoder_for(schema).encode_array(records)
    assert text.decode() == written(ArrayType(schema), list(records))
    assert [encoder_for(schema).encode(record).decode() for record in records] == [
        written(schema, record) for record in records
    ]


@given(strategies.schemas_and_records())
def test_what_is_written_is_read_again(
    case: tuple[ObjectType, list[dict[str, Value | None]]],
) -> None:
    schema, records = case
    type_ = ArrayType(schema)
    text = encoder_for(schema).encode_array(records)
    read = decode_value(type_, text)
    assert canonical(read) == canonical(as_written(as_read(type_, list(records))))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_have_the_general_form(value: float) -> None:
    assert ValueEncoder(FloatType(64)).encode(value).decode() == format_float(value, 64)
