import json
import math
import time as clock
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial

import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.codec.exact import MAX_DOCUMENT_BYTES, decode_value
from mapping_lang.types.codec.fast import ValueDecoder
from mapping_lang.types.errors import JsonSyntaxError, ValueRefusedError
from mapping_lang.types.json_text import MAX_DEPTH, MAX_VALUES
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
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.text.parse import (
    parse_date,
    parse_datetime_iso,
    parse_int,
    parse_ip,
    parse_time,
    parse_uuid,
)
from mapping_lang.types.values import JSON_NULL, Json, Value
from tests.strategies import canonical

INT = IntType(32)
TEXT = StringType()
JSON = JsonType()
SCHEMA = ObjectType(
    (
        Property("a", INT),
        Property("b", JSON, read_optional=True, nullable=True),
        Property("n", TEXT, read_optional=True, nullable=True),
        Property(
            "o",
            ObjectType((Property("x", ArrayType(MapType(INT))), Property("y", TEXT))),
            read_optional=True,
        ),
    )
)


def read(type_: Type, text: str | bytes) -> Value:
    """Read a text both ways: what holds for one decoder holds for the other."""
    encoded = text.encode() if isinstance(text, str) else text
    value = decode_value(type_, encoded)
    assert canonical(ValueDecoder(type_).decode(encoded)) == canonical(value)
    return value


