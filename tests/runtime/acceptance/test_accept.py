"""Every row of the tables of results (FUNC-23, FUNC-30, FUNC-40), as guests write them."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.errors import ValueRefusedError, format_value_path
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
    Schema,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.schema import Purpose
from mapping_lang.types.values import JSON_NULL, Json, Record
from runtime.acceptance.accept import accept_results
from runtime.acceptance.contract import Contract, ResultRefusedError
from runtime.acceptance.exact import accept_exactly
from runtime.acceptance.fast import acceptance_for
from runtime.sandbox.interface import Language
from tests.strategies import canonical, schemas

JS, PY = Language.JAVASCRIPT, Language.PYTHON
IMPORT, CREATE, UPDATE = Purpose.IMPORT, Purpose.CREATE, Purpose.UPDATE
ID = "550e8400-e29b-41d4-a716-446655440000"
NAN = float("nan")


def outcome(
    result: str,
    schema: Schema,
    language: Language = JS,
    purpose: Purpose = IMPORT,
    *,
    preserve_json: bool = False,
) -> object:
    """The record, or the place and the code of what is wrong with the result."""
    [found] = accept_results(
        [result.encode()], purpose, schema, language, preserve_json=preserve_json
    )
    assert found_exactly(result, schema, language, purpose, preserve_json=preserve_json) == written(
        found
    )
    return written(found)


def found_exactly(
    result: str, schema: Schema, language: Language, purpose: Purpose, *, preserve_json: bool
) -> object:
    try:
        record = accept_exactly(Contract(schema, language, preserve_json, purpose), result.encode())
    except ValueRefusedError as error:
        return written(error)
    return written(record)


def written(found: Record | ValueRefusedError) -> object:
    if isinstance(found, ValueRefusedError):
        return f"{format_value_path(found.path)} {found.code.name}"
    return canonical(found)


def one(type_: Type, *, nullable: bool = False) -> Schema:
    return ObjectType((Property("x", type_, nullable=nullable),))


INT, BIG, BIG_UNSIGNED = IntType(32), IntType(64), IntType(64, unsigned=True)
DECIMAL, REAL = DecimalType(5, 2), FloatType(64, real=True)
REFUSED_TYPE, REFUSED_FORM = "x VALUE_TYPE", "x VALUE_FORM"

BOTH: list[tuple[Type, str, object]] = [
    (StringType(), '"it\'s \\u2028\\u0000<&"', "it's \u2028\0<&"),
    (StringType(), "5", REFUSED_TYPE),
    (StringType(max_length=2), '"éé"', "éé"),
    (StringType(max_length=2), '"éée"', "x VALUE_MAX_LENGTH"),
    (StringType(max_bytes=4), '"éé"', "éé"),
    (StringType(max_bytes=3), '"éé"', "x VALUE_MAX_BYTES"),
    (StringType(values=("a", "")), '""', ""),
    (StringType(values=("a",), max_length=1), '"bb"', "x VALUE_NOT_LISTED"),
    (StringType(pattern="b"), '"abc"', "abc"),
    (StringType(pattern="^b"), '"abc"', "x VALUE_PATTERN"),
    (BooleanType(), "true", True),
    (BooleanType(), "1", REFUSED_TYPE),
    (BooleanType(), '"true"', REFUSED_TYPE),
    (INT, "5", 5),
    (INT, "5.5", REFUSED_TYPE),
    (INT, "1e+21", REFUSED_TYPE),
    (INT, "true", REFUSED_TYPE),
    (INT, '"5"', REFUSED_TYPE),
    (INT, "-2147483649", "x VALUE_MINIMUM"),
    (INT, "2147483648", "x VALUE_MAXIMUM"),
    (INT, "1" + "0" * 50, "x VALUE_MAXIMUM"),
    (IntType(8, unsigned=True), "-1", "x VALUE_MINIMUM"),
    (IntType(8, minimum=3, maximum=4), "3", 3),
    (IntType(8, minimum=3, maximum=4), "5", "x VALUE_MAXIMUM"),
    (FloatType(64), "5", 5.0),
    (FloatType(64), "-0.0", -0.0),
    (FloatType(64), '"NaN"', NAN),
    (FloatType(64), '"-Infinity"', float("-inf")),
    (FloatType(64), '"Infinite"', REFUSED_TYPE),
    (FloatType(64), '"1.5"', REFUSED_TYPE),
    (FloatType(32), "16777217", 16777216.0),
    (FloatType(32), "1e39", "x VALUE_RANGE"),
    (REAL, '"NaN"', "x VALUE_RANGE"),
    (REAL, '"Infinity"', "x VALUE_RANGE"),
    (FloatType(64, maximum=1.5), '"Infinity"', "x VALUE_MAXIMUM"),
    (FloatType(64, maximum=1.5), "1.6", "x VALUE_MAXIMUM"),
    (DECIMAL, '"1.50"', Decimal("1.5")),
    (DECIMAL, '"+1e2"', Decimal(100)),
    (DECIMAL, '"1.555"', "x VALUE_RANGE"),
    (DECIMAL, '"1000"', "x VALUE_RANGE"),
    (DECIMAL, '"abc"', REFUSED_TYPE),
    (DECIMAL, '" 1"', REFUSED_TYPE),
    (DECIMAL, "1.5", REFUSED_TYPE),
    (DECIMAL, "1", REFUSED_TYPE),
    (DecimalType(5, 2, maximum=Decimal(2)), '"3"', "x VALUE_MAXIMUM"),
    (DateType(), '"2024-01-02"', date(2024, 1, 2)),
    (DateType(), '"2024-02-30"', REFUSED_FORM),
    (DateType(), '"0000-01-01"', "x VALUE_YEAR"),
    (DateType(), '"1970-01-01T00:00:00.000Z"', REFUSED_FORM),
    (DateType(), '"2024-01-02 00:00:00"', REFUSED_FORM),
    (TimeType(), '"03:04:05.5"', time(3, 4, 5, 500_000)),
    (TimeType(), '"3:04:05"', time(3, 4, 5)),
    (TimeType(), '"03:04:05Z"', REFUSED_FORM),
    (TimeType(), '"03:04:05+00:00"', REFUSED_FORM),
    (YearType(), "2024", 2024),
    (YearType(), "0", "x VALUE_YEAR"),
    (YearType(), '"2024"', REFUSED_TYPE),
    (UuidType(), f'"{ID.upper()}"', ID),
    (UuidType(), f'"urn:uuid:{ID}"', ID),
    (UuidType(), '"5"', REFUSED_FORM),
    (IpType(), '"0:0:0:0:0:0:0:1"', "::1"),
    (IpType(), '"1.2.3.4/8"', REFUSED_FORM),
    (JsonType(), '{"a": [1, 2.50]}', Json('{"a": [1, 2.50]}')),
    (JsonType(), '"x"', Json('"x"')),
    (JsonType(), "null", JSON_NULL),
    (ArrayType(INT), "[1,2]", [1, 2]),
    (ArrayType(INT), "[1,null]", "x[1] VALUE_NULL"),
    (ArrayType(INT), "5", REFUSED_TYPE),
    (ArrayType(JsonType()), "[1,null]", [Json("1"), JSON_NULL]),
    (ArrayType(StringType(), min_elements=2), '["a"]', "x VALUE_ELEMENTS"),
    (ArrayType(StringType(), max_elements=3), '["a","b","c"]', ["a", "b", "c"]),
    (ArrayType(StringType(), max_elements=3), '["a","b","c","d"]', "x VALUE_ELEMENTS"),
    (ArrayType(StringType(), unique=True), '["a","b","a"]', "x[2] VALUE_REPEATED"),
    (ArrayType(DECIMAL, unique=True), '["1.5","1.50"]', "x[1] VALUE_REPEATED"),
    (MapType(INT), '{"a":1,"":2}', {"a": 1, "": 2}),
    (MapType(INT), '{"a b":null}', 'x["a b"] VALUE_NULL'),
    (MapType(JsonType()), '{"a":null}', {"a": JSON_NULL}),
    (MapType(INT), "[1]", REFUSED_TYPE),
    (ObjectType((Property("a", INT),)), '{"a":1}', {"a": 1}),
    (ObjectType((Property("a", INT),)), "{}", {}),
    (ObjectType((Property("a", INT),)), '{"b":1}', "x.b VALUE_PROPERTY_UNKNOWN"),
    (ObjectType((Property("a", INT),)), '{"a":"1"}', "x.a VALUE_TYPE"),
    (ArrayType(ObjectType((Property("a", INT),))), '[{"a":1},{"a":"1"}]', "x[1].a VALUE_TYPE"),
]  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("type_", "text", "expected"), BOTH)
def test_values_that_both_languages_write_alike(
    language: Language, type_: Type, text: str, expected: object
) -> None:
    refused = isinstance(expected, str) and " VALUE_" in expected
    assert outcome(f'{{"x":{text}}}', one(type_), language) == (
        expected if refused else canonical({"x": expected})
    )


@pytest.mark.parametrize(
    ("language", "type_", "text", "expected"),
    [
        (JS, BIG, "5", REFUSED_TYPE),
        (JS, BIG, '"9007199254740993"', 9007199254740993),
        (JS, BIG, '"+07"', 7),
        (JS, BIG, '" 5"', REFUSED_TYPE),
        (JS, BIG, '"9223372036854775808"', "x VALUE_RANGE"),
        (JS, BIG_UNSIGNED, '"18446744073709551615"', 2**64 - 1),
        (JS, BIG_UNSIGNED, '"-1"', REFUSED_TYPE),
        (PY, BIG, "9007199254740993", 9007199254740993),
        (PY, BIG, "5.0", REFUSED_TYPE),
        (PY, BIG, '"5"', REFUSED_TYPE),
        (PY, BIG, "9223372036854775808", "x VALUE_MAXIMUM"),
        (PY, BIG, "1" + "0" * 30, "x VALUE_MAXIMUM"),
        (PY, BIG_UNSIGNED, "18446744073709551615", 2**64 - 1),
        (PY, BIG_UNSIGNED, "-1", "x VALUE_MINIMUM"),
        (PY, INT, "5.0", REFUSED_TYPE),
        (JS, DatetimeType(), '"1970-01-01T00:00:00.000Z"', datetime(1970, 1, 1, tzinfo=UTC)),
        (JS, DatetimeType(), '"2024-01-02T03:04:05+02:00"', datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        (JS, DatetimeType(), '"2024-01-02T03:04:05"', REFUSED_FORM),
        (JS, DatetimeType(), '"2024-01-02 03:04:05Z"', REFUSED_FORM),
        (JS, DatetimeType(), '"+012023-01-01T00:00:00.000Z"', REFUSED_FORM),
        (PY, DatetimeType(), '"2024-01-02 03:04:05"', datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (PY, DatetimeType(), '"2024-01-02 03:04:05.5"', datetime(2024, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        (PY, DatetimeType(), '"2024-01-02 03:04:05+00:00"', REFUSED_FORM),
        (PY, DatetimeType(), '"2024-01-02T03:04:05"', REFUSED_FORM),
        (PY, DatetimeType(), '"2024-01-02 03:04:05Z"', REFUSED_FORM),
        (PY, DatetimeType(), '"0000-01-02 03:04:05"', "x VALUE_YEAR"),
        (PY, DatetimeType(), '"2024-01-02"', REFUSED_FORM),
        (PY, DatetimeType(), '""', REFUSED_FORM),
    ],
)  # fmt: skip
def test_values_that_each_language_writes_in_its_own_way(
    language: Language, type_: Type, text: str, expected: object
) -> None:
    refused = isinstance(expected, str)
    assert outcome(f'{{"x":{text}}}', one(type_), language) == (
        expected if refused else canonical({"x": expected})
    )


@pytest.mark.parametrize(
    ("type_", "nullable", "preserve_json", "by_import", "by_others"),
    [
        (StringType(), True, False, {"x": None}, {"x": None}),
        (JsonType(), True, False, {"x": None}, {"x": None}),
        (JsonType(), True, True, {"x": None}, {"x": None}),
        (JsonType(), False, False, {"x": JSON_NULL}, {"x": JSON_NULL}),
        (JsonType(), False, True, {}, "x VALUE_NULL"),
        (StringType(), False, False, {}, "x VALUE_NULL"),
        (FloatType(32), False, False, {}, "x VALUE_NULL"),
        (FloatType(32), True, False, {"x": None}, {"x": None}),
        (ArrayType(INT), False, False, {}, "x VALUE_NULL"),
        (ObjectType((Property("a", INT),)), False, False, {}, "x VALUE_NULL"),
    ],
)
def test_null_is_what_purpose_and_property_make_of_it(
    type_: Type, *, nullable: bool, preserve_json: bool, by_import: object, by_others: object
) -> None:
    schema = one(type_, nullable=nullable)
    assert [
        outcome('{"x":null}', schema, JS, purpose, preserve_json=preserve_json)
        for purpose in (IMPORT, CREATE, UPDATE)
    ] == [canonical(expected) for expected in (by_import, by_others, by_others)]


@pytest.mark.parametrize(
    ("result", "by_create", "by_update"),
    [
        ("{}", "c VALUE_MISSING", "u VALUE_MISSING"),
        ('{"c":"1"}', {"c": "1"}, "u VALUE_MISSING"),
        ('{"u":null}', "c VALUE_MISSING", {"u": None}),
        ('{"c":"1","u":null,"o":{}}', "o.c VALUE_MISSING", {"c": "1", "u": None, "o": {}}),
        ('{"c":"1","u":null,"a":[{"c":1.5},{}]}', "a[1].c VALUE_MISSING", {"c": "1", "u": None, "a": [{"c": 1.5}, {}]}),
        ('{"c":null,"u":null}', "c VALUE_NULL", "c VALUE_NULL"),
    ],
)  # fmt: skip
def test_required_properties_are_there_in_every_object(
    result: str, by_create: object, by_update: object
) -> None:
    inner = ObjectType((Property("c", FloatType(32), create_required=True),))
    schema = ObjectType(
        (
            Property("c", StringType(), create_required=True),
            Property("u", StringType(), update_required=True, nullable=True),
            Property("o", inner),
            Property("a", ArrayType(inner)),
        )
    )
    assert outcome(result, schema, JS, CREATE) == canonical(by_create)
    assert outcome(result, schema, JS, UPDATE) == canonical(by_update)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"[1, 2.50]"', {"x": Json("[1, 2.50]")}),
        ('"\\"x\\""', {"x": Json('"x"')}),
        ('"x"', "x VALUE_SYNTAX"),
        ('"{\\"a\\":1,\\"a\\":2}"', "x VALUE_SYNTAX"),
        ("5", REFUSED_TYPE),
        ('{"a":1}', REFUSED_TYPE),
    ],
)
def test_preserved_json_is_a_text_of_json(text: str, expected: object) -> None:
    found = outcome(f'{{"x":{text}}}', one(JsonType()), preserve_json=True)
    assert found == canonical(expected)


@pytest.mark.parametrize(
    ("type_", "javascript", "python"),
    [
        (StringType(), "string", "str"),
        (BooleanType(), "boolean", "bool"),
        (INT, "number", "int"),
        (BIG, "bigint", "int"),
        (FloatType(64), "number", "float"),
        (DECIMAL, "string", "decimal.Decimal"),
        (DatetimeType(), "string", "datetime.datetime"),
        (DateType(), "string", "datetime.date"),
        (TimeType(), "string", "datetime.time"),
        (YearType(), "number", "int"),
        (UuidType(), "string", "uuid.UUID"),
        (IpType(), "string", "str"),
        (ArrayType(BIG), "array of bigint", "list[int]"),
        (ObjectType((Property("a", INT),)), "object", "dict"),
        (MapType(BIG), "object with bigint values", "dict[str, int]"),
    ],
)
def test_messages_call_types_as_the_language_does(
    type_: Type, javascript: str, python: str
) -> None:
    wrong = "1.5" if not isinstance(type_, FloatType) else "true"
    for language, name in ((JS, javascript), (PY, python)):
        [found] = accept_results(
            [f'{{"x":{wrong}}}'.encode()], IMPORT, one(type_), language, preserve_json=False
        )
        assert isinstance(found, ResultRefusedError)
        kind = "true" if wrong == "true" else "number"
        assert found.message == f"found the {kind} «{wrong}», which is not of type {name}"


def test_an_unknown_property_names_the_nearest_one() -> None:
    schema = ObjectType((Property("email", StringType()),))
    [found] = accept_results([b'{"emial":"x"}'], IMPORT, schema, JS, preserve_json=False)
    assert isinstance(found, ResultRefusedError)
    assert (found.code, found.path, found.hint) == (
        Code.VALUE_PROPERTY_UNKNOWN,
        ("emial",),
        "did you mean «email»?",
    )


def test_without_output_schema_only_an_empty_object_is_accepted() -> None:
    assert outcome("{}", NO_SCHEMA) == {}
    assert outcome('{"z":1}', NO_SCHEMA) == "z VALUE_PROPERTY_UNKNOWN"


@pytest.mark.parametrize(
    "result",
    [b"", b"{", b"[1]", b"null", b'{"x":"a","x":"b"}', b'{"x":"\xff"}', b'{"x":"a"},{"x":"a"}',
     b'{"x":"a"}]', b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"x":"\\ud800"}'],
)  # fmt: skip
def test_what_no_guest_says_is_refused_and_its_neighbours_are_not(result: bytes) -> None:
    good, bad, last = accept_results(
        [b'{"x":"1"}', result, b'{"x":"2"}'], IMPORT, one(StringType()), JS, preserve_json=False
    )
    assert (good, last) == ({"x": "1"}, {"x": "2"})
    assert isinstance(bad, ValueRefusedError)


def test_each_record_is_accepted_for_its_own_purpose() -> None:
    schema = ObjectType((Property("x", StringType(), create_required=True),))
    found = accept_results([b"{}"] * 3, [IMPORT, CREATE, UPDATE], schema, JS, preserve_json=False)
    assert [written(each) for each in found] == [{}, "x VALUE_MISSING", {}]


MEMBERS = st.recursive(
    st.sampled_from(
        ["null", "true", "1", "5.0", "-0.0", "1e+21", '"a"', '"5"', '"NaN"', '"1.5"', '"[1]"',
         '"2024-01-02"', '"2024-01-02 03:04:05"', '"2024-01-02T03:04:05Z"', f'"{ID}"', '"::1"']
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.dictionaries(st.sampled_from("abcx"), inner, max_size=3).map(
            lambda items: "{" + ",".join(f"{json.dumps(k)}:{v}" for k, v in items.items()) + "}"
        ),
    ),
    max_leaves=4,
)  # fmt: skip


@given(
    data=st.data(),
    language=st.sampled_from(Language),
    purpose=st.sampled_from(Purpose),
    preserve_json=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_many_results_are_read_as_each_of_them(
    data: st.DataObject, language: Language, purpose: Purpose, *, preserve_json: bool
) -> None:
    schema = data.draw(schemas(1))
    names = [item.name for item in schema.properties]
    objects = st.dictionaries(st.sampled_from([*names, *names, "unknown"]), MEMBERS, max_size=3)
    results = [
        ("{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}").encode()
        for members in data.draw(st.lists(objects, max_size=4))
    ]
    contract = Contract(schema, language, preserve_json, purpose)
    together = [written(each) for each in acceptance_for(contract).accept(results)]
    apart = [
        found_exactly(result.decode(), schema, language, purpose, preserve_json=preserve_json)
        for result in results
    ]
    assert together == apart
