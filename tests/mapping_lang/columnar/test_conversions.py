"""Every kernel of a conversion gives what the scalar function gives, or is in doubt."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random
from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_lang.columnar.conversions.registry import CONVERSION_KERNELS, conversion_kernel
from mapping_lang.types.arrow.read import to_values
from mapping_lang.types.arrow.write import to_array
from mapping_lang.types.convert.convert import converter
from mapping_lang.types.convert.table import can_convert
from mapping_lang.types.errors import ValueRefusedError
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
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
    kind_name,
)
from mapping_lang.types.values import Json
from tests.mapping_lang.columnar.columns import column
from tests.mapping_lang.columnar.forms import NASTY
from tests.mapping_lang.columnar.programs import random_type
from tests.strategies import canonical

STRING = StringType()

REFUSED: Final = object()
ROUNDS = 40
COUNT = 40


def check(array: pa.Array, source: Type, target: Type) -> int:
    """Compare kernel and scalar function on a column; give how many values are in doubt."""
    kernel = conversion_kernel(source, target)
    if kernel is None:
        return len(array)
    done = kernel(array)
    convert = converter(source, target)
    found = to_values(done.values, target)
    doubts = [False] * len(array) if done.doubt is None else done.doubt.to_pylist()
    for value, result, doubt in zip(to_values(array, source), found, doubts, strict=True):
        if not doubt:
            assert canonical(result) == canonical(outcome(convert, value)), (value, target)
        else:
            assert value is not None
    return sum(doubts)


def outcome(convert: Callable[[Any], Any], value: object) -> object:
    try:
        return convert(value)
    except ValueRefusedError:
        return REFUSED


def type_of_kind(chance: Random, kind: type[Type]) -> Type:
    while not isinstance(found := random_type(chance, 1), kind):
        pass
    return found


@pytest.mark.parametrize(
    ("source_kind", "target_kind"),
    CONVERSION_KERNELS,
    ids=lambda kind: kind.__name__.removesuffix("Type").lower(),
)
def test_a_kernel_gives_what_the_scalar_function_gives_or_doubts(
    source_kind: type[Type], target_kind: type[Type]
) -> None:
    for seed in range(ROUNDS):
        chance = Random(seed)  # noqa: S311  repeatable on purpose
        source, target = type_of_kind(chance, source_kind), type_of_kind(chance, target_kind)
        if not can_convert(source, target):
            continue
        values = column(chance, source, COUNT, target)
        nulls = chance.choice((0.0, 0.0, 0.2))
        array = to_array([None if chance.random() < nulls else value for value in values], source)
        check(array, source, target)
        check(array[7:31], source, target)
        check(array[:0], source, target)
        check(to_array([None] * 3, source), source, target)


TELLING: Final = "019-+.:TZ eExX\0٣"
"""What the grammars of Arrow and ours are most likely to disagree about."""


def mutations(text: str, pieces: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Put every piece in every place, instead of so many characters."""
    return [
        text[:place] + piece + text[place + width :]
        for place in range(len(text) + 1)
        for piece in pieces
        for width in widths
    ]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("2024-10-31", DateType()),
        ("0000-01-01", DateType()),
        ("2023-02-29", DateType()),
        ("2024-10-31T23:59:58.123Z", DatetimeType()),
        ("2024-10-31T23:59:58Z", DatetimeType()),
        ("2024-10-31T23:59:58+01:30", DatetimeType()),
        ("2024-10-31T23:59:58.123456-00:00", DatetimeType()),
        ("2024-10-31 23:59Z", DatetimeType()),
        ("2024-10-31T23:59:00000Z", DatetimeType()),
        ("0001-01-01T00:00:00+00:01", DatetimeType()),
        ("9999-12-31T23:59:59-00:01", DatetimeType()),
        ("23:59:58.123", TimeType()),
        ("23:59", TimeType()),
        ("127", IntType(8)),
        ("-90", IntType(32)),
        ("0x1F", IntType(32)),
        ("90", IntType(64, unsigned=True)),
        ("9223372036854775807", IntType(64)),
        ("2024", YearType()),
        ("-12.50", DecimalType(6, 2)),
        ("0.05", DecimalType(6, 2)),
        (".5", DecimalType(6, 2)),
        ("1e2", DecimalType(6, 2)),
        ("007", DecimalType(6, 2)),
        ("0.05", DecimalType(40, 2)),
        ("1.5e-7", FloatType(64)),
        ("NaN", FloatType(64)),
        ("-infinity", FloatType(64)),
        ("1e308", FloatType(64)),
        ("1e38", FloatType(32)),
        ("true", BooleanType()),
        ("550e8400-e29b-41d4-a716-446655440000", UuidType()),
        ("1.20.255.4", IpType()),
        ('a"b', JsonType()),
    ],
)
def test_texts_that_are_nearly_right_are_read_as_one_by_one(text: str, target: Type) -> None:
    check(pa.array(mutations(text, ["", *map(chr, range(128)), *NASTY], (0, 1))), STRING, target)
    # Guards look at whole columns: here each text is one.
    for one in mutations(text, TELLING, (1,)):
        check(pa.array([one]), STRING, target)


