from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from mapping_lang.predicate.tree import FACTS, Operator
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
    round_float,
)
from mapping_lang.types.values import Json, Record, Value
from tests.mapping_lang.predicate.engines import condition, select

PRESENCE = (
    "is empty",
    "is not empty",
    "is null",
    "is not null",
    "exists",
    "does not exist",
    "is false",
    "is not",
)


def flexible(type_: Type) -> ObjectType:
    return ObjectType((Property("p", type_, nullable=True, read_optional=True),))


def marks(matches: list[bool]) -> str:
    return "".join("-+"[match] for match in matches)


@pytest.mark.parametrize(
    ("record", "type_", "expected"),
    [
        ({}, JsonType(), "+--+-+-+"),
        ({"p": None}, JsonType(), "+-+-+--+"),
        ({"p": Json("null")}, JsonType(), "+-+-+-++"),
        ({"p": Json('""')}, JsonType(), "+--++-++"),
        ({"p": Json('" "')}, JsonType(), "-+-++-++"),
        ({"p": Json("[]")}, JsonType(), "+--++-++"),
        ({"p": Json("{ }")}, JsonType(), "+--++-++"),
        ({"p": Json("5")}, JsonType(), "-+-++-++"),
        ({"p": Json("false")}, JsonType(), "-+-++-++"),
        ({"p": Json("true")}, JsonType(), "-+-++--+"),
        ({}, StringType(), "+--+-+ +"),
        ({"p": None}, StringType(), "+-+-+- +"),
        ({"p": ""}, StringType(), "+--++- +"),
        ({"p": " "}, StringType(), "-+-++- +"),
        ({}, BooleanType(), "  -+-+- "),
        ({"p": None}, BooleanType(), "  +-+-- "),
        ({"p": False}, BooleanType(), "  -++-+ "),
        ({"p": True}, BooleanType(), "  -++-- "),
        ({"p": []}, ArrayType(BooleanType()), "+--++-  "),
        ({"p": [False]}, ArrayType(BooleanType()), "-+-++-  "),
        ({"p": {}}, MapType(StringType()), "+--++-  "),
        ({"p": {"": ""}}, MapType(StringType()), "-+-++-  "),
    ],
)
def test_presence(record: Record, type_: Type, expected: str) -> None:
    # FILT-45, a blank where the operator cannot be used.
    found = ""
    for operator, mark in zip(PRESENCE, expected, strict=True):
        values = ["x"] if operator == "is not" else []
        data = condition("p", operator, *values)
        found += " " if mark == " " else marks(select(flexible(type_), [record], data))
    assert found == expected


@pytest.mark.parametrize(
    ("text", "operator", "values", "expected"),
    [
        ("4711.0", "is", ["4711"], True),
        ('"4711"', "is", ["4711"], True),
        ('"4711.0"', "is", ["4711"], False),
        ("true", "is", ["true"], False),
        ("null", "is not", ["x"], True),
        ('"9"', "is less than", ["10"], False),
        ("9", "is less than", ["10"], True),
        ('[5.0,"x"]', "contains", ["5"], True),
        ('["5.0"]', "contains", ["5"], False),
        ('{"a":1}', "contains", ["a"], False),
        ("55", "starts with", ["5"], False),
        ('"55"', "starts with", ["5"], True),
        ('"a5"', "ends with", ["5"], True),
        ("6", "is between", ["5", "x"], False),
        ('"6"', "is between", ["5", "x"], True),
        ("6", "is not between", ["5", "x"], True),
        ("6", "is between", ["5", "7"], True),
        ("6", "is between", ["7", "5"], False),
        ("6", "is one of", ["x", "6.0"], True),
        ('"6"', "is one of", ["x", "6.0"], False),
        ('"x"', "is one of", ["x", "6.0"], True),
        ("[6]", "is one of", ["6"], False),
        ("1e2", "is", ["100"], True),
        ("0.1", "is", ["1e-1"], True),
        ("12345678901234567890123", "is", ["12345678901234567890124"], False),
        ("1e1000000000", "is greater than", ["1e999999999"], True),
        ("1e1000000000", "is", ["1e1000000000"], True),
        # Beyond what is compared: no match, never a failure.
        ("1e9999999999999999999", "is greater than", ["1"], False),
        ('"\\u00e9"', "is", ["é"], True),
        (' "x" ', "is", ["x"], True),
        ('"a\\"b"', "contains", ['"b'], True),
    ],
)
def test_json_is_compared_as_number_or_as_text(
    text: str, operator: str, values: list[str], *, expected: bool
) -> None:
    # FILT-50.
    data = condition("p", operator, *values)
    assert select(flexible(JsonType()), [{"p": Json(text)}], data) == [expected]


