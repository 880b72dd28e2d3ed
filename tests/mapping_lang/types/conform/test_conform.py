import math
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_interface
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.check import check_layout
from mapping_lang.types.arrow.write import to_record_batch
from mapping_lang.types.conform.conform import conform, conform_record
from mapping_lang.types.errors import PathStep, ValueRefusedError
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
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.values import JSON_NULL, Json, Record, Value
from tests.strategies import canonical, schemas, schemas_and_records, types

STRING, BOOLEAN, YEAR, JSON = StringType(), BooleanType(), YearType(), JsonType()
INT8, INT32, INT64 = IntType(8), IntType(32), IntType(64)
UINT64 = IntType(64, unsigned=True)
FLOAT32, FLOAT64, REAL = FloatType(32), FloatType(64), FloatType(64, real=True)
DECIMAL = DecimalType(5, 2)
DATETIME, DATE, TIME = DatetimeType(), DateType(), TimeType()
UUID_TYPE, IP = UuidType(), IpType()
LISTED = StringType(values=("a", "b"))
LISTED_EMPTY = StringType(values=("a", ""))
COLORS = ArrayType(LISTED, 1, 2, unique=True)
PERSON = ObjectType(
    (
        Property("name", STRING),
        Property("age", INT8, read_optional=True, nullable=True),
        Property("tags", ArrayType(STRING), read_optional=True),
    )
)
ROME = timezone(timedelta(hours=1))
INSTANT = datetime(2024, 1, 2, 3, 4, 5, 678_901, UTC)
ID = "6f1f9d5e-0c4b-4b8e-9d43-2a9f0c1b7e11"


class Name(str):
    """Text of a class of its own, as drivers have it."""

    __slots__ = ()


class Moment(datetime):
    """An instant of a class of its own, as drivers have it."""


