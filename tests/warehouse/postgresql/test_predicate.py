"""Filters in the warehouse against filters in memory, on the same records (DEC-20, FILT-40)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mapping_lang.batch import Batch
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
from mapping_lang.types.values import Json, Record, Value
from tests.mapping_lang.predicate.engines import USERS, condition
from tests.mapping_lang.predicate.strategies import HUGE_DECIMALS, filters
from tests.strategies import values
from tests.warehouse.postgresql.loads import (
    T0,
    Settings,
    a_load,
    connect,
    ids,
    initialized,
    normal,
    times,
)
from warehouse.interface import Warehouse
from warehouse.postgresql.predicate import render

SCALARS: tuple[tuple[str, Type], ...] = (
    ("s", StringType()),
    ("sv", StringType(values=("", "a", "b"))),
    ("i8", IntType(8)),
    ("i64", IntType(64)),
    ("u64", IntType(64, unsigned=True)),
    ("f32", FloatType(32)),
    ("f64", FloatType(64)),
    ("d", DecimalType(10, 3)),
    ("wide", DecimalType(76, 37)),
    ("dt", DatetimeType()),
    ("da", DateType()),
    ("ti", TimeType()),
    ("y", YearType()),
    ("u", UuidType()),
    ("ip", IpType()),
    ("j", JsonType()),
)
ARRAYS = tuple((f"{name}_list", ArrayType(type_)) for name, type_ in SCALARS)
LEAVES: tuple[tuple[str, Type], ...] = (
    *SCALARS,
    *ARRAYS,
    ("b", BooleanType()),
    ("m", MapType(StringType())),
)
SCHEMA = ObjectType(
    (
        *(Property(name, type_, read_optional=True) for name, type_ in LEAVES),
        Property(
            "o",
            ObjectType(
                (
                    Property("s", StringType(), read_optional=True),
                    Property("n", IntType(32), read_optional=True),
                )
            ),
            read_optional=True,
        ),
    )
)


def _storable(value: Value | None) -> bool:
    """Tell if a value is stored as it is: U+0000 is removed, and an address has no zone."""
    match value:
        case str():
            return "\0" not in value and "%" not in value
        case Json():
            return "\\u0000" not in value.text
        case list():
            return all(map(_storable, value))
        case dict():
            return all(_storable(key) and _storable(each) for key, each in value.items())
        case _:
            return True


@st.composite
def _records(draw: st.DrawFn) -> list[Record]:
    found: list[Record] = []
    for _ in range(draw(st.integers(1, 5))):
        record: Record = {}
        # A property or two at a time: each of them is drawn by its own means.
        for item in draw(st.lists(st.sampled_from(SCHEMA.properties), max_size=6, unique=True)):
            value = draw(values(item.type))
            # An object in which there is nothing has no column to be in.
            if _storable(value) and not (isinstance(item.type, ObjectType) and not value):
                record[item.name] = value
        found.append(record)
    return found


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[Record], list[Predicate]]:
    records = draw(_records())
    return records, draw(st.lists(filters(SCHEMA, records), min_size=1, max_size=6))


async def _stored(warehouse: Warehouse, settings: Settings, records: Sequence[Record]) -> set[int]:
    """Write records in the place of all others; gives those that were taken."""
    with connect(settings) as connection:
        connection.execute("TRUNCATE kiln_identities, kiln_loads")
    loading = await warehouse.open_load(a_load(schema=SCHEMA, purges=False), normal)
    batch = Batch.from_records(SCHEMA, records)
    users = ids(*map(str, range(len(records))))
    prepared = loading.prepare(batch, users, times(T0, batch))
    await loading.write(1, prepared, state="{}")
    await loading.close()
    return set(range(len(records))) - {each.position for each in prepared.rejections}


def _agree(
    settings: Settings, records: Sequence[Record], taken: set[int], predicates: Sequence[Predicate]
) -> list[set[int]]:
    agreed = []
    with connect(settings) as connection:
        for predicate in predicates:
            rendered = render(predicate, "i")
            found = connection.execute(
                b'SELECT "_identity_id" FROM kiln_identities AS i WHERE ' + rendered.text.encode(),
                rendered.values,
            ).fetchall()
            matches = compile_matcher(predicate)
            expected = {number for number in taken if matches(records[number])}
            assert {int(each) for (each,) in found} == expected, predicate
            agreed.append(expected)
    return agreed


async def test_the_warehouse_and_memory_agree(settings: Settings) -> None:
    cases: list[tuple[list[Record], list[Predicate]]] = []

    @given(_cases())
    @hypothesis_settings(
        max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def collect(case: tuple[list[Record], list[Predicate]]) -> None:
        cases.append(case)

    collect()
    async with initialized(settings, SCHEMA) as warehouse:
        for records, predicates in cases:
            taken = await _stored(warehouse, settings, records)
            _agree(settings, records, taken, predicates)


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
        ["", "a", "B", "é", "z", "a%b_", "\\"],
        [("is", "a"), ("is less than", "b"), ("is greater than or equal to", "a"),
         ("contains", "%"), ("contains", "_"), ("contains", "\\"), ("starts with", "a%"),
         ("ends with", "_"), ("is one of", "B", "é"), ("is between", "B", "a"), ("is empty",),
         ("is not empty",)],
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
    (
        "j",
        [Json(text) for text in (
            "null", "true", "false", "0", "4711.0", '"4711"', '"4711.0"', '"9"', "9", "55",
            '[5.0,"x"]', '["5.0"]', '{"a":1}', "[]", "{}", '""', '" "', "6", '"6"',
            '{"a":null}', '{"a":{"b":"x"}}', "1e131071", "1e-16383",
        )],
        [("is", "4711"), ("is", "true"), ("is not", "x"), ("is less than", "10"),
         ("contains", "5"), ("contains", "a"), ("starts with", "5"), ("is between", "5", "x"),
         ("is true",), ("is false",), ("is empty",), ("is not empty",), ("is null",),
         ("is not null",), ("exists",), ("does not exist",), ("is one of", "9", "6"),
         ("ends with", "0"), *HUGE],
    ),
    ("d", [Decimal(0), Decimal(1), Decimal(-1)], HUGE),
]  # fmt: skip


async def test_they_agree_on_the_edges(settings: Settings) -> None:
    async with initialized(settings, SCHEMA) as warehouse:
        for name, edges, tests in EDGES:
            records = _those_with(name, edges)
            taken = await _stored(warehouse, settings, records)
            assert len(taken) == len(records)
            _agree(settings, records, taken, [_one(name, *test) for test in tests])


async def test_inside_json_names_lead_through_objects_only(settings: Settings) -> None:
    texts = ['{"a": {"b": 1}}', '{"a": [{"b": 1}]}', '{"a": "b"}', "[1]", "1", '{"a": {"b": null}}']
    records = _those_with("j", [Json(text) for text in texts])
    tests = (("exists",), ("is null",), ("is empty",), ("is", "1"), ("is not", "1"), ("is false",))
    async with initialized(settings, SCHEMA) as warehouse:
        taken = await _stored(warehouse, settings, records)
        found = _agree(settings, records, taken, [_one("j.a.b", *test) for test in tests])
    assert found == [{1, 6}, {6}, {0, 2, 3, 4, 5, 6}, {1}, {0, 2, 3, 4, 5, 6}, {1, 6}]


async def test_an_object_is_there_if_something_of_it_is(settings: Settings) -> None:
    records: list[Record] = [{}, {"o": {"s": "x"}}, {"o": {"n": 1}}]
    tests = (("exists",), ("does not exist",), ("is empty",), ("is not empty",))
    async with initialized(settings, SCHEMA) as warehouse:
        taken = await _stored(warehouse, settings, records)
        found = _agree(settings, records, taken, [_one("o", *test) for test in tests])
    assert found == [{1, 2}, {0}, {0}, {1, 2}]


def _those_with(name: str, found: Sequence[Value]) -> list[Record]:
    """Records with a property, after one without it."""
    records: list[Record] = [{}]
    records += ({name: each} for each in found)
    return records


def _one(path: str, operator: str, *operands: str) -> Predicate:
    data: Mapping[str, Any] = {
        "logical": "and",
        "conditions": [condition(path, operator, *operands)],
    }
    return decode_data(data, SCHEMA, USERS)
