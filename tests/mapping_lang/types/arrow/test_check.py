import struct
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping_lang.diagnostics import Code
from mapping_lang.types.arrow.check import check_layout
from mapping_lang.types.arrow.layout import arrow_fields, arrow_schema, arrow_type, empty_batch
from mapping_lang.types.arrow.write import to_array, to_record_batch
from mapping_lang.types.errors import LayoutError, PathStep, ValueRefusedError
from mapping_lang.types.kinds import (
    NO_SCHEMA,
    ArrayType,
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
from mapping_lang.types.values import (
    Record,
    Value,
    check_decimal,
    check_float,
    check_int,
    check_string,
)
from tests.strategies import (
    decimal_types,
    float_types,
    int_types,
    schemas_and_records,
    string_types,
    values,
)

INT = IntType(32)
STRING = StringType()
NAN = float("nan")
DAY = 24 * 60 * 60 * 1_000_000
FIRST_DAY, LAST_DAY = -719_162, 2_932_896


def batch(
    type_: Type, columns: list[pa.Array], *, nullable: bool = False
) -> tuple[Schema, pa.RecordBatch]:
    schema = ObjectType((Property("p", type_, nullable=nullable),))
    return schema, pa.RecordBatch.from_arrays(columns, schema=arrow_schema(schema))


def raw(type_: pa.DataType, data: bytes, length: int) -> pa.Array:
    return pa.Array.from_buffers(type_, length, [None, pa.py_buffer(data)])


@given(schemas_and_records(depth=3))
@settings(max_examples=100)
def test_what_we_lay_out_is_accepted(schema_and_records: tuple[Schema, list[Record]]) -> None:
    schema, records = schema_and_records
    data = to_record_batch(records, schema)
    check_layout(data, schema)
    for start in range(len(records) + 1):
        check_layout(data.slice(start, 2), schema)


def test_records_without_properties_are_accepted() -> None:
    check_layout(empty_batch(3), NO_SCHEMA)


@pytest.mark.parametrize(
    ("type_", "values", "position", "code"),
    [
        (StringType(max_length=2), ["ab", "日本語"], 1, Code.VALUE_MAX_LENGTH),
        (StringType(max_bytes=8), ["日本語", None], 0, Code.VALUE_MAX_BYTES),
        (StringType(values=("a",)), [None, "a", ""], 2, Code.VALUE_NOT_LISTED),
        (StringType(pattern="^a"), ["a", None, "ba"], 2, Code.VALUE_PATTERN),
        (IntType(24), [0, 2**23], 1, Code.VALUE_MAXIMUM),
        (IntType(24, unsigned=True), [2**24], 0, Code.VALUE_MAXIMUM),
        (IntType(8, minimum=1), [1, None, 0], 2, Code.VALUE_MINIMUM),
        (IntType(64, unsigned=True, maximum=2**63), [2**63, 2**63 + 1], 1, Code.VALUE_MAXIMUM),
        (FloatType(64, minimum=0.0), [NAN, 0.0, -0.5], 2, Code.VALUE_MINIMUM),
        (FloatType(64, real=True), [0.0, NAN], 1, Code.VALUE_RANGE),
        (FloatType(32, real=True), [0.0, float("-inf")], 1, Code.VALUE_MINIMUM),
        (DecimalType(5, 2, maximum=Decimal(1)), [Decimal(1), Decimal("1.01")], 1,
         Code.VALUE_MAXIMUM),
        (YearType(), [1, 0], 1, Code.VALUE_YEAR),
        (UuidType(), ["00000000-0000-0000-0000-00000000000a", "x"], 1, Code.VALUE_FORM),
        (UuidType(), ["00000000-0000-0000-0000-00000000000A"], 0, Code.VALUE_FORM),
        (UuidType(), ["00000000-0000-0000-0000-00000000000a\n"], 0, Code.VALUE_FORM),
        (IpType(), ["1.2.3.4", "1.2.3.400"], 1, Code.VALUE_FORM),
        (IpType(), ["2001:DB8::1"], 0, Code.VALUE_FORM),
        (JsonType(), ["[1, 2]", "[1"], 1, Code.VALUE_SYNTAX),
        (JsonType(), ['{"a":1,"a":2}'], 0, Code.VALUE_SYNTAX),
        (JsonType(), [""], 0, Code.VALUE_SYNTAX),
    ],
)  # fmt: skip
def test_a_value_outside_its_type_is_found(
    type_: Type, values: list[object], position: int, code: Code
) -> None:
    schema, data = batch(type_, [pa.array(values, arrow_type(type_))])
    with pytest.raises(ValueRefusedError) as refused:
        check_layout(data, schema)
    assert (refused.value.code, refused.value.path[:2]) == (code, (position, "p"))


@pytest.mark.parametrize(
    ("type_", "number", "accepted"),
    [
        (DateType(), FIRST_DAY, True), (DateType(), FIRST_DAY - 1, False),
        (DateType(), LAST_DAY, True), (DateType(), LAST_DAY + 1, False),
        (DatetimeType(), FIRST_DAY * DAY, True), (DatetimeType(), FIRST_DAY * DAY - 1, False),
        (DatetimeType(), LAST_DAY * DAY + DAY - 1, True),
        (DatetimeType(), LAST_DAY * DAY + DAY, False), (DatetimeType(), -(2**63), False),
        (TimeType(), DAY - 1, True), (TimeType(), DAY, False), (TimeType(), -1, False),
    ],
)  # fmt: skip
def test_a_moment_that_python_has_no_form_for_is_found(
    type_: Type, number: int, *, accepted: bool
) -> None:
    days = isinstance(type_, DateType)
    data = struct.pack("<i" if days else "<q", number)
    schema, columns = batch(type_, [raw(arrow_type(type_), data, 1)])
    if accepted:
        check_layout(columns, schema)
        return
    with pytest.raises((ValueRefusedError, LayoutError)):
        check_layout(columns, schema)


@pytest.mark.parametrize("precision", [5, 18, 38, 76])
def test_the_smallest_number_of_the_bits_is_found(precision: int) -> None:
    # Arrow takes its absolute value, which is itself, and lets it through.
    bits = 128 if precision <= 38 else 256
    type_ = DecimalType(precision)
    number = (-(2 ** (bits - 1))).to_bytes(bits // 8, "little", signed=True)
    schema, data = batch(type_, [raw(arrow_type(type_), number, 1)])
    with pytest.raises((ValueRefusedError, LayoutError)):
        check_layout(data, schema)


@st.composite
def limited_types_and_values(draw: st.DrawFn) -> tuple[Type, list[Value | None]]:
    type_ = draw(st.one_of(string_types(), int_types(), float_types(), decimal_types()))
    free: Type
    match type_:
        case StringType():
            free = STRING
        case IntType():
            free = IntType(type_.bit_size, type_.unsigned)
        case FloatType():
            free = FloatType(type_.bit_size)
        case DecimalType():
            free = DecimalType(type_.precision, type_.scale)
        case _:
            raise TypeError(type_)
    return type_, draw(st.lists(st.none() | values(free), max_size=4))


@given(limited_types_and_values())
@settings(max_examples=200)
def test_columns_and_single_values_are_checked_alike(
    case: tuple[Type, list[Value | None]],
) -> None:
    type_, items = case
    expected: tuple[Code, tuple[PathStep, ...]] | None = None
    for position, item in enumerate(items):
        try:
            match type_, item:
                case StringType(), str():
                    check_string(item, type_)
                case IntType(), int():
                    check_int(item, type_)
                case FloatType(), float():
                    check_float(item, type_)
                case DecimalType(), Decimal():
                    check_decimal(item, type_)
                case _:
                    pass
        except ValueRefusedError as error:
            expected = (error.code, (position, "p"))
            break
    schema, data = batch(type_, [to_array(items, type_)])
    found: tuple[Code, tuple[PathStep, ...]] | None = None
    try:
        check_layout(data, schema)
    except ValueRefusedError as error:
        found = (error.code, error.path)
    assert found == expected


INNER = ObjectType((Property("x", IntType(8, maximum=9)),))


def lists(
    offsets: list[int], items: pa.Array, element: Type, nulls: list[bool] | None = None
) -> pa.Array:
    mask = None if nulls is None else pa.array(nulls)
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), items, type=arrow_type(ArrayType(element)), mask=mask
    )


