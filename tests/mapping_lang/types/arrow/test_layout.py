from decimal import Decimal

import pyarrow as pa
import pytest

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.layout import (
    arrow_schema,
    arrow_type,
    check_columns,
    empty_batch,
    project,
)
from mapping_lang.types.arrow.read import to_records
from mapping_lang.types.arrow.write import to_record_batch
from mapping_lang.types.errors import LayoutError
from mapping_lang.types.kinds import (
    KINDS,
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
    kind_name,
)
from mapping_lang.types.values import Record

STRING = StringType()
INT = IntType(32)

PHYSICAL: list[tuple[Type, pa.DataType]] = [
    (STRING, pa.string()),
    (StringType(max_length=3), pa.string()),
    (UuidType(), pa.string()),
    (IpType(), pa.string()),
    (JsonType(), pa.string()),
    (BooleanType(), pa.bool_()),
    (IntType(8), pa.int8()),
    (IntType(16), pa.int16()),
    (IntType(24), pa.int32()),
    (INT, pa.int32()),
    (IntType(64), pa.int64()),
    (IntType(8, unsigned=True), pa.uint8()),
    (IntType(16, unsigned=True), pa.uint16()),
    (IntType(24, unsigned=True), pa.uint32()),
    (IntType(32, unsigned=True), pa.uint32()),
    (IntType(64, unsigned=True), pa.uint64()),
    (FloatType(32), pa.float32()),
    (FloatType(64), pa.float64()),
    (DecimalType(1), pa.decimal128(1, 0)),
    (DecimalType(38, 37), pa.decimal128(38, 37)),
    (DecimalType(39, 37), pa.decimal256(39, 37)),
    (DecimalType(76), pa.decimal256(76, 0)),
    (DatetimeType(), pa.timestamp("us", tz="UTC")),
    (DateType(), pa.date32()),
    (TimeType(), pa.time64("us")),
    (YearType(), pa.int16()),
    (ArrayType(ArrayType(INT)), pa.list_(pa.list_(pa.int32()))),
    (MapType(JsonType()), pa.map_(pa.string(), pa.string())),
    (
        ObjectType((Property("a", INT), Property("b", STRING, nullable=True))),
        pa.struct([("a", pa.int32()), ("b", pa.string()), ("b?", pa.bool_())]),
    ),
]


@pytest.mark.parametrize(("type_", "physical"), PHYSICAL)
def test_every_kind_has_its_arrow_type(type_: Type, physical: pa.DataType) -> None:
    assert arrow_type(type_) == physical


def test_the_table_has_every_kind() -> None:
    assert {kind_name(type_) for type_, _ in PHYSICAL} == set(KINDS)


def test_a_companion_stands_right_after_each_nullable_property() -> None:
    schema = ObjectType(
        (
            Property("a", INT, nullable=True),
            Property("o", ObjectType((Property("x", INT, nullable=True),)), read_optional=True),
            Property("b", INT),
        )
    )
    assert arrow_schema(schema) == pa.schema(
        [
            ("a", pa.int32()),
            ("a?", pa.bool_()),
            ("o", pa.struct([("x", pa.int32()), ("x?", pa.bool_())])),
            ("b", pa.int32()),
        ]
    )


def test_records_without_properties_keep_their_number() -> None:
    assert [empty_batch(n).num_rows for n in (0, 1, 1000)] == [0, 1, 1000]
    assert arrow_schema(NO_SCHEMA) == pa.schema([])


TWO = ObjectType((Property("a", INT), Property("b", STRING, nullable=True)))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([("b", pa.string()), ("b?", pa.bool_()), ("a", pa.int32())],
         "a: column 0 is «b: string», expected «a: int32»"),
        ([("a", pa.int64()), ("b", pa.string()), ("b?", pa.bool_())],
         "a: column 0 is «a: int64», expected «a: int32»"),
        ([("a", pa.int32()), ("b", pa.string())],
         "b?: column 2 is missing, expected «b?: bool»"),
        ([("a", pa.int32()), ("b", pa.string()), ("b?", pa.bool_()), ("c", pa.int8())],
         "column 3 is «c: int8», expected no more columns"),
        ([("a", pa.int32()), ("b", pa.large_string()), ("b?", pa.bool_())],
         "b: column 1 is «b: large_string», expected «b: string»"),
        ([pa.field("a", pa.int32(), nullable=False), ("b", pa.string()), ("b?", pa.bool_())],
         "a: column 0 is «a: int32 not null», expected «a: int32»"),
        ([("a", pa.dictionary(pa.int8(), pa.int32())), ("b", pa.string()), ("b?", pa.bool_())],
         "a: column 0 is «a: dictionary<values=int32, indices=int8, ordered=0>», expected «a: int32»"),
    ],
)  # fmt: skip
def test_other_columns_are_refused(columns: list[pa.Field], message: str) -> None:
    with pytest.raises(LayoutError) as refused:
        check_columns(pa.schema(columns), TWO)
    assert (refused.value.code, str(refused.value)) == (Code.VALUE_TYPE, message)


def test_metadata_of_columns_is_not_looked_at() -> None:
    found = arrow_schema(TWO).with_metadata({"origin": "elsewhere"})
    check_columns(found, TWO)


def test_columns_are_projected_to_a_pruned_schema() -> None:
    inner = ObjectType((Property("x", INT, nullable=True), Property("y", STRING)))
    schema = ObjectType(
        (Property("a", INT), Property("o", inner, nullable=True), Property("d", DecimalType(5, 2)))
    )
    records: list[Record] = [
        {"a": 1, "o": {"x": None, "y": "one"}, "d": Decimal("1.50")},
        {"a": 2, "o": None, "d": Decimal(2)},
        {"a": 3, "o": {"y": "three"}, "d": Decimal(3)},
    ]
    pruned = ObjectType(
        (
            Property("d", DecimalType(5, 2)),
            Property("o", ObjectType((inner.properties[0],)), nullable=True),
        )
    )
    data = to_record_batch(records, schema)
    expected = [
        {"d": Decimal("1.50"), "o": {"x": None}},
        {"d": Decimal(2), "o": None},
        {"d": Decimal(3), "o": {}},
    ]
    assert to_records(project(data, schema, pruned), pruned) == expected
    assert to_records(project(data.slice(1), schema, pruned), pruned) == expected[1:]
    assert (
        project(data, schema, pruned).column("d").buffers()[1].address
        == data.column("d").buffers()[1].address
    )
    assert project(data, schema, NO_SCHEMA).num_rows == 3


@pytest.mark.parametrize(
    "target",
    [
        ObjectType((Property("z", INT),)),
        ObjectType((Property("a", IntType(64)),)),
        ObjectType((Property("a", INT, nullable=True),)),
        ObjectType((Property("b", STRING),)),
    ],
)
def test_a_schema_that_is_not_pruned_from_the_batch_is_refused(target: Schema) -> None:
    data = to_record_batch([{"a": 1, "b": None}], TWO)
    with pytest.raises(LayoutError) as refused:
        project(data, TWO, target)
    assert refused.value.column == (target.properties[0].name,)
