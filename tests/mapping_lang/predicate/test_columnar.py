from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
from mapping_lang.predicate.columnar import keep
from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.errors import BatchMismatchError
from mapping_lang.predicate.operands import format_operand
from mapping_lang.predicate.tree import (
    FACTS,
    Logical,
    Predicate,
)
from mapping_lang.predicate.usage import usable_operators
from mapping_lang.types.arrow.layout import arrow_fields
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
from mapping_lang.types.values import Json, Record, Value
from tests.mapping_lang.predicate.engines import USERS, condition, matching, select
from tests.mapping_lang.predicate.strategies import HUGE_DECIMALS, cases


@given(cases(), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_columns_and_records_agree(
    case: tuple[ObjectType, list[Record], Predicate], start: int
) -> None:
    schema, records, predicate = case
    matching(predicate, schema, records, start=start)
    for one in predicate.conditions:
        matching(Predicate(Logical.AND, (one,)), schema, records, start=start)


NAN, INFINITY = float("nan"), float("inf")
SMALLEST32, LARGEST32 = 2.0**-149, (2 - 2.0**-23) * 2.0**127
MICROSECOND = timedelta(microseconds=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def integers(size: int, *, unsigned: bool) -> tuple[Type, list[Value], list[str]]:
    type_ = IntType(size, unsigned)
    values: list[Value] = [type_.low, type_.low + 1, 0, 5, type_.high - 1, type_.high]
    beyond = ["18446744073709551615"] if unsigned else [str(-(2**63)), str(2**63 - 1), "-300"]
    return type_, values, [*map(str, values), "300", "70000", "20000000", *beyond]


def decimals(precision: int, scale: int, *texts: str) -> tuple[Type, list[Value], list[str]]:
    type_ = DecimalType(precision, scale)
    unit = Decimal((0, (1,), -scale))
    values: list[Value] = [type_.low, unit.copy_negate(), Decimal(0), unit, type_.high]
    return type_, values, [*(format_operand(value, type_) for value in (unit, Decimal(0))), *texts]


EXTREMES: list[tuple[Type, list[Value], list[str]]] = [
    (
        StringType(),
        ["", "a", "A", "ab", "b", "é", "e\u0301", "ß", "\uffff", "😀", "a\0b", " a", "日本"],
        ["a", "é", "e", "\u0301", "😀", "\uffff", " ", "本", "%", "_", ".", "\\", "[a]"],
    ),
    (StringType(values=("a", "", "é")), ["a", "", "é"], ["a", "", "é"]),
    (BooleanType(), [True, False], []),
    *(
        integers(size, unsigned=unsigned)
        for size in (8, 16, 24, 32, 64)
        for unsigned in (False, True)
    ),
    (
        FloatType(64),
        [0.0, -0.0, 0.1, 1.5, NAN, INFINITY, -INFINITY, 5e-324, 1.7976931348623157e308],
        ["0", "-0", "0.1", "1.5", "5e-324", "1e-400", "1.7976931348623157e308", "-1e300"],
    ),
    (
        FloatType(32),
        [0.0, -0.0, 0.10000000149011612, 1.5, NAN, INFINITY, SMALLEST32, LARGEST32, -LARGEST32],
        ["0", "-0", "0.1", "0.10000000149", "1.5", "1e-45", "3.4028235e38", "1e-60"],
    ),
    decimals(5, 2, "999.99", "999.995", "-999.995", "1000", "-1000", "1.555", *HUGE_DECIMALS),
    decimals(4, 4, "0.9999", "0.99995", "-0.99995", "1", "-1", "0.00005", *HUGE_DECIMALS),
    decimals(38, 0, "9" * 38, "1" + "0" * 38, "0.5", "-0.5", "1e37", *HUGE_DECIMALS),
    decimals(39, 37, "99." + "9" * 37, "99.99999", "1e-37", "5e-38", "100", *HUGE_DECIMALS),
    decimals(76, 37, "1e38", "1e39", "-1e39", "1e-37", "-5e-38", *HUGE_DECIMALS),
    (
        DatetimeType(),
        [FIRST, FIRST + MICROSECOND, EPOCH - MICROSECOND, EPOCH, LAST - MICROSECOND, LAST],
        ["0001", "1969-12-31T23:59:59.999999", "1970", "1970-01-01T02:00+02", "9999-12-31"],
    ),
    (
        DateType(),
        [date.min, date(1969, 12, 31), date(1970, 1, 1), date.max],
        ["0001-01-01", "1970-01-01", "9999-12-31"],
    ),
    (
        TimeType(),
        [time.min, time(0, 0, 0, 1), time(12), time.max],
        ["00:00:00", "12:00:00", "23:59:59.999999", "00:00:00.0000019"],
    ),
    (YearType(), [1, 1970, 9999], ["1", "0001", "1970", "9999"]),
    (
        UuidType(),
        ["00000000-0000-0000-0000-000000000000", "abcdefab-cdef-abcd-efab-cdefabcdefab"],
        ["ABCDEFAB-CDEF-ABCD-EFAB-CDEFABCDEFAB"],
    ),
    (IpType(), ["1.2.3.4", "::1", "::ffff:1.2.3.4"], ["1.2.3.4", "0:0::1", "::FFFF:1.2.3.4"]),
    (
        JsonType(),
        [
            Json(text)
            for text in (
                *(
                    "null",
                    "true",
                    "false",
                    "0",
                    "-0.0",
                    "5",
                    "5.00",
                    "1e400",
                    "1e9999999999999999999",
                ),
                *('""', '"5"', '"5.0"', '"é\\u00e9"', '" "', "[ ]", "{ }", '[5.0, "x"]', '["5.0"]'),
                *('{"a":null}', '{"a":{"b":"5"}}', ' {"a" : [5]} ', '{"b":1,"a":5e0}', "[[5]]"),
            )
        ],
        ["5", "5.0", "x", "é", "true", "null", "1e400", "0", *HUGE_DECIMALS],
    ),
    (ArrayType(StringType()), [[], [""], ["a", "b"], ["b"] * 3, ["é"]], ["a", "b", "é"]),
    (ArrayType(FloatType(64)), [[], [NAN, -0.0], [0.1], [NAN]], ["0", "-0", "0.1"]),
    (ArrayType(DecimalType(5, 2)), [[], [Decimal("1.50")]], ["1.5", "1.505", "1e9", "-1e9"]),
    (ArrayType(IntType(8)), [[], [127, -128], [5]], ["5", "127", "300", "-300"]),
    (ArrayType(JsonType()), [[], [Json("null")], [Json("5.0"), Json('"x"')]], ["5", "x"]),
    (ArrayType(BooleanType()), [[], [True]], []),
    (MapType(StringType()), [{}, {"": ""}, {"a": "b", "c": "d"}], []),
    (MapType(JsonType()), [{}, {"a": Json("null")}], []),
    (ObjectType((Property("x", IntType(8), nullable=True),)), [{}, {"x": None}, {"x": 1}], []),
    (ObjectType((Property("x", IntType(8), read_optional=True),)), [{}, {"x": 1}], []),
]


def every_condition(item: Property, json_path: str, texts: list[str]) -> list[dict[str, object]]:
    conditions = []
    for operator in usable_operators(item, tuple(filter(None, json_path.split("."))), USERS):
        facts = FACTS[operator]
        few = product(texts, repeat=facts.min_values)
        many = [texts] if facts.max_values > 2 else []
        for values in [*map(list, few), *many]:
            conditions.append(condition(f"p{json_path}", operator, *values))
    return conditions


@pytest.mark.parametrize(
    ("type_", "values", "texts"), EXTREMES, ids=[repr(case[0])[:40] for case in EXTREMES]
)
def test_columns_and_records_agree_on_extremes(
    type_: Type, values: list[Value], texts: list[str]
) -> None:
    item = Property("p", type_, nullable=True, read_optional=True)
    schema = ObjectType((item,))
    records: list[Record] = [{"p": value} for value in values]
    records += [{"p": None}, {}]
    conditions = every_condition(item, "", texts)
    if isinstance(type_, JsonType):
        conditions += every_condition(item, ".a", texts) + every_condition(item, ".a.b", texts)
    assert conditions
    for data in conditions:
        predicate = decode_data({"logical": "and", "conditions": [data]}, schema, USERS)
        matching(predicate, schema, records)
        # A slice begins inside the buffers of its columns.
        matching(predicate, schema, records, start=2)


def test_what_is_below_a_null_or_absent_object_does_not_exist() -> None:
    inner = ObjectType(
        (
            Property("x", IntType(8), nullable=True, read_optional=True),
            Property("j", JsonType(), read_optional=True),
        )
    )
    middle = ObjectType((Property("i", inner, nullable=True, read_optional=True),))
    schema = ObjectType((Property("o", middle, nullable=True, read_optional=True),))
    records: list[Record] = [
        {},
        {"o": None},
        {"o": {}},
        {"o": {"i": None}},
        {"o": {"i": {}}},
        {"o": {"i": {"x": None, "j": Json("null")}}},
        {"o": {"i": {"x": 1, "j": Json('{"a":null}')}}},
    ]
    table = {
        ("o", "exists"): "-++++++",
        ("o", "is null"): "-+-----",
        ("o", "is empty"): "+++----",
        ("o.i", "exists"): "---++++",
        ("o.i", "is null"): "---+---",
        ("o.i", "is empty"): "+++++--",
        ("o.i.x", "exists"): "-----++",
        ("o.i.x", "is null"): "-----+-",
        ("o.i.j", "exists"): "-----++",
        ("o.i.j", "is null"): "-----+-",
        ("o.i.j", "is empty"): "++++++-",
        ("o.i.j", "is false"): "-----++",
        ("o.i.j.a", "exists"): "------+",
        ("o.i.j.a", "is null"): "------+",
        ("o.i.j.a", "is empty"): "+++++++",
    }
    found = {
        (path, operator): "".join(
            "-+"[yes] for yes in select(schema, records, condition(path, operator))
        )
        for path, operator in table
    }
    assert found == table


def test_a_batch_without_records_or_left_without_any_is_filtered() -> None:
    schema = ObjectType((Property("m", MapType(JsonType())), Property("j", JsonType())))
    some: list[Record] = [{"m": {}, "j": Json("1")}]
    for records in (some[:0], some):
        conditions = [condition("m", "is not empty"), condition("j.a", "exists")]
        assert select(schema, records, *conditions) == [False] * len(records)
        assert select(schema, records, *conditions, logical="or") == [False] * len(records)


def test_a_batch_may_have_more_properties_and_other_limits_than_the_filter_knows() -> None:
    narrow = ObjectType((Property("p", IntType(8)),))
    wide = ObjectType((Property("q", BooleanType()), Property("p", IntType(64, minimum=0))))
    predicate = decode_data(
        {"logical": "and", "conditions": [condition("p", "is greater than", "300")]}, narrow, USERS
    )
    records: list[Record] = [{"q": True, "p": 300}, {"q": True, "p": 301}]
    assert matching(predicate, wide, records) == [False, True]


@pytest.mark.parametrize(
    "schema",
    [
        ObjectType((Property("q", StringType()),)),
        ObjectType((Property("p", JsonType()),)),
        ObjectType((Property("p", ArrayType(IntType(8))),)),
    ],
)
def test_a_batch_without_the_property_is_refused(schema: ObjectType) -> None:
    filtered = ObjectType((Property("p", ArrayType(StringType()), read_optional=True),))
    predicate = decode_data(
        {"logical": "and", "conditions": [condition("p", "contains", "a")]}, filtered, USERS
    )
    with pytest.raises(BatchMismatchError) as caught:
        keep(predicate, Batch.from_records(schema, []))
    assert caught.value.path == ("p",)


def test_json_is_looked_at_only_where_nothing_else_has_decided() -> None:
    schema = ObjectType((Property("j", JsonType()), Property("n", IntType(8))))
    # Text that is no JSON fails when it is looked at: `Json` is trusted to be valid.
    records: list[Record] = [{"j": Json('{"a":1}'), "n": 1}, {"j": Json("{"), "n": 2}]
    conditions = [condition("j.a", "is", "1"), condition("n", "is", "1")]
    data = {"logical": "and", "conditions": conditions}
    batch = Batch.from_records(schema, records)
    assert keep(decode_data(data, schema, USERS), batch).to_pylist() == [True, False]
    data = {"logical": "or", "conditions": [conditions[0], condition("n", "is", "2")]}
    assert keep(decode_data(data, schema, USERS), batch).to_pylist() == [True, True]


def test_what_arrow_leaves_below_a_null_is_not_looked_at() -> None:
    # The layout leaves the children of a null struct and the range of a null list unspecified.
    inner = ObjectType((Property("x", IntType(8), nullable=True),))
    schema = ObjectType(
        (
            Property("o", inner, nullable=True, read_optional=True),
            Property("a", ArrayType(IntType(8)), nullable=True),
            Property("m", MapType(IntType(8)), read_optional=True),
        )
    )
    # Two records: everything is null, but has something below it; and everything is there.
    null = pa.array([True, False])
    flags = pa.array([False, False])
    fives = pa.array([5, 5], pa.int8())
    offsets = pa.array([0, 1, 2], pa.int32())
    columns = [
        pa.StructArray.from_arrays([fives, flags], fields=arrow_fields(inner), mask=null),
        flags,
        pa.ListArray.from_arrays(offsets, fives, mask=null),
        flags,
        pa.MapArray.from_arrays(offsets, pa.array(["k", "k"]), fives, mask=null),
    ]
    batch = Batch.trusted(schema, columns, 2)
    table = {
        condition_text: [False, True]
        for condition_text in (
            ("o.x", "is", "5"),
            ("o.x", "is one of", "5"),
            ("o", "is not empty"),
            ("a", "contains", "5"),
            ("a", "is not empty"),
            ("m", "is not empty"),
            ("m", "exists"),
        )
    } | {("o.x", "is null"): [False, False], ("a", "is null"): [True, False]}
    found = {}
    for path, operator, *values in table:
        data = {"logical": "and", "conditions": [condition(path, operator, *values)]}
        found[path, operator, *values] = keep(decode_data(data, schema, USERS), batch).to_pylist()
    assert found == table