def maps(
    offsets: list[int], keys: list[str], items: pa.Array, nulls: list[bool] | None = None
) -> pa.Array:
    mask = None if nulls is None else pa.array(nulls)
    return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(keys), items, mask=mask)


def objects(numbers: list[int | None], nulls: list[bool] | None = None) -> pa.Array:
    return pa.StructArray.from_arrays(
        [pa.array(numbers, pa.int8())],
        fields=arrow_fields(INNER),
        mask=None if nulls is None else pa.array(nulls),
    )


INTS = pa.array([1, 2, 3, 4], pa.int32())
HOLED = pa.array([1, None, 3, 4], pa.int32())


@pytest.mark.parametrize(
    ("type_", "column", "code", "path"),
    [
        (ArrayType(INT), lists([0, 0, 3, 4], HOLED, INT), Code.VALUE_NULL, (1, "p", 1)),
        (ArrayType(INT, 2, 3), lists([0, 2, 4], INTS, INT), None, ()),
        (ArrayType(INT, 2, 3), lists([0, 1, 4], INTS, INT), Code.VALUE_ELEMENTS, (0, "p")),
        (ArrayType(INT, 0, 3), lists([0, 0, 4], INTS, INT), Code.VALUE_ELEMENTS, (1, "p")),
        (ArrayType(INT, unique=True),
         lists([0, 2, 4], pa.array([1, 2, 1, 1], pa.int32()), INT),
         Code.VALUE_REPEATED, (1, "p", 1)),
        (ArrayType(INNER), lists([0, 1, 3], objects([1, 2, 10]), INNER), Code.VALUE_MAXIMUM,
         (1, "p", 1, "x")),
        (ArrayType(INNER), lists([0, 2], objects([1, 2], [False, True]), INNER),
         Code.VALUE_NULL, (0, "p", 1)),
        (ArrayType(YearType()), lists([0, 1, 2], pa.array([1, 0], pa.int16()), YearType()),
         Code.VALUE_YEAR, (1, "p", 0)),
        (MapType(INT), maps([0, 2, 4], ["a", "b", "a", "b"], INTS), None, ()),
        (MapType(INT), maps([0, 1, 4], ["a", "b", "c", "b"], INTS), Code.VALUE_REPEATED, (1, "p")),
        # A mapping makes nulls in maps of those of an object (MAP-111).
        (MapType(INT), maps([0, 0, 3, 4], ["a", "b", "c", "d"], HOLED), None, ()),
        (MapType(YearType()), maps([0, 2], ["a", "b"], pa.array([1, 0], pa.int16())),
         Code.VALUE_YEAR, (0, "p", "b")),
        (INNER, objects([1, None, 10]), Code.VALUE_MAXIMUM, (2, "p", "x")),
        # Below a null nothing counts.
        (INNER, objects([1, 100], [False, True]), None, ()),
        (ArrayType(INT, 0, 2), lists([0, 1, 4], HOLED, INT, [False, True]), None, ()),
        (MapType(INT), maps([0, 1, 4], ["a", "b", "b", "b"], HOLED, [False, True]), None, ()),
    ],
)  # fmt: skip
def test_what_is_inside_is_checked(
    type_: Type, column: pa.Array, code: Code | None, path: tuple[PathStep, ...]
) -> None:
    schema, data = batch(type_, [column])
    if code is None:
        check_layout(data, schema)
        return
    with pytest.raises(ValueRefusedError) as refused:
        check_layout(data, schema)
    assert (refused.value.code, refused.value.path) == (code, path)


