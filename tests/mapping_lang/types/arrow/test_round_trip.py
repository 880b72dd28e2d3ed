import subprocess
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import arrow_fields, arrow_schema
from mapping_lang.types.arrow.read import (
    column_at,
    property_column,
    to_property_values,
    to_records,
    to_values,
)
from mapping_lang.types.arrow.write import to_array, to_columns, to_record_batch
from mapping_lang.types.errors import PathStep, ValueRefusedError
from mapping_lang.types.kinds import (
    MAX_FLOAT,
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
from mapping_lang.types.values import ABSENT, JSON_NULL, Json, Record, Value
from tests.strategies import canonical, schemas_and_records

INT = IntType(32)
STRING = StringType()
NAN = float("nan")

EXTREMES: list[tuple[Type, list[Value]]] = [
    (STRING, ["", "\0", "a\0b", "日本語 😀", "\u2028\x1f", "x" * 100_000]),
    (BooleanType(), [True, False]),
    (IntType(8), [-128, 127]),
    (IntType(24), [-(2**23), 2**23 - 1]),
    (IntType(64), [-(2**63), 2**63 - 1]),
    (IntType(8, unsigned=True), [0, 255]),
    (IntType(24, unsigned=True), [0, 2**24 - 1]),
    (IntType(32, unsigned=True), [0, 2**32 - 1]),
    (IntType(64, unsigned=True), [0, 2**63, 2**64 - 1]),
    (FloatType(64), [0.0, -0.0, NAN, float("inf"), -float("inf"), 5e-324, MAX_FLOAT[64]]),
    (FloatType(32), [-0.0, NAN, float("-inf"), 2.0**-149, MAX_FLOAT[32]]),
    (DecimalType(1), [Decimal(-9), Decimal(0), Decimal(9)]),
    (DecimalType(18, 18), [Decimal("0." + "9" * 18), Decimal("-0." + "0" * 17 + "1")]),
    (DecimalType(19), [Decimal("9" * 19), Decimal("-" + "9" * 19)]),
    (DecimalType(38, 37), [Decimal("9." + "9" * 37), Decimal("-1E-37")]),
    (DecimalType(76, 37), [Decimal("9" * 39 + "." + "9" * 37), Decimal("-1E-37"), Decimal("1E+38")]),
    (DatetimeType(), [
        datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), datetime(1970, 1, 1, tzinfo=UTC),
    ]),
    (DateType(), [date.min, date.max, date(1969, 12, 31)]),
    (TimeType(), [time.min, time.max, time(0, 0, 0, 1)]),
    (YearType(), [1, 9999]),
    (UuidType(), ["00000000-0000-0000-0000-000000000000"]),
    (IpType(), ["0.0.0.0", "::ffff:1.2.3.4", "fe80::1%eth0"]),  # noqa: S104 - a value, not an address to bind
    (JsonType(), [JSON_NULL, Json(' {"a" : 1.50 } '), Json('""')]),
    (ArrayType(INT), [[], [1], [1, 2, 3]]),
    (ArrayType(JsonType()), [[JSON_NULL, Json("1")]]),
    (ArrayType(ArrayType(STRING)), [[], [[]], [[], ["a"], []]]),
    (MapType(INT), [{}, {"": 1, "\0": 2, "a.b": 3}]),
    (MapType(MapType(JsonType())), [{"a": {}, "b": {"x": JSON_NULL}}]),
    (ObjectType((Property("a", INT, nullable=True), Property("b", STRING))), [
        {}, {"a": None}, {"a": 1, "b": ""}, {"b": "x"},
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "values"), EXTREMES)
@pytest.mark.parametrize("nullable", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_extreme_values_survive(
    type_: Type, values: list[Value], *, nullable: bool, gaps: bool
) -> None:
    schema = ObjectType((Property("p", type_, nullable=nullable),))
    records: list[Record] = [{"p": value} for value in values]
    if gaps:
        records = [{}, *records, {}]
    if nullable:
        records = [{"p": None}, *records, {"p": None}]
    data = to_record_batch(records, schema)
    data.validate(full=True)
    assert canonical(to_records(data, schema)) == canonical(records)


@given(schemas_and_records(depth=3))
@settings(max_examples=150)
def test_records_survive_and_so_does_every_slice_of_them(
    schema_and_records: tuple[Schema, list[Record]],
) -> None:
    schema, records = schema_and_records
    data = to_record_batch(records, schema)
    data.validate(full=True)
    assert data.schema == arrow_schema(schema)
    assert canonical(to_records(data, schema)) == canonical(records)
    for start in range(len(records)):
        part = data.slice(start, 2)
        assert canonical(to_records(part, schema)) == canonical(records[start : start + 2])


@given(schemas_and_records())
@settings(max_examples=60)
def test_the_values_of_one_property_survive(
    schema_and_records: tuple[Schema, list[Record]],
) -> None:
    schema, records = schema_and_records
    data = to_record_batch(records, schema)
    for item in schema.properties:
        values = to_property_values(column_at(data, schema, (item.name,)), item)
        assert canonical(values) == canonical([r.get(item.name, ABSENT) for r in records])
        columns = to_columns(values, item)
        again = pa.RecordBatch.from_arrays(columns, schema=arrow_schema(ObjectType((item,))))
        assert canonical(to_property_values(property_column(again, item), item)) == canonical(
            values
        )


def test_records_without_properties_survive() -> None:
    assert to_records(to_record_batch([{}, {}, {}], NO_SCHEMA), NO_SCHEMA) == [{}, {}, {}]
    assert to_records(to_record_batch([], NO_SCHEMA), NO_SCHEMA) == []


def test_members_come_in_the_order_of_the_schema_and_unknown_ones_are_left_out() -> None:
    schema = ObjectType((Property("b", INT), Property("a", INT)))
    (record,) = to_records(to_record_batch([{"a": 1, "z": 0, "b": 2}], schema), schema)
    assert list(record.items()) == [("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    "text", ["1E+2", "0E+99", "-0", "1.1000000000000000000000000000000000000000000", "0E-500"]
)
@pytest.mark.parametrize("type_", [DecimalType(5, 2), DecimalType(76, 37)])
def test_a_decimal_may_be_written_with_any_zeros(text: str, type_: Type) -> None:
    assert to_values(to_array([Decimal(text), None], type_), type_) == [Decimal(text), None]


NULLABLE = ObjectType((Property("a", INT, nullable=True), Property("b", INT)))


@pytest.mark.parametrize(
    ("type_", "values", "path"),
    [
        (INT, [1, None, ABSENT], (1,)),
        (INT, [ABSENT, None], (1,)),
        (ArrayType(INT), [[1], [], [2, None]], (2, 1)),
        (ArrayType(ArrayType(INT)), [[], [[], [1, None]]], (1, 1, 1)),
        (ArrayType(JsonType()), [[None]], (0, 0)),
        (MapType(ArrayType(INT)), [{}, {"x": [], "y": [1, None]}], (1, "y", 1)),
        (NULLABLE, [{"a": None, "b": 1}, {"b": None}], (1, "b")),
        (ArrayType(NULLABLE), [[{}], [], [{}, {"b": None}]], (2, 1, "b")),
        (MapType(ArrayType(NULLABLE)), [{}, {"k": [{}, {"b": None}]}], (1, "k", 1, "b")),
    ],
)  # fmt: skip
def test_a_null_in_the_wrong_place_is_refused(
    type_: Type, values: list[Value], path: tuple[PathStep, ...]
) -> None:
    with pytest.raises(ValueRefusedError) as refused:
        to_columns(values, Property("p", type_))
    assert (refused.value.code, refused.value.path) == (Code.VALUE_NULL, path)


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (MapType(INT), [{}, {"x": 1, "y": None}, None]),
        (MapType(JsonType()), [{"x": None, "y": JSON_NULL}]),
        (MapType(NULLABLE), [{"x": {"a": None, "b": 1}, "y": None}]),
        (MapType(MapType(INT)), [{"x": None, "y": {"z": None}}]),
    ],
)
def test_a_map_made_of_an_object_may_hold_null(type_: Type, values: list[Value | None]) -> None:
    assert to_values(to_array(values, type_), type_) == values


def test_below_a_null_or_absent_object_everything_is_absent() -> None:
    inner = ObjectType((Property("x", INT), Property("y", INT, nullable=True)))
    schema = ObjectType((Property("o", inner, nullable=True),))
    records: list[Record] = [{"o": {"x": 1, "y": 2}}, {"o": None}, {}, {"o": {"y": None}}]
    data = to_record_batch(records, schema)
    x, y = column_at(data, schema, ("o", "x")), column_at(data, schema, ("o", "y"))
    assert [x.values.to_pylist(), x.absent.to_pylist()] == [
        [1, None, None, None],
        [False, True, True, True],
    ]
    assert [y.values.to_pylist(), y.absent.to_pylist()] == [
        [2, None, None, None],
        [False, True, True, False],
    ]
    assert column_at(data, schema, ("o",)).absent.to_pylist() == [False, False, True, False]


def test_what_stands_below_a_null_does_not_count() -> None:
    inner = ObjectType((Property("x", INT), Property("y", INT, nullable=True)))
    rows = pa.StructArray.from_arrays(
        [pa.array([1, 2], pa.int32()), pa.array([3, 4], pa.int32()), pa.array([False, True])],
        fields=arrow_fields(inner),
        mask=pa.array([False, True]),
    )
    offsets, hidden = pa.array([0, 1, 3], pa.int32()), pa.array([False, True])
    lists = pa.ListArray.from_arrays(offsets, pa.array([1, 2, 3], pa.int32()), mask=hidden)
    maps = pa.MapArray.from_arrays(
        offsets, pa.array(["a", "b", "b"]), pa.array([1, 2, 3], pa.int32()), mask=hidden
    )
    assert to_values(rows, inner) == [{"x": 1, "y": 3}, None]
    assert to_values(lists, ArrayType(INT)) == [[1], None]
    assert to_values(maps, MapType(INT)) == [{"a": 1}, None]


def test_neither_large_libraries_nor_time_zones_are_needed() -> None:
    # Where pandas is not installed, pyarrow asks for it once; that has to be all.
    program = """
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from mapping_lang.batch import Batch
from mapping_lang.types import kinds as k

class Refusing:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in ("numpy", "pandas", "pytz", "zoneinfo", "tzdata"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refusing)
sys.modules.pop("zoneinfo", None)
types = {
    "s": (k.StringType(), "x"), "i": (k.IntType(8), 1), "f": (k.FloatType(32), 1.5),
    "d": (k.DecimalType(40, 2), Decimal(1)), "t": (k.DatetimeType(), datetime.now(UTC)),
    "a": (k.DateType(), date.min), "c": (k.TimeType(), time.min),
    "l": (k.ArrayType(k.StringType()), ["x"]), "m": (k.MapType(k.IntType(8)), {"a": 1}),
}
schema = k.ObjectType(tuple(k.Property(n, t, nullable=True) for n, (t, _) in types.items()))
records = [{n: v for n, (_, v) in types.items()}] * 3
batch = Batch.from_bytes(schema, Batch.from_records(schema, records).to_bytes()).take([0, 2])
print(batch.filter(batch.column(("i",)).values.is_valid()).to_records() == records[:2])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