@pytest.mark.parametrize(
    ("source", "target", "values"),
    [
        (STRING, StringType(max_length=3), ["a", "éé", None, "abc"]),
        (STRING, StringType(max_bytes=4), ["a", "éé", None]),
        (STRING, StringType(values=("a", "b")), ["a", "b", "", None]),
        (STRING, StringType(pattern="^[a-z]*$"), ["a", "bb", ""]),
        (STRING, StringType(pattern="^[a-z]+$"), ["a", "bb", ""]),
        (STRING, BooleanType(), ["true", "No", "", None]),
        (STRING, IntType(32), ["1", "-5", "007", "", None]),
        (STRING, IntType(64, unsigned=True), ["1", str(2**64 - 1)]),
        (STRING, FloatType(64), ["1.5", "-1e-7", "", "3"]),
        (STRING, FloatType(32), ["1.5", "0.1"]),
        (STRING, DecimalType(12, 2), ["1.50", "0.5", "-3", "+1e3", None, ""]),
        (STRING, DecimalType(40, 2), ["1.50", "0.5"]),
        (STRING, DatetimeType(), ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.125Z", ""]),
        (STRING, DatetimeType(), ["2024-01-02T03:04:05+01:00", None, "2024-01-02T03:04:05-01:00"]),
        (STRING, DateType(), ["2024-02-29", "0001-01-01", None, "9999-12-31", ""]),
        (STRING, TimeType(), ["03:04:05", "03:04:05.125", ""]),
        (STRING, YearType(), ["1", "2024", ""]),
        (STRING, UuidType(), ["550e8400-e29b-41d4-a716-446655440000", ""]),
        (STRING, UuidType(), ["550E8400-e29b-41d4-a716-446655440000"]),
        (STRING, IpType(), ["1.2.3.4", ""]),
        (STRING, JsonType(), ["a b é", "", None]),
        (BooleanType(), STRING, [True, None, False]),
        (BooleanType(), IntType(8), [True, False]),
        (BooleanType(), JsonType(), [True, False]),
        (IntType(8), BooleanType(), [0, -1, None]),
        (IntType(64), IntType(8), [1, -128, None]),
        (IntType(64), FloatType(32), [2**63 - 1, 16_777_217]),
        (IntType(64), DecimalType(76, 10), [2**63 - 1, -(2**63)]),
        (IntType(32), YearType(), [1, 9999]),
        (IntType(32), STRING, [-1, 5]),
        (IntType(32), JsonType(), [-1, 5]),
        (FloatType(64), IntType(64), [-2.5, 2.5, 0.49999999999999994, -(2.0**63)]),
        (FloatType(64), FloatType(32), [0.1, 1e39, -0.0]),
        (FloatType(64), STRING, [0.1, 999_999.5, -0.0, 12.0]),
        (FloatType(32), JsonType(), [0.5, 12.0]),
        (DecimalType(12, 2), STRING, [Decimal("1.50"), Decimal(0), Decimal(100)]),
        (DecimalType(12, 2), JsonType(), [Decimal("1.50"), None]),
        (DecimalType(12, 2), IntType(8), [Decimal("1.00"), Decimal(-128)]),
        (DecimalType(12, 2), FloatType(64), [Decimal("1.10")]),
        (DecimalType(12, 2), DecimalType(3, 1), [Decimal("1.10"), Decimal("-99.9")]),
        (DatetimeType(), DateType(), [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None]),
        (DatetimeType(), TimeType(), [datetime(1969, 12, 31, 23, 59, 59, 5, tzinfo=UTC)]),
        (DatetimeType(), STRING, [datetime(1, 1, 1, tzinfo=UTC)]),
        (DatetimeType(), JsonType(), [datetime(1, 1, 1, 1, 2, 3, 450_000, tzinfo=UTC), None]),
        (DateType(), DatetimeType(), [date(1, 1, 1), date(9999, 12, 31)]),
        (DateType(), STRING, [date(1, 1, 1)]),
        (DateType(), JsonType(), [date(1, 1, 1), None]),
        (TimeType(), STRING, [time(1, 2, 30), time(1, 2, 3, 400_000)]),
        (TimeType(), JsonType(), [time(1, 2, 30)]),
        (YearType(), IntType(16), [1, 9999]),
        (YearType(), STRING, [1, 9999]),
        (YearType(), JsonType(), [1]),
        (UuidType(), STRING, ["550e8400-e29b-41d4-a716-446655440000"]),
        (UuidType(), JsonType(), ["550e8400-e29b-41d4-a716-446655440000"]),
        (IpType(), STRING, ["::1"]),
        (IpType(), JsonType(), ["::1", None]),
        (JsonType(), STRING, [Json('"a é"'), Json("5.00"), Json("true"), Json("null"), None]),
        (JsonType(), BooleanType(), [Json("true"), Json("null")]),
        (JsonType(), IntType(32), [Json("5"), Json("-5"), Json("null")]),
        (JsonType(), FloatType(64), [Json("5"), Json("-5e3")]),
        (JsonType(), DecimalType(12, 2), [Json("5"), Json("-0.25")]),
        (JsonType(), DatetimeType(), [Json('"2024-01-02T03:04:05Z"')]),
        (JsonType(), DateType(), [Json('"2024-01-02"'), Json("null")]),
        (JsonType(), TimeType(), [Json('"03:04:05"')]),
        (JsonType(), YearType(), [Json("2024")]),
        (JsonType(), UuidType(), [Json('"550e8400-e29b-41d4-a716-446655440000"')]),
        (JsonType(), IpType(), [Json('"1.2.3.4"')]),
        (ArrayType(IntType(8)), JsonType(), [[1, 2], [], None, [3]]),
        (ArrayType(ArrayType(STRING)), JsonType(), [[["a"], []], [[]]]),
    ],
    ids=lambda item: kind_name(item) if hasattr(item, "__dataclass_fields__") else "",
)
def test_usual_values_are_not_doubted(source: Type, target: Type, values: list[Any]) -> None:
    array = to_array(values, source)
    assert check(array, source, target) == 0
    assert check(to_array([*values, *values], source)[len(values) :], source, target) == 0


def test_every_pair_of_kinds_with_a_kernel_is_in_the_table_above() -> None:
    marks = test_usual_values_are_not_doubted.pytestmark
    tested = {(type(source), type(target)) for source, target, _ in marks[0].args[1]}
    same = {
        (source, target)
        for source, target in CONVERSION_KERNELS
        if source is target and source is not StringType
    }
    assert tested | same == CONVERSION_KERNELS.keys() | {(DecimalType, DecimalType)}


DECIMAL_TEXTS = st.from_regex(r"\A[+-]?[0-9]{0,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,3})?\Z")


@given(st.lists(DECIMAL_TEXTS, min_size=1, max_size=5), st.sampled_from([32, 64]))
def test_floats_are_rounded_once(texts: list[str], bit_size: int) -> None:
    check(pa.array(texts), STRING, FloatType(bit_size))


@given(st.lists(st.floats(width=64), min_size=1, max_size=8))
def test_floats_are_written_alike(values: list[float]) -> None:
    for target in (STRING, JsonType()):
        check(pa.array(values), FloatType(64), target)


@given(st.lists(st.floats(width=32), min_size=1, max_size=8))
def test_floats_of_32_bits_are_written_alike(values: list[float]) -> None:
    for target in (STRING, JsonType()):
        check(pa.array(values, pa.float32()), FloatType(32), target)


@given(
    st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str), max_size=5),
    st.integers(1, 76),
    st.integers(0, 37),
)
def test_decimals_are_read_alike(texts: list[str], precision: int, scale: int) -> None:
    check(pa.array(texts, pa.string()), STRING, DecimalType(precision, min(scale, precision)))