@pytest.mark.parametrize(
    ("values", "absent", "code"),
    [
        ([1, None, None], [False, False, True], None),
        ([1, None, None], [False, None, True], Code.VALUE_NULL),
        ([1, None, None], [True, False, True], Code.VALUE_TYPE),
    ],
)
def test_a_companion_says_yes_or_no_and_yes_only_of_what_is_null(
    values: list[int | None], absent: list[bool | None], code: Code | None
) -> None:
    companion = pa.array(absent, pa.bool_())
    schema, data = batch(INT, [pa.array(values, pa.int32()), companion], nullable=True)
    inside = ObjectType((Property("o", schema),))
    struct_column = pa.StructArray.from_arrays(
        [*data.columns], fields=arrow_fields(schema), mask=None
    )
    nested = pa.RecordBatch.from_arrays([struct_column], schema=arrow_schema(inside))
    for columns, of in ((data, schema), (nested, inside)):
        if code is None:
            check_layout(columns, of)
            continue
        with pytest.raises(LayoutError) as refused:
            check_layout(columns, of)
        assert (refused.value.code, refused.value.column) == (code, ("p?",))


def test_a_companion_below_a_null_does_not_count() -> None:
    inner = ObjectType((Property("x", INT, nullable=True),))
    column = pa.StructArray.from_arrays(
        [pa.array([1, 1, 1], pa.int32()), pa.array([False, True, None])],
        fields=arrow_fields(inner),
        mask=pa.array([False, True, True]),
    )
    schema, data = batch(inner, [column])
    check_layout(data, schema)