PERSON = ObjectType(
    (
        Property("name", StringType()),
        Property("age", IntType(8)),
        Property("tags", ArrayType(StringType())),
        Property("j", JsonType()),
        Property("nickname", StringType(), nullable=True, read_optional=True),
    )
)
ADA: Record = {"name": "Ada", "age": 36, "tags": ["vip"], "j": Json('{"n":5,"z":null}')}


@pytest.mark.parametrize(
    ("conditions", "logical", "expected"),
    [
        ([condition("name", "is", "ada")], "and", False),
        (
            [condition("age", "is greater than", "35"), condition("tags", "contains", "vip")],
            "and",
            True,
        ),
        ([condition("nickname", "is not", "Bob")], "and", True),
        ([condition("nickname", "is not null")], "and", True),
        ([condition("nickname", "is null")], "and", False),
        ([condition("j.z", "exists"), condition("j.z", "is null")], "and", True),
        ([condition("j.q", "exists")], "and", False),
        ([condition("j.q", "is empty")], "and", True),
        ([condition("j.n.k", "exists")], "and", False),
        (
            [condition("age", "is less than", "10"), condition("name", "starts with", "A")],
            "or",
            True,
        ),
        (
            [condition("age", "is less than", "10"), condition("name", "starts with", "A")],
            "and",
            False,
        ),
        ([condition("age", "is", "10"), condition("name", "is", "ada")], "or", False),
    ],
)
def test_worked_examples(
    conditions: list[dict[str, object]], logical: str, *, expected: bool
) -> None:
    assert select(PERSON, [ADA], *conditions, logical=logical) == [expected]