@pytest.mark.parametrize(
    ("type_", "source", "expected"),
    [
        # string: text within its limits.
        (STRING, "", ""), (STRING, "日本\0語", "日本\0語"), (STRING, Name("x"), "x"),
        (LISTED, "b", "b"), (LISTED_EMPTY, "", ""), (StringType(max_bytes=6), "日本", "日本"),
        # boolean: itself and two words.
        (BOOLEAN, True, True), (BOOLEAN, "true", True), (BOOLEAN, "false", False),
        # int and year: whatever is an integer.
        (INT8, -128, -128), (INT8, 5.0, 5), (INT8, -0.0, 0), (INT8, Decimal("1.2E+2"), 120),
        (INT8, "+05", 5), (UINT64, "18446744073709551615", 2**64 - 1), (UINT64, 2.0**63, 2**63),
        (INT64, Decimal("0E+999999999"), 0), (INT64, Decimal("9223372036854775807.000"), 2**63 - 1),
        (YEAR, 2024, 2024), (YEAR, "2024", 2024), (YEAR, 2024.0, 2024), (YEAR, Decimal(1), 1),
        # float: what is exact, and text.
        (FLOAT64, 1.5, 1.5), (FLOAT64, math.inf, math.inf), (FLOAT64, 2**53 - 1, 2.0**53 - 1),
        (FLOAT64, Decimal("0.5"), 0.5), (FLOAT64, "1e3", 1000.0), (FLOAT64, "-inf", -math.inf),
        (FLOAT64, "0.1", 0.1), (FLOAT64, "1_000.5", 1000.5), (FLOAT64, Decimal("-0"), 0.0),
        (FLOAT32, 0.5, 0.5), (FLOAT32, 16_777_216, 16_777_216.0), (FLOAT32, math.inf, math.inf),
        (FLOAT32, "0.1", 0.10000000149011612), (FLOAT32, Decimal("0.25"), 0.25),
        # decimal: exact numbers that fit, floats rounded, text.
        (DECIMAL, 999, Decimal(999)), (DECIMAL, Decimal("1.20000"), Decimal("1.2")),
        (DECIMAL, 2.675, Decimal("2.67")), (DECIMAL, 0.125, Decimal("0.12")),
        (DECIMAL, 0.375, Decimal("0.38")), (DECIMAL, "1e2", Decimal(100)),
        (DECIMAL, ".5", Decimal("0.5")), (DECIMAL, "-0", Decimal(0)), (DECIMAL, -0.0, Decimal(0)),
        (DecimalType(76, 37), Decimal("9" * 39 + "." + "9" * 37),
         Decimal("9" * 39 + "." + "9" * 37)),
        # datetime: instants in UTC; without a zone they are.
        (DATETIME, INSTANT, INSTANT), (DATETIME, INSTANT.replace(tzinfo=None), INSTANT),
        (DATETIME, INSTANT.astimezone(ROME), INSTANT),
        (DATETIME, Moment(2024, 1, 2, 3, 4, 5, 678_901, UTC), INSTANT),
        (DATETIME, "2024-01-02T04:04:05.678901+01", INSTANT),
        (DATETIME, "2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        # date: dates, and the date in UTC of an instant.
        (DATE, date(1, 1, 1), date(1, 1, 1)), (DATE, INSTANT, date(2024, 1, 2)),
        (DATE, datetime(2024, 1, 2, 0, 30, tzinfo=ROME), date(2024, 1, 1)),
        (DATE, "2024-01-02", date(2024, 1, 2)), (DATE, "2024", date(2024, 1, 1)),
        (DATE, "2024-01-02T00:30:00+01:00", date(2024, 1, 1)),
        # time: times, the time in UTC of an instant, text that begins with one (TYPE-D18).
        (TIME, time(1, 2, 3, 4), time(1, 2, 3, 4)), (TIME, time(1, tzinfo=UTC), time(1)),
        (TIME, INSTANT.astimezone(ROME), time(3, 4, 5, 678_901)),
        (TIME, "10:00:00", time(10)), (TIME, "09:01:57.5+02:00", time(9, 1, 57, 500_000)),
        # uuid: strict text, bytes, objects.
        (UUID_TYPE, ID.upper(), ID), (UUID_TYPE, UUID(ID).bytes, ID), (UUID_TYPE, UUID(ID), ID),
        (UUID_TYPE, memoryview(UUID(ID).bytes), ID),
        # json: text, bytes, values.
        (JSON, ' {"a" : 1.50 } ', Json(' {"a" : 1.50 } ')), (JSON, b"[1]", Json("[1]")),
        (JSON, "null", JSON_NULL), (JSON, Json("1.0"), Json("1.0")), (JSON, True, Json("true")),
        (JSON, 1.5, Json("1.5")), (JSON, {"a": [None, "x"]}, Json('{"a":[null,"x"]}')),
        # ip: text and objects, without masks and zones.
        (IP, "10.0.0.1/8", "10.0.0.1"), (IP, "FE80::1%eth0/64", "fe80::1"),
        (IP, "::ffff:1.2.3.4", "::ffff:1.2.3.4"), (IP, ip_address("::ffff:1.2.3.4"), "1.2.3.4"),
        (IP, ip_address("fe80::1%3"), "fe80::1"), (IP, ip_interface("10.0.0.1/8"), "10.0.0.1"),
        (IP, ip_interface("2001:db8::1/64"), "2001:db8::1"),
        # array: sequences within the limits, the text of a json array.
        (ArrayType(INT32), [1, "2", 3.0], [1, 2, 3]), (ArrayType(INT32), (), []),
        (COLORS, ["b", "a"], ["b", "a"]), (ArrayType(JSON), [None, "1"], [JSON_NULL, Json("1")]),
        (ArrayType(JSON), '["a", null ]', [Json('"a"'), JSON_NULL]), (ArrayType(JSON), "[]", []),
        # object: mappings; what is unknown is dropped.
        (PERSON, {"name": "Ada", "z": object()}, {"name": "Ada"}),
        (PERSON, MappingProxyType({"name": "", "age": None}), {"name": "", "age": None}),
        # map: mappings, the text of a json object.
        (MapType(INT8), OrderedDict({"": "1", "b": 2}), {"": 1, "b": 2}),
        (MapType(JSON), {"a": None}, {"a": JSON_NULL}),
        (MapType(JSON), '{"a": [1 ]}', {"a": Json("[1 ]")}),
    ],
)  # fmt: skip
def test_every_accepted_form_becomes_the_canonical_one(
    type_: Type, source: object, expected: Value
) -> None:
    found = conform(source, type_)
    assert canonical(found) == canonical(expected)
    assert type(found) is type(expected)
    assert canonical(conform(source, type_, nullable=True)) == canonical(expected)


def test_an_unlikely_nan_stays() -> None:
    assert math.isnan(float(str(conform(math.nan, FLOAT32))))
    assert math.isnan(float(str(conform("NaN", FloatType(64, minimum=0.0)))))


@pytest.mark.parametrize(
    ("type_", "source", "code", "path"),
    [
        (STRING, 1, Code.VALUE_TYPE, ()), (STRING, b"x", Code.VALUE_TYPE, ()),
        (STRING, "\ud800", Code.VALUE_TEXT, ()), (LISTED, "c", Code.VALUE_NOT_LISTED, ()),
        (LISTED, "", Code.VALUE_NOT_LISTED, ()),
        (StringType(pattern="^a"), "b", Code.VALUE_PATTERN, ()),
        (BOOLEAN, "True", Code.VALUE_TYPE, ()), (BOOLEAN, "", Code.VALUE_TYPE, ()),
        (BOOLEAN, 1, Code.VALUE_TYPE, ()),
        (INT8, True, Code.VALUE_TYPE, ()), (INT8, 128, Code.VALUE_MAXIMUM, ()),
        (INT8, 1.5, Code.VALUE_TYPE, ()), (INT8, math.nan, Code.VALUE_TYPE, ()),
        (INT8, math.inf, Code.VALUE_TYPE, ()), (INT8, Decimal("1.5"), Code.VALUE_TYPE, ()),
        (INT8, Decimal("NaN"), Code.VALUE_TYPE, ()), (INT8, Decimal("sNaN"), Code.VALUE_TYPE, ()),
        (INT8, Decimal("1E-999999999"), Code.VALUE_TYPE, ()),
        (INT8, Decimal("1E+999999999"), Code.VALUE_RANGE, ()), (INT8, "5.0", Code.VALUE_TYPE, ()),
        (INT8, "", Code.VALUE_TYPE, ()), (UINT64, "+5", Code.VALUE_TYPE, ()),
        (UINT64, -1, Code.VALUE_MINIMUM, ()), (INT64, "9" * 30, Code.VALUE_RANGE, ()),
        (YEAR, 0, Code.VALUE_YEAR, ()), (YEAR, "10000", Code.VALUE_YEAR, ()),
        (FLOAT64, True, Code.VALUE_TYPE, ()), (FLOAT64, 2**53, Code.VALUE_RANGE, ()),
        (FLOAT32, 16_777_217, Code.VALUE_RANGE, ()), (FLOAT32, 0.1, Code.VALUE_RANGE, ()),
        (FLOAT32, 1e300, Code.VALUE_RANGE, ()), (FLOAT64, Decimal("0.1"), Code.VALUE_RANGE, ()),
        (FLOAT64, Decimal("1E+999999999"), Code.VALUE_RANGE, ()),
        (FLOAT64, Decimal("1E-999999999"), Code.VALUE_RANGE, ()),
        (FLOAT64, Decimal("NaN"), Code.VALUE_TYPE, ()), (FLOAT64, "1e999", Code.VALUE_RANGE, ()),
        (FLOAT64, "", Code.VALUE_TYPE, ()), (REAL, math.nan, Code.VALUE_RANGE, ()),
        (REAL, "inf", Code.VALUE_MAXIMUM, ()),
        (DECIMAL, True, Code.VALUE_TYPE, ()), (DECIMAL, 1000, Code.VALUE_RANGE, ()),
        (DECIMAL, Decimal("0.001"), Code.VALUE_RANGE, ()), (DECIMAL, "12.345", Code.VALUE_RANGE, ()),
        (DECIMAL, "01", Code.VALUE_TYPE, ()), (DECIMAL, "", Code.VALUE_TYPE, ()),
        (DECIMAL, Decimal("Infinity"), Code.VALUE_TYPE, ()), (DECIMAL, math.nan, Code.VALUE_RANGE, ()),
        (DECIMAL, "1e1000000000000000000000", Code.VALUE_RANGE, ()),
        (DATETIME, 1_700_000_000.0, Code.VALUE_TYPE, ()), (DATETIME, date(2024, 1, 1), Code.VALUE_TYPE, ()),
        (DATETIME, "", Code.VALUE_FORM, ()), (DATETIME, "tomorrow", Code.VALUE_FORM, ()),
        (DATETIME, "2024-02-30", Code.VALUE_FORM, ()),
        (DATETIME, datetime(1, 1, 1, tzinfo=ROME), Code.VALUE_YEAR, ()),
        (DATE, "0001-01-01T00:00:00+01:00", Code.VALUE_YEAR, ()), (DATE, time(1), Code.VALUE_TYPE, ()),
        (TIME, "9:00:00", Code.VALUE_FORM, ()), (TIME, timedelta(1), Code.VALUE_TYPE, ()),
        (UUID_TYPE, ID.replace("-", ""), Code.VALUE_FORM, ()), (UUID_TYPE, b"short", Code.VALUE_TYPE, ()),
        (JSON, "", Code.VALUE_SYNTAX, ()), (JSON, b"\xff", Code.VALUE_SYNTAX, ()),
        (JSON, "{'a':1}", Code.VALUE_SYNTAX, ()), (JSON, '{"a":1,"a":2}', Code.VALUE_SYNTAX, ("a",)),
        (JSON, {"a": [1, math.nan]}, Code.VALUE_TYPE, ("a", 1)), (JSON, {1: 2}, Code.VALUE_TYPE, ()),
        (JSON, {"a": object()}, Code.VALUE_TYPE, ("a",)),
        (IP, "1.2.3.4/x", Code.VALUE_FORM, ()), (IP, 16_909_060, Code.VALUE_TYPE, ()),
        (ArrayType(INT8), "[1]", Code.VALUE_TYPE, ()), (ArrayType(INT8), {1}, Code.VALUE_TYPE, ()),
        (ArrayType(INT8), [1, None], Code.VALUE_NULL, (1,)), (ArrayType(INT8), [1, "x"], Code.VALUE_TYPE, (1,)),
        (ArrayType(JSON), " [1]", Code.VALUE_TYPE, ()), (ArrayType(JSON), "[1", Code.VALUE_SYNTAX, ()),
        (COLORS, [], Code.VALUE_ELEMENTS, ()), (COLORS, ["a", "a"], Code.VALUE_REPEATED, (1,)),
        (COLORS, ["a", "b", "a"], Code.VALUE_ELEMENTS, ()),
        (PERSON, {}, Code.VALUE_MISSING, ("name",)), (PERSON, {"name": None}, Code.VALUE_NULL, ("name",)),
        (PERSON, {"name": "x", "tags": ["y", 1]}, Code.VALUE_TYPE, ("tags", 1)),
        (PERSON, [("name", "x")], Code.VALUE_TYPE, ()),
        (MapType(INT8), {"a": {}}, Code.VALUE_TYPE, ("a",)), (MapType(INT8), {1: 1}, Code.VALUE_TYPE, ()),
        (MapType(INT8), {"\ud800": 1}, Code.VALUE_TEXT, ()), (MapType(INT8), {"a": None}, Code.VALUE_NULL, ("a",)),
        (MapType(INT8), "{}", Code.VALUE_TYPE, ()), (MapType(JSON), "{", Code.VALUE_SYNTAX, ()),
    ],
)  # fmt: skip
def test_what_has_no_accepted_form_is_refused(
    type_: Type, source: object, code: Code, path: tuple[PathStep, ...]
) -> None:
    # Empty text may be null where null is allowed.
    for nullable in (False,) if source == "" else (False, True):
        with pytest.raises(ValueRefusedError) as refused:
            conform(source, type_, nullable=nullable)
        assert (refused.value.code, refused.value.path) == (code, path)


ALL: list[tuple[Type, bool]] = [
    (STRING, False), (LISTED, True), (LISTED_EMPTY, False), (BOOLEAN, False), (INT8, False),
    (YEAR, False), (FLOAT64, False), (DECIMAL, True), (DATETIME, True), (DATE, True),
    (TIME, True), (UUID_TYPE, True), (JSON, True), (IP, True), (ArrayType(STRING), False),
    (PERSON, False), (MapType(STRING), False),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "empty_is_null"), ALL)