OFFSETS = struct.pack("<ii", 0, 1)
LONE_BYTE = pa.Array.from_buffers(
    pa.string(), 1, [None, pa.py_buffer(OFFSETS), pa.py_buffer(b"\xff")]
)
WIDE_LIST = pa.Array.from_buffers(
    pa.list_(pa.int32()), 2, [None, pa.py_buffer(struct.pack("<iii", 0, 9, 4))], children=[INTS]
)
FAR_EMPTY = pa.Array.from_buffers(
    pa.list_(pa.int32()), 0, [None, pa.py_buffer(struct.pack("<i", 512))], children=[INTS[:0]]
)
FAR_TEXT = pa.Array.from_buffers(
    pa.string(), 0, [None, pa.py_buffer(struct.pack("<i", 512)), pa.py_buffer(b"")]
)
NESTED = ArrayType(ArrayType(INT))


@pytest.mark.parametrize(
    ("type_", "column"),
    [
        (STRING, LONE_BYTE),
        (JsonType(), LONE_BYTE),
        (ArrayType(STRING), lists([0, 1], LONE_BYTE, STRING)),
        (MapType(INT), pa.MapArray.from_arrays(pa.array([0, 1], pa.int32()), LONE_BYTE, INTS[:1])),
        (ArrayType(INT), WIDE_LIST),
        # To flatten these would end the process.
        (ArrayType(INT), FAR_EMPTY),
        (NESTED, lists([0, 0], FAR_EMPTY, ArrayType(INT))),
        (MapType(STRING), pa.MapArray.from_arrays(pa.array([0], pa.int32()), FAR_TEXT, FAR_TEXT)),
        (DecimalType(2), raw(pa.decimal128(2, 0), (1000).to_bytes(16, "little"), 1)),
    ],
)
def test_damaged_columns_are_refused(type_: Type, column: pa.Array) -> None:
    schema, data = batch(type_, [column])
    with pytest.raises(LayoutError) as refused:
        check_layout(data, schema)
    assert refused.value.code is Code.VALUE_SYNTAX