def refusal(type_: Type, text: str | bytes) -> ValueRefusedError:
    encoded = text.encode() if isinstance(text, str) else text
    with pytest.raises(ValueRefusedError) as exact:
        decode_value(type_, encoded)
    with pytest.raises(ValueRefusedError) as fast:
        ValueDecoder(type_).decode(encoded)
    assert (str(fast.value), fast.value.code) == (str(exact.value), exact.value.code)
    return exact.value


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (TEXT, r'"\u0061é\ud83d\ude00\n"', "aé😀\n"),
        (TEXT, r'"e\u0301"', "e\u0301"),
        (StringType(max_length=2), '"é😀"', "é😀"),
        (StringType(max_bytes=4), '"😀"', "😀"),
        (StringType(pattern="^a+$"), '"aa"', "aa"),
        (StringType(values=("", "b")), '""', ""),
        # The first limit that is set decides (TYPE-12).
        (StringType(values=("long",), max_length=1), '"long"', "long"),
        (BooleanType(), "true", True),
        (BooleanType(), "false", False),
        (IntType(8), "-128", -128),
        (INT, "-0", 0),
        (IntType(32, minimum=5, maximum=5), "5", 5),
        (IntType(64), '"-9223372036854775808"', -(2**63)),
        (IntType(64), '"+05"', 5),
        (IntType(64, unsigned=True), '"05"', 5),
        (IntType(64, unsigned=True), '"18446744073709551615"', 2**64 - 1),
        (YearType(), "9999", 9999),
        (FloatType(64), "5", 5.0),
        (FloatType(64), "-0", -0.0),
        (FloatType(64), "-0.0", -0.0),
        (FloatType(64), "0", 0.0),
        (FloatType(64), "1e-400", 0.0),
        (FloatType(64), "9223372036854775807", 9223372036854775807.0),
        (FloatType(32), "0.1", 0.10000000149011612),
        # Rounded once: by way of 64 bits it would be 1.0.
        (FloatType(32), "1.00000005960464477540", 1.0000001192092896),
        (FloatType(64), '"NaN"', math.nan),
        (FloatType(32), '"Infinity"', math.inf),
        (FloatType(64), '"-Infinity"', -math.inf),
        (FloatType(64, minimum=0.0), '"NaN"', math.nan),
        (DecimalType(5, 2), "1.50", Decimal("1.5")),
        (DecimalType(5, 2), "1e2", Decimal(100)),
        (DecimalType(5, 2), "100000e-3", Decimal(100)),
        (DecimalType(5, 2), "-0.000", Decimal(0)),
        (DecimalType(5, 2), "0e99999999999999999999", Decimal(0)),
        (DecimalType(5, 2), "1.5000", Decimal("1.5")),
        (DecimalType(3, 3), "0.999", Decimal("0.999")),
        (DecimalType(3, 0), "-999", Decimal(-999)),
        (DecimalType(76, 37), "9" * 39 + "." + "9" * 37, Decimal("9" * 39 + "." + "9" * 37)),
        (DatetimeType(), '"2024-01-02T03:04:05.5+02:00"', datetime(2024, 1, 2, 1, 4, 5, 500_000, UTC)),
        (DatetimeType(), '"2024-01-02T03:04:05Z"', datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (DatetimeType(), '"2024-002"', datetime(2024, 1, 2, tzinfo=UTC)),
        (DatetimeType(), r'"2024-01-02T03\u003a04\u003a05Z"', datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        # Further digits are truncated (DEC-10).
        (DatetimeType(), '"2024-01-02T03:04:05.123456789Z"', datetime(2024, 1, 2, 3, 4, 5, 123_456, UTC)),
        (TimeType(), '"23:59:59.9999999"', time(23, 59, 59, 999_999)),
        (TimeType(), '"9:04:05"', time(9, 4, 5)),
        (DateType(), '"0001-01-01"', date(1, 1, 1)),
        (UuidType(), '"{3F2504E0-4F89-41D3-9A0C-0305E82C3301}"', "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        (IpType(), '"2001:DB8::1"', "2001:db8::1"),
        (JSON, ' {"a" : 1 } ', Json('{"a" : 1 }')),
        (JSON, "null", JSON_NULL),
        (JSON, " 1e1000000000\n", Json("1e1000000000")),
        (ArrayType(JSON), '[null,"a", [1 ]]', [JSON_NULL, Json('"a"'), Json("[1 ]")]),
        (MapType(JSON), '{"":null}', {"": JSON_NULL}),
        (MapType(INT), r'{"1 bad":1,"\u0061":2," : ":3}', {"1 bad": 1, "a": 2, " : ": 3}),
        (ArrayType(INT, 0, 3), "[1,2,3]", [1, 2, 3]),
        (ArrayType(INT, unique=True), "[1,2]", [1, 2]),
        (ArrayType(FloatType(64), unique=True), '["NaN","NaN"]', [math.nan, math.nan]),
        (SCHEMA, '{"b":null,"a":1}', {"a": 1, "b": JSON_NULL}),
        (SCHEMA, '{"a":1,"n":null}', {"a": 1, "n": None}),
        (SCHEMA, r'{"\u0061" : 1}', {"a": 1}),
        (SCHEMA, '{"a":1,"o":{"y":"","x":[{"k":1},{}]}}', {"a": 1, "o": {"x": [{"k": 1}, {}], "y": ""}}),
    ],
)  # fmt: skip
def test_a_text_has_one_meaning(type_: Type, text: str, value: Value) -> None:
    assert canonical(read(type_, text)) == canonical(value)


@pytest.mark.parametrize(
    ("type_", "text", "code", "message", "limit"),
    [
        (TEXT, "5", Code.VALUE_TYPE, "found the number «5», expected a string", ""),
        (TEXT, "null", Code.VALUE_NULL, "found null, expected string", ""),
        (StringType(max_bytes=2), '"é!"', Code.VALUE_MAX_BYTES, "«é!» has 3 bytes, at most 2 are allowed", "2"),
        (StringType(max_length=2), '"abc"', Code.VALUE_MAX_LENGTH, "«abc» has 3 characters, at most 2 are allowed", "2"),
        (StringType(values=("a", "b")), '"c"', Code.VALUE_NOT_LISTED, "«c» is not one of «a», «b»", "a, b"),
        (StringType(pattern="^a+$"), '"b"', Code.VALUE_PATTERN, "«b» does not match the pattern «^a+$»", "^a+$"),
        (BooleanType(), '"true"', Code.VALUE_TYPE, "found the string «\"true\"», expected true or false", ""),
        (BooleanType(), "null", Code.VALUE_NULL, "found null, expected boolean", ""),
        (INT, "5.0", Code.VALUE_TYPE, "found the number «5.0», expected an integer", ""),
        (INT, "5e0", Code.VALUE_TYPE, "found the number «5e0», expected an integer", ""),
        (INT, '"5"', Code.VALUE_TYPE, "found the string «\"5\"», expected an integer", ""),
        (INT, "true", Code.VALUE_TYPE, "found the true «true», expected an integer", ""),
        (IntType(8), "128", Code.VALUE_MAXIMUM, "128 is greater than the maximum 127", "127"),
        (IntType(8, minimum=0), "-1", Code.VALUE_MINIMUM, "-1 is less than the minimum 0", "0"),
        (IntType(64), "5", Code.VALUE_TYPE, "found the number «5», expected a string", ""),
        (IntType(64, maximum=5), '"6"', Code.VALUE_MAXIMUM, "6 is greater than the maximum 5", "5"),
        (YearType(), '"2024"', Code.VALUE_TYPE, "found the string «\"2024\"», expected an integer", ""),
        (YearType(), "0", Code.VALUE_YEAR, "the year 0 is not between 1 and 9999", "1 to 9999"),
        (FloatType(64), "1e400", Code.VALUE_RANGE, "«1e400» does not fit a float of 64 bits", ""),
        (FloatType(32), "3.5e38", Code.VALUE_RANGE, "«3.5e38» does not fit a float of 32 bits", ""),
        (FloatType(64), '"nan"', Code.VALUE_TYPE, 'found the string «"nan"», expected a number, "NaN", "Infinity" or "-Infinity"', ""),
        (FloatType(64, real=True), '"NaN"', Code.VALUE_TYPE, 'found the string «"NaN"», expected a number', ""),
        (FloatType(64, maximum=1.0), '"Infinity"', Code.VALUE_MAXIMUM, "inf is greater than the maximum 1.0", "1.0"),
        (FloatType(64, minimum=0.5), "0", Code.VALUE_MINIMUM, "0.0 is less than the minimum 0.5", "0.5"),
        (DecimalType(5, 2), '"1.5"', Code.VALUE_TYPE, 'found the string «"1.5"», expected a number', ""),
        (DecimalType(5, 2), "12.345", Code.VALUE_RANGE, "«12.345» does not fit decimal(5,2)", "decimal(5,2)"),
        (DecimalType(5, 2), "1e3", Code.VALUE_RANGE, "«1E+3» does not fit decimal(5,2)", "decimal(5,2)"),
        (DecimalType(5, 2, maximum=Decimal(1)), "1.01", Code.VALUE_MAXIMUM, "1.01 is greater than the maximum 1", "1"),
        (DecimalType(3, 3), "1", Code.VALUE_RANGE, "«1» does not fit decimal(3,3)", "decimal(3,3)"),
        (ArrayType(INT), "{}", Code.VALUE_TYPE, "found the object «{}», expected an array", ""),
        (ArrayType(INT, 1, 2), "[]", Code.VALUE_ELEMENTS, "there are 0 elements, at least 1 are required", "1"),
        # An even and an odd maximum (TYPE-D14).
        (ArrayType(INT, 1, 2), "[1,2,3]", Code.VALUE_ELEMENTS, "there are 3 elements, at most 2 are allowed", "2"),
        (ArrayType(INT, 1, 3), "[1,2,3,4]", Code.VALUE_ELEMENTS, "there are 4 elements, at most 3 are allowed", "3"),
        (MapType(INT), "[]", Code.VALUE_TYPE, "found the array «[]», expected an object", ""),
        (SCHEMA, '"a"', Code.VALUE_TYPE, "found the string «\"a\"», expected an object", ""),
        (SCHEMA, "null", Code.VALUE_NULL, "found null, expected object", ""),
    ],
)  # fmt: skip
def test_an_invalid_value_is_told_with_its_limit(
    type_: Type, text: str, code: Code, message: str, limit: str
) -> None:
    error = refusal(type_, text)
    assert (error.code, error.message, error.limit, error.path) == (code, message, limit, ())
    assert not isinstance(error, JsonSyntaxError)


@pytest.mark.parametrize(
    ("type_", "parse", "text"),
    [
        (IntType(64), parse_int, "5.0"),
        (IntType(64), parse_int, ""),
        (IntType(64), parse_int, " 5"),
        (IntType(64), parse_int, "\u0665"),
        (IntType(64), parse_int, "9223372036854775808"),
        (IntType(64, unsigned=True), partial(parse_int, unsigned=True), "+5"),
        (DatetimeType(), parse_datetime_iso, "2024-01-02T03:04:05.1234567890Z"),
        (DatetimeType(), parse_datetime_iso, "2024-01-02t03:04:05z"),
        (DatetimeType(), parse_datetime_iso, "2024-01-02T24:00:00Z"),
        (DatetimeType(), parse_datetime_iso, "2024-01-02T03:04:05+24:00"),
        (DatetimeType(), parse_datetime_iso, "2024-01-02T03:04:05-00:00"),
        (DatetimeType(), parse_datetime_iso, "0001-01-01T00:00:00+05:00"),
        (DateType(), parse_date, "2024-01-02T00:00:00Z"),
        (DateType(), parse_date, "2023-02-29"),
        (DateType(), parse_date, "0000-01-01"),
        (TimeType(), parse_time, "03:04:05Z"),
        (TimeType(), parse_time, "24:00:00"),
        (UuidType(), parse_uuid, "3f2504e0"),
        (IpType(), parse_ip, "192.168.000.1"),
    ],
)
def test_a_textual_form_is_refused_as_everywhere(
    type_: Type, parse: Callable[[str], object], text: str
) -> None:
    with pytest.raises(ValueRefusedError) as expected:
        parse(text)
    error = refusal(type_, json.dumps(text, ensure_ascii=False))
    assert (error.code, str(error), error.limit) == (
        expected.value.code,
        str(expected.value),
        expected.value.limit,
    )


@pytest.mark.parametrize(
    ("type_", "text", "code", "message"),
    [
        (SCHEMA, "{}", Code.VALUE_MISSING, "a: the property is missing"),
        (SCHEMA, '{"a":null}', Code.VALUE_NULL, "a: found null, expected int(32)"),
        (SCHEMA, '{"a":1,"z":1}', Code.VALUE_PROPERTY_UNKNOWN, "z: the property «z» does not exist"),
        (ObjectType((Property("name", TEXT),)), '{"nmae":1}', Code.VALUE_PROPERTY_UNKNOWN, "nmae: the property «nmae» does not exist; did you mean «name»?"),
        (SCHEMA, '{"a":1,"o":{"y":""}}', Code.VALUE_MISSING, "o.x: the property is missing"),
        (SCHEMA, '{"a":1,"o":{"x":[{},{"k":1.5}],"y":""}}', Code.VALUE_TYPE, "o.x[1].k: found the number «1.5», expected an integer"),
        (SCHEMA, '{"a":1,"o":{"x":[{"a b\\"":null}],"y":""}}', Code.VALUE_NULL, 'o.x[0]["a b\\""]: found null, expected int(32)'),
        (ArrayType(TEXT, unique=True), '["a","b","a"]', Code.VALUE_REPEATED, "[2]: the elements 0 and 2 are equal, they have to differ"),
        (ArrayType(DecimalType(5, 2), unique=True), "[1.5,1.50]", Code.VALUE_REPEATED, "[1]: the elements 0 and 1 are equal, they have to differ"),
        (ArrayType(TimeType(), unique=True), '["9:00:00","09:00:00"]', Code.VALUE_REPEATED, "[1]: the elements 0 and 1 are equal, they have to differ"),
        (ArrayType(TEXT), "[null]", Code.VALUE_NULL, "[0]: found null, expected string"),
        (MapType(TEXT), '{"k":null}', Code.VALUE_NULL, "k: found null, expected string"),
    ],
)  # fmt: skip
def test_a_mistake_has_a_path(type_: Type, text: str, code: Code, message: str) -> None:
    error = refusal(type_, text)
    assert (error.code, str(error)) == (code, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty, expected a JSON value"),
        (" \n", "the text is empty, expected a JSON value"),
        ('{"a":1}{}', "found «{» after the end of the value"),
        ('{"a":1},', "found «,» after the end of the value"),
        ('{"a":1,}', "found «}», expected a member name in double quotes"),
        ("{'a':1}", "found «'», expected a member name in double quotes"),
        ("null,", "found «,» after the end of the value"),
        ("\ufeff{}", "found «\\ufeff», expected a JSON value"),
        (b'{"n":"\xff"}', "byte 6 is not UTF-8"),
        (b'{"b":"\xed\xa0\x80"}', "byte 6 is not UTF-8"),
        ('{"a":1,"n":"\\ud800"}', "n: half of a surrogate pair is no character"),
        ('{"a":1,"b":"\\ude00\\ud83d"}', "b: half of a surrogate pair is no character"),
        # Repeated members, in values of every kind.
        ('{"a":1,"a":1}', "a: the member «a» is repeated"),
        ('{"a":1,"\\u0061":1}', "a: the member «a» is repeated"),
        ('{"a":1,"b":{"k":[{"x":1,"x":2}]}}', "b.k[0].x: the member «x» is repeated"),
        ('{"a":1,"b":{"\\u003a":1,":":2}}', 'b[":"]: the member «:» is repeated'),
        ('{"a":1,"b":{"a\\u0020:":1,"k":1,"k":1}}', "b.k: the member «k» is repeated"),
        ('{"a":1,"o":{"y":"","x":[{"k":1,"k":1}]}}', "o.x[0].k: the member «k» is repeated"),
        # Names that no property can have (TYPE-67).
        ('{"1b":1}', "the member name «1b» is not a letter or `_` followed by letters, digits and `_`"),
        ('{"":1}', "the member name «» is not a letter or `_` followed by letters, digits and `_`"),
        ('{"a":1,"o":{"é":1}}', "o: the member name «é» is not a letter or `_` followed by letters, digits and `_`"),
        # What is wrong with the text wins over what is wrong with its values (TYPE-65).
        ('{"a":"x","zz":1,"a":2}', "a: the member «a» is repeated"),
        ('{"zz":null,"a":', "a: the text ends where a JSON value was expected"),
        ('{"a":"x","o":{"1":1}}', "o: the member name «1» is not a letter or `_` followed by letters, digits and `_`"),
    ],
)  # fmt: skip
def test_text_that_is_no_json_is_a_syntax_error(text: str | bytes, message: str) -> None:
    error = refusal(SCHEMA, text)
    assert isinstance(error, JsonSyntaxError)
    assert (error.code, str(error)) == (Code.VALUE_SYNTAX, message)


