"""Filters in a warehouse against filters in memory, on the same records (DEC-20, FILT-40)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.evaluate import compile_matcher
from mapping_lang.predicate.tree import Predicate
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
from mapping_lang.types.schema import prune_to_paths
from mapping_lang.types.values import Json, Record, Value
from tests.mapping_lang.predicate.engines import USERS, condition
from tests.mapping_lang.predicate.strategies import HUGE_DECIMALS, filters
from tests.strategies import values
from tests.warehouse.platforms.house import House, a_load, normal, resolved, write
from warehouse.interface import Warehouse
from warehouse.selection import ProfileSelection

SCALARS: tuple[tuple[str, Type], ...] = (
    ("s", StringType()),
    ("sv", StringType(values=("", "a", "b"))),
    ("i8", IntType(8)),
    ("i64", IntType(64)),
    ("u64", IntType(64, unsigned=True)),
    ("f32", FloatType(32)),
    ("f64", FloatType(64)),
    ("d", DecimalType(10, 3)),
    ("dt", DatetimeType()),
    ("da", DateType()),
    ("ti", TimeType()),
    ("y", YearType()),
    ("u", UuidType()),
    ("ip", IpType()),
)
LEAVES: tuple[tuple[str, Type], ...] = (
    *SCALARS,
    *((f"{name}_list", ArrayType(type_)) for name, type_ in SCALARS),
    ("b", BooleanType()),
    ("m", MapType(StringType())),
)
NUMBER = "n"
"""What tells a record from the others."""

OBJECT = ObjectType(
    (
        Property("s", StringType(), read_optional=True),
        Property("n", IntType(32), read_optional=True),
    )
)
# Filters are drawn on these.
DRAWN = ObjectType(
    (
        *(Property(name, type_, read_optional=True) for name, type_ in LEAVES),
        Property("o", OBJECT, read_optional=True),
    )
)
SCHEMA = ObjectType(
    (
        *DRAWN.properties,
        Property("j", JsonType(), read_optional=True),
        Property("j_list", ArrayType(JsonType()), read_optional=True),
        Property(NUMBER, IntType(32), read_optional=True),
    )
)


def _storable(value: Value | None) -> bool:
    """Tell if a value is stored as it is: U+0000 is removed, and an address has no zone."""
    match value:
        case str():
            return "\0" not in value and "%" not in value
        case list():
            return all(map(_storable, value))
        case dict():
            return all(_storable(key) and _storable(each) for key, each in value.items())
        case _:
            return True


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[Record], list[Predicate]]:
    found: list[Record] = []
    for _ in range(draw(st.integers(1, 5))):
        record: Record = {}
        for item in draw(st.lists(st.sampled_from(DRAWN.properties), max_size=6, unique=True)):
            value = draw(values(item.type))
            # An object in which there is nothing has no column to be in, and the elements of an
            # array of a profile are distinct and sorted.
            if isinstance(value, list):
                value = value[:1]
            if _storable(value) and not (isinstance(item.type, ObjectType) and not value):
                record[item.name] = value
        found.append(record)
    return found, draw(st.lists(filters(DRAWN, found), min_size=1, max_size=5))


async def _agree(
    house: House, records: Sequence[Record], predicates: Sequence[Predicate]
) -> list[set[int]]:
    """Write all records as profiles, and choose among them in both places."""
    async with house.initialized(SCHEMA) as warehouse:
        loading = await warehouse.open_load(a_load(schema=SCHEMA, purges=False), normal)
        numbered: list[Record] = [
            {**record, NUMBER: number} for number, record in enumerate(records)
        ]
        people = [(str(number), record) for number, record in enumerate(numbered)]
        await write(loading, 1, *people, schema=SCHEMA)
        await loading.close()
        outcome = await resolved(warehouse, schema=SCHEMA)
        assert outcome.profiles == len(records)
        agreed = []
        for predicate in predicates:
            matches = compile_matcher(predicate)
            expected = {each for each, record in enumerate(numbered) if matches(record)}
            assert await _chosen(warehouse, predicate) == expected, predicate
            agreed.append(expected)
        return agreed


async def _chosen(warehouse: Warehouse, predicate: Predicate) -> set[int]:
    selection = ProfileSelection(schema=prune_to_paths(SCHEMA, [(NUMBER,)]), where=predicate)
    found: set[int] = set()
    async for each in warehouse.stream_profiles(selection, normal):
        found.update(record[NUMBER] for record in each.batch.to_records())  # type: ignore[misc]
    return found


async def test_any_filter_chooses_as_in_memory(house: House) -> None:
    records: list[Record] = []
    predicates: list[Predicate] = []

    @given(_cases())
    @hypothesis_settings(
        max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def collect(case: tuple[list[Record], list[Predicate]]) -> None:
        records.extend(case[0])
        predicates.extend(case[1])

    collect()
    await _agree(house, records, predicates[:40])


NAN, INFINITY = float("nan"), float("inf")
HUGE = [
    (operator, number)
    for operator in (
        *("is", "is one of", "is less than", "is less than or equal to", "is greater than"),
        "is greater than or equal to",
    )
    for number in HUGE_DECIMALS
]
EDGES: list[tuple[str, Sequence[Value], Sequence[tuple[str, ...]]]] = [
    (
        "s",
        ["", "a", "B", "é", "z", "a%b_", "\\", "'"],
        [("is", "a"), ("is less than", "b"), ("is greater than or equal to", "a"),
         ("contains", "%"), ("contains", "_"), ("contains", "\\"), ("starts with", "a%"),
         ("ends with", "_"), ("is one of", "B", "é"), ("is between", "B", "a"), ("is empty",),
         ("is not empty",), ("is", "'"), ("is", "x' OR '1'='1")],
    ),
    ("sv", ["", "a"], [("is", ""), ("contains", ""), ("is empty",), ("is one of", "", "a")]),
    (
        "i8",
        [-128, 0, 127],
        [("is", "300"), ("is less than", "300"), ("is less than", "-300"),
         ("is one of", "300", "127"), ("is between", "-300", "0")],
    ),
    ("u64", [0, 2**64 - 1], [("is", str(2**64 - 1)), ("is greater than", str(2**63))]),
    *(
        (
            name,
            [NAN, INFINITY, -INFINITY, 0.0, -0.0, 0.5],
            [("is", "0"), ("is", "-0"), ("is greater than", "0"),
             ("is greater than or equal to", "0"), ("is less than", "0"), ("is one of", "0", "0.5"),
             ("is between", "0", "1e30"), ("is not", "0.5")],
        )
        for name in ("f32", "f64")
    ),
    ("d", [Decimal(0), Decimal(1), Decimal(-1), Decimal("0.001")],
     [*HUGE, ("is less than", "0.0015"), ("is greater than", "0.0005"), ("is", "0.0015"),
      ("is", "1.000"), ("is between", "-0.0001", "0.0011")]),
]  # fmt: skip


async def test_they_agree_on_the_edges(house: House) -> None:
    records: list[Record] = [{}]
    predicates = []
    for name, edges, tests in EDGES:
        records += ({name: each} for each in edges)
        predicates += [_one(name, *test) for test in tests]
    await _agree(house, records, predicates)


JSON = (
    *("null", "true", "false", "0", "4711.0", '"4711"', '"4711.0"', '"9"', "9", "55", "-0.5"),
    *('[5.0,"x"]', '["5.0"]', "[5]", '{"a":1}', "[]", "{}", '""', '" "', "6", '"6"', '{"a":null}'),
    *('{"a":{"b":"x"}}', "12345678901234567890", '"é"', '"a\\"b"'),
)
OF_JSON = (
    *(("is", "4711"), ("is", "true"), ("is not", "x"), ("is less than", "10"), ("contains", "a")),
    *(("starts with", "5"), ("is between", "5", "x"), ("is true",), ("is false",), ("is empty",)),
    *(("is not empty",), ("is null",), ("is not null",), ("exists",), ("does not exist",)),
    *(("is one of", "9", "6"), ("ends with", "0"), ("is", "12345678901234567890"), ("is", 'a"b')),
    *(("is greater than", "-1"), ("is less than", "-0.4"), ("contains", "x")),
)


async def test_they_agree_on_json(house: House) -> None:
    records = _with_json(JSON)
    await _agree(house, records, [_one("j", *test) for test in OF_JSON])


async def test_numbers_in_arrays_of_json_are_found_by_their_value(house: House) -> None:
    """FILT-50: 5 and 5.0 are one number."""
    texts = ("[5.0]", "[5]", '["5"]', '["5.0"]', "[50]", "[]")
    records = _with_json(texts)
    found = await _agree(house, records, [_one("j", "contains", "5")])
    assert found == [{1, 2, 3}]


async def test_numbers_that_no_float_holds_are_compared(house: House) -> None:
    records = _with_json(("0", "1", "-1", '"1"'))
    await _agree(house, records, [_one("j", *test) for test in HUGE])


async def test_inside_json_names_lead_through_objects_only(house: House) -> None:
    texts = ['{"a": {"b": 1}}', '{"a": [{"b": 1}]}', '{"a": "b"}', "[1]", "1", '{"a": {"b": null}}']
    records = _with_json(texts)
    tests = (("exists",), ("is null",), ("is empty",), ("is", "1"), ("is not", "1"), ("is false",))
    found = await _agree(house, records, [_one("j.a.b", *test) for test in tests])
    assert found == [{1, 6}, {6}, {0, 2, 3, 4, 5, 6}, {1}, {0, 2, 3, 4, 5, 6}, {1, 6}]


async def test_an_object_is_there_if_something_of_it_is(house: House) -> None:
    records: list[Record] = [{}, {"o": {"s": "x"}}, {"o": {"n": 1}}]
    tests = (("exists",), ("does not exist",), ("is empty",), ("is not empty",))
    found = await _agree(house, records, [_one("o", *test) for test in tests])
    assert found == [{1, 2}, {0}, {0}, {1, 2}]


def _with_json(texts: Sequence[str]) -> list[Record]:
    """Records with JSON, after one without."""
    records: list[Record] = [{}]
    records += ({"j": Json(text)} for text in texts)
    return records


def _one(path: str, operator: str, *operands: str) -> Predicate:
    data: Mapping[str, Any] = {
        "logical": "and",
        "conditions": [condition(path, operator, *operands)],
    }
    return decode_data(data, SCHEMA, USERS)