def test_null_needs_a_nullable_property(type_: Type, *, empty_is_null: bool) -> None:
    assert conform(None, type_, nullable=True) is None
    with pytest.raises(ValueRefusedError) as refused:
        conform(None, type_)
    assert refused.value.code is Code.VALUE_NULL
    try:
        found = conform("", type_, nullable=True)
    except ValueRefusedError:
        found = ""
    assert (found is None) is empty_is_null


def test_a_refusal_says_what_was_found_and_what_is_expected() -> None:
    class Secret:
        def __repr__(self) -> str:
            raise AssertionError("what is unknown is not asked how it looks")

    messages = []
    sources = ({"age": Secret()}, {"age": "x" * 100}, {"age": [1, 2]}, {"age": 10**5000})
    for source in sources:
        with pytest.raises(ValueRefusedError) as refused:
            conform_record({"name": "Ada", **source}, PERSON)
        messages.append(str(refused.value))
    assert messages == [
        "age: found a value of class «Secret», expected int(8)",
        f"age: «{'x' * 60}…» is not an integer",
        "age: found a sequence of 2, expected int(8)",
        "age: a number of more than 77 digits is greater than the maximum 127",
    ]


@given(schemas_and_records())
@settings(max_examples=100)
def test_canonical_records_stay_as_they_are(
    schema_and_records: tuple[Schema, list[Record]],
) -> None:
    schema, records = schema_and_records
    for record in records:
        assert canonical(conform_record(record, schema)) == canonical(record)