def test_names_inside_maps_and_json_are_free() -> None:
    assert read(MapType(JSON), '{"1":{"2 3":4}}') == {"1": Json('{"2 3":4}')}


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (JSON, nested(MAX_DEPTH + 1)),
        (ArrayType(SCHEMA), '[{"a":1,"b":' + nested(MAX_DEPTH - 1) + "}]"),
        (JSON, nested(100_000)),
        (JSON, "[" * 5_000_000),
        (SCHEMA, '{"a":' * 1_000_000),
        (JSON, b'"' + b"a" * MAX_DOCUMENT_BYTES + b'"'),
        (ArrayType(INT), b"[" + b"0," * MAX_VALUES + b"0]"),
    ],
)
def test_a_text_over_the_limits_is_refused(type_: Type, text: str | bytes) -> None:
    assert refusal(type_, text).code is Code.VALUE_LIMIT


def test_a_text_within_the_limits_is_read() -> None:
    text = nested(MAX_DEPTH)
    assert read(JSON, text) == Json(text)
    inner = nested(MAX_DEPTH - 2)
    assert read(ArrayType(SCHEMA), f'[{{"a":1,"b":{inner}}}]') == [{"a": 1, "b": Json(inner)}]
    flat = "[" + ",".join(["[{}]"] * MAX_DEPTH) + "]"
    assert read(JSON, flat) == Json(flat)