@pytest.mark.parametrize(
    ("type_", "values", "operator", "operands", "expected"),
    [
        (StringType(), ["a", "A", "á", "a ", "a\u0301"], "is", ["a"], "+----"),
        (StringType(), ["\uffff", "😀"], "is greater than", ["\uffff"], "-+"),
        (StringType(), ["xay", "xAy", ""], "contains", ["a"], "+--"),
        (StringType(), ["ab", "ba", "a"], "starts with", ["a"], "+-+"),
        (StringType(), ["ab", "ba", "a"], "ends with", ["a"], "-++"),
        (StringType(), ["a", "b", "c"], "is between", ["a", "b"], "++-"),
        (StringType(), ["a", "b", "c"], "is between", ["b", "a"], "---"),
        (StringType(), ["a", "b", "c"], "is not between", ["b", "a"], "+++"),
        (StringType(values=("", "a")), ["", "a"], "contains", [""], "++"),
        (IntType(8), [127, -128], "is", ["300"], "--"),
        (IntType(8), [127, -128], "is less than", ["300"], "++"),
        (IntType(8), [127, -128], "is greater than or equal to", ["-129"], "++"),
        (IntType(64, unsigned=True), [2**63, 2**64 - 1], "is", [str(2**64 - 1)], "-+"),
        (FloatType(64), [0.0, -0.0, float("nan")], "is", ["-0"], "++-"),
        (FloatType(64), [0.0, -0.0, float("nan")], "is one of", ["0", "1"], "++-"),
        (FloatType(64), [1.0, float("nan"), float("inf")], "is not between", ["0", "2"], "-++"),
        (FloatType(64), [1.0, float("nan"), float("inf")], "is greater than", ["0"], "+-+"),
        (FloatType(32), [round_float(0.1, 32)], "is", ["0.1"], "+"),
        (FloatType(32), [round_float(0.1, 32)], "is less than", ["0.1"], "-"),
        (DecimalType(5, 2), [Decimal("1.50"), Decimal("1.55")], "is", ["1.5"], "+-"),
        (DecimalType(5, 2), [Decimal("1.55"), Decimal("1.56")], "is less than", ["1.555"], "+-"),
        (DecimalType(5, 2), [Decimal("999.99")], "is less than", ["1e1000000000"], "+"),
        (DecimalType(5, 2), [Decimal(0)], "is greater than", ["-1e-1000000000"], "+"),
        (DecimalType(5, 2), [Decimal(0)], "is less than or equal to", ["-1e-1000000000"], "-"),
        (
            DatetimeType(),
            [datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)],
            "is",
            ["2024-01-02T03:04:05+02:00"],
            "+",
        ),
        (DateType(), [date(2024, 1, 1), date(2024, 1, 2)], "is before", ["2024-01-02"], "+-"),
        (DateType(), [date(2024, 1, 1), date(2024, 1, 2)], "is on or before", ["2024-01-01"], "+-"),
        (TimeType(), [time(1), time(2), time(3)], "is after", ["02:00:00 o'clock"], "--+"),
        (TimeType(), [time(1), time(2), time(3)], "is on or after", ["02:00:00"], "-++"),
        (YearType(), [98, 99, 100], "is", ["0099"], "-+-"),
        (YearType(), [98, 99, 100], "is before", ["99"], "+--"),
        (YearType(), [98, 99, 100], "is on or after", ["99"], "-++"),
        (
            UuidType(),
            ["a" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12],
            "is",
            ["A" * 8 + "-AAAA-AAAA-AAAA-" + "A" * 12],
            "+",
        ),
        (IpType(), ["2001:db8::1"], "is", ["2001:DB8:0::1"], "+"),
        (BooleanType(), [True, False], "is true", [], "+-"),
        (ArrayType(StringType()), [["a", "b"], ["ab"], []], "contains", ["a"], "+--"),
        (ArrayType(StringType()), [["a", "b"], ["ab"], []], "does not contain", ["a"], "-++"),
        (ArrayType(FloatType(32)), [[round_float(0.1, 32)], [1.0]], "contains", ["0.1"], "+-"),
        (ArrayType(DecimalType(5, 2)), [[Decimal("1.50")]], "contains", ["15e-1"], "+"),
    ],
)
def test_values_are_compared_by_kind(
    type_: Type, values: list[Value], operator: str, operands: list[str], expected: str
) -> None:
    # FILT-43; neither null nor an absent property is ever matched, but by a complement.
    records: list[Record] = [{"p": value} for value in values]
    records += [{"p": None}, {}]
    negated = FACTS[Operator(operator)].negated
    found = select(flexible(type_), records, condition("p", operator, *operands))
    assert marks(found) == expected + ("++" if negated else "--")


@pytest.mark.parametrize("operator", [op for op in Operator if FACTS[op].negated])
def test_a_negated_operator_is_the_exact_complement(operator: Operator) -> None:
    # FILT-42, DEC-20.
    facts = FACTS[operator]
    (positive,) = (
        other for other, its in FACTS.items() if its.relation is facts.relation and not its.negated
    )
    values = ["5", "6"][: facts.min_values]
    texts = ("null", "true", "5", "5.5", '"5"', '""', "[]", "[5]", '{"p":5}')
    records: list[Record] = [{"p": Json(text)} for text in texts]
    records += [{"p": None}, {}]
    yes = select(flexible(JsonType()), records, condition("p", positive, *values))
    no = select(flexible(JsonType()), records, condition("p", operator, *values))
    assert no == [not match for match in yes]
    assert True in yes
    assert True in no


def test_a_thousand_conditions_are_all_asked() -> None:
    schema = flexible(IntType(16))
    different = [condition("p", "is not", str(n)) for n in range(1000)]
    same = [condition("p", "is", str(n)) for n in range(1000)]
    records: list[Record] = [{"p": 999}, {"p": 1000}]
    assert select(schema, records, *different) == [False, True]
    assert select(schema, records, *same, logical="or") == [True, False]