def sources() -> st.SearchStrategy[object]:
    numbers = st.one_of(
        st.integers(), st.floats(), st.decimals(), st.booleans(),
        st.sampled_from([10**4000, Decimal("1E+999999999"), Decimal("sNaN")]),
    )  # fmt: skip
    texts = st.one_of(
        st.text(st.characters(), max_size=8),
        st.sampled_from(
            ["", "1", "-5", "1.5", "1e5", "true", "2024-01-02", "10:00:00", "10.0.0.1", "::1/64",
             "[1]", '{"a":1}', "null", ID, "NaN", "\ud800"]
        ),
    )  # fmt: skip
    others = st.one_of(
        st.none(), st.binary(max_size=16), st.dates(), st.times(), st.datetimes(),
        st.datetimes(timezones=st.sampled_from([UTC, ROME])), st.uuids(), st.ip_addresses(),
        st.builds(object), st.timedeltas(), st.sets(st.integers(), max_size=2), st.complex_numbers(),
    )  # fmt: skip
    return st.recursive(
        st.one_of(numbers, texts, others),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(
                st.one_of(st.sampled_from("abc"), texts, st.integers()), inner, max_size=3
            ),
        ),
        max_leaves=6,
    )


@given(types(1), sources(), st.booleans())
@settings(max_examples=400)
def test_any_value_becomes_canonical_or_is_refused(
    type_: Type,
    source: object,
    nullable: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    try:
        found = conform(source, type_, nullable=nullable)
    except ValueRefusedError:
        return
    assert canonical(conform(found, type_, nullable=nullable)) == canonical(found)
    # What is canonical has a place in a batch and passes its checks.
    schema = ObjectType((Property("p", type_, nullable=nullable),))
    check_layout(to_record_batch([{"p": found}], schema), schema)


@given(schemas(1), st.dictionaries(st.sampled_from(["a", "b", "c", "name"]), sources()))
@settings(max_examples=100)
def test_any_record_becomes_canonical_or_is_refused(
    schema: Schema, source: Mapping[str, object]
) -> None:
    try:
        found = conform_record(source, schema)
    except ValueRefusedError as error:
        assert error.path[:1] == () or error.path[0] in schema.by_name  # noqa: PT017 - either outcome is right
        return
    assert set(found) <= set(source)
    assert canonical(conform_record(found, schema)) == canonical(found)