HUGE_NAME = "x" * 1_000_000
HUGE_INT = "9" * 1_000_000


@pytest.mark.parametrize(
    ("type_", "text", "code"),
    [
        (INT, HUGE_INT, Code.VALUE_MAXIMUM),
        (INT, f"-{HUGE_INT}", Code.VALUE_MINIMUM),
        (INT, "1e1000000000", Code.VALUE_TYPE),
        (YearType(), HUGE_INT, Code.VALUE_MAXIMUM),
        (IntType(64), f'"{HUGE_INT}"', Code.VALUE_RANGE),
        (FloatType(64), "1e1000000000", Code.VALUE_RANGE),
        (FloatType(32), HUGE_INT, Code.VALUE_RANGE),
        (DecimalType(76, 37), "1e1000000000", Code.VALUE_RANGE),
        (DecimalType(76, 37), "1e-1000000000", Code.VALUE_RANGE),
        (DecimalType(76, 37), "1e9999999999999999999", Code.VALUE_RANGE),
        (DecimalType(76, 37), HUGE_INT, Code.VALUE_RANGE),
        (DecimalType(76, 37), f"0.{HUGE_INT}", Code.VALUE_RANGE),
        (DatetimeType(), f'"{HUGE_INT}"', Code.VALUE_YEAR),
        (SCHEMA, f'{{"a":1,"{HUGE_NAME}":1}}', Code.VALUE_PROPERTY_UNKNOWN),
        (SCHEMA, f'{{"{HUGE_NAME} ":1}}', Code.VALUE_SYNTAX),
        (MapType(INT), f'{{"{HUGE_NAME}":1,"{HUGE_NAME}":1}}', Code.VALUE_SYNTAX),
        (ArrayType(JSON), f"[{HUGE_INT},]", Code.VALUE_SYNTAX),
    ],
    ids=range(17),
)
def test_huge_texts_are_refused_at_once(type_: Type, text: str, code: Code) -> None:
    start = clock.process_time()
    error = refusal(type_, text)
    assert clock.process_time() - start < 1
    assert error.code is code
    assert len(error.message) < 300


def test_huge_numbers_of_json_stay_text() -> None:
    assert read(JSON, f"[{HUGE_INT},1e1000000000]") == Json(f"[{HUGE_INT},1e1000000000]")
