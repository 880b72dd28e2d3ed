"""What a Python guest writes as a row means what it would write as an object."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from runtime.acceptance.accept import accept_results, accept_rows
from runtime.acceptance.writers import writer_for
from runtime.sandbox.interface import Language
from runtime.sandbox.policy.normalise import ResultError
from runtime.sandbox.python_rows import RowWriter
from runtime.sandbox.python_values import accept
from tests.runtime.acceptance.test_accept import written

PY = Language.PYTHON
NAIVE = datetime(2024, 1, 2, 3, 4, 5, 120_000)  # noqa: DTZ001 - functions have naive ones
ID = UUID("550e8400-e29b-41d4-a716-446655440000")


class Text(str):
    __slots__ = ()


TYPES: list[Type] = [
    StringType(), BooleanType(), IntType(8), IntType(64), FloatType(64), FloatType(32),
    DecimalType(10, 2), DatetimeType(), DateType(), TimeType(), YearType(), UuidType(), IpType(),
    JsonType(), ArrayType(IntType(32)), MapType(FloatType(64)), ArrayType(DecimalType(3)),
]  # fmt: skip
VALUES: list[object] = [
    None, "", "é\n\"", "5", "1.50", "NaN", "2024-01-02", "2024-01-02 03:04:05", "2024-01-02T03:04:05",
    "03:04:05", str(ID), "::1", "[1]", "\ud800", Text("sub"), True, False, 0, 5, -1, 2024, 2**63, 10**30,
    10**5000, 1.5, -0.0, math.nan, math.inf, Decimal("1.5"), Decimal("1E+2"), Decimal("NaN"), NAIVE,
    datetime(1, 1, 1),  # noqa: DTZ001
    NAIVE.replace(tzinfo=UTC), NAIVE.date(), date.max, time(3, 4, 5),
    time(3, tzinfo=timezone(timedelta(hours=1))), ID, [], [1, 2], [1.5, None], [True], [math.nan],
    [Decimal(1)], [[]], (1, 2), {1}, b"x", {}, {"k": 1}, {"k": [1.5, {"x": None}]}, {"k": "\ud800"},
    {1: 2}, {"k": math.inf}, {Text("k"): 1}, int, object,
]  # fmt: skip


@cache
def writer(schema: Schema) -> RowWriter:
    return RowWriter(writer_for(schema, PY, preserve_json=False))


def by_row(schema: Schema, result: dict[str, object]) -> object:
    """The outcome of a result that is written as a row; None if it is not."""
    try:
        row = writer(schema).write(result)
    except (ValueError, OverflowError):
        return None
    if row is None:
        return None
    [found] = accept_rows(row + b"\n", [0], Purpose.IMPORT, schema, PY, preserve_json=False)
    return shown(found)


def by_object(schema: Schema, result: dict[str, object]) -> object:
    try:
        text = accept(result)
    except ResultError as error:
        return str(error)
    [found] = accept_results([text], Purpose.IMPORT, schema, PY, preserve_json=False)
    return shown(found)


def shown(outcome: object) -> object:
    if isinstance(outcome, ValueRefusedError):
        return (written(outcome), outcome.message)
    return written(outcome)  # type: ignore[arg-type]  # a record


@pytest.mark.parametrize("type_", TYPES, ids=repr)
def test_whatever_is_returned_means_the_same_as_a_row_and_as_an_object(type_: Type) -> None:
    schema = ObjectType((Property("x", type_), Property("o", ObjectType((Property("y", type_),)))))
    as_rows = 0
    for value in VALUES:
        results: list[dict[str, object]] = [{"x": value, "o": {"y": None}}, {"o": {"y": value}}]
        for result in results:
            found = by_row(schema, result)
            if found is not None:
                as_rows += 1
                assert found == by_object(schema, result), value
    assert as_rows > 2


KEYS = st.sampled_from(["a", "b", "o", "z"])
MEMBERS = st.recursive(
    st.sampled_from([None, "x", 1, True]),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(KEYS, MEMBERS, max_size=4))
@settings(max_examples=300, deadline=None)
def test_properties_that_are_absent_or_unknown_mean_the_same(result: dict[str, object]) -> None:
    inner = ObjectType((Property("a", StringType()), Property("b", IntType(8), nullable=True)))
    schema = ObjectType(
        (Property("a", StringType()), Property("b", BooleanType()), Property("o", inner))
    )
    found = by_row(schema, result)
    if found is not None:
        assert found == by_object(schema, result)


def test_usual_results_are_rows() -> None:
    types = dict(zip("abcdefg", (*TYPES[:3], *TYPES[6:10]), strict=True))
    schema = ObjectType(tuple(Property(name, type_) for name, type_ in types.items()))
    values = ("x", True, 5, Decimal("1.5"), NAIVE, NAIVE.date(), NAIVE.time())
    write = writer(schema).write
    row = b'["x",true,5,"1.5","2024-01-02T03:04:05.120000","2024-01-02","03:04:05.120000"]'
    assert write(dict(zip("abcdefg", values, strict=True))) == row
    assert write(dict(zip("gfedcba", reversed(values), strict=True))) == row
    assert write({"c": 5}) == b"[null,null,5,null,null,null,null,[0,1,3,4,5,6]]"


def test_what_refers_to_itself_is_no_row() -> None:
    schema = ObjectType((Property("j", JsonType()),))
    write = writer(schema).write
    endless: list[object] = []
    endless.append(endless)
    assert write({"j": endless}) is None
    assert write({"j": [[[]]]}) == b"[[[[]]]]"
