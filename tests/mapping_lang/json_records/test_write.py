from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from mapping_lang.batch import Batch
from mapping_lang.json_records import write
from mapping_lang.json_records.write import write_records
from mapping_lang.types.codec.encode import encoder_for
from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    Schema,
    StringType,
    TimeType,
    Type,
)
from mapping_lang.types.values import Json, Record
from tests import strategies


def written(schema: Schema, records: Sequence[Record]) -> list[bytes]:
    return list(write_records(Batch.from_records(schema, records)))


@given(strategies.schemas_and_records())
@settings(max_examples=80, deadline=None)
def test_records_are_written_as_the_codec_writes_them(
    schema_and_records: tuple[Schema, list[Record]],
) -> None:
    schema, records = schema_and_records
    assert written(schema, records) == [encoder_for(schema).encode_array(records)]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (
            StringType(),
            ["", "plain", "é日🐈", 'a"b', "a\\b", "\x00", "\x1f", "\x7f", "\u2028", "/"],
        ),
        (StringType(), ["only", "plain", "ones"]),
        (IntType(64), [0, -(2**63), 2**63 - 1]),
        (IntType(64, unsigned=True), [2**64 - 1]),
        (FloatType(64), [0.0, -0.0, 1.0, 0.1, 1e-5, 999999.5, 1e6, 1e300, 5e-324, float("nan")]),
        (FloatType(32), [0.5, 0.10000000149011612, 16777216.0, float("-inf")]),
        (DatetimeType(), [datetime(2024, 1, 2, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]),
        (DatetimeType(), [datetime(2024, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC)] * 2),
        (DatetimeType(), [datetime(2024, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)] * 2),
        (
            DatetimeType(),
            [datetime(2024, 1, 2, 3, 4, 5, n, tzinfo=UTC) for n in (0, 1, 100, 1_000, 500_000)],
        ),
        (DatetimeType(), [datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)]),
        (TimeType(), [time(0), time(1, 2, 3, 400_000), time(23, 59, 59, 999_999)]),
        (TimeType(), [time(12, 30)]),
        (JsonType(), [Json("null"), Json("1e3"), Json('{"a":1}')]),
        (JsonType(), [Json('{ "a" : [ 1 , "x y" ] }'), Json('"a b"'), Json("1\n")]),
        (ArrayType(StringType()), [[], ["a", 'b"'], [""]]),
        (ArrayType(ArrayType(IntType(32))), [[], [[]], [[1, 2], []]]),
        (MapType(IntType(32)), [{}, {"b": 1, "a": 2}, {'"': 3}]),
    ],
)
def test_values_are_written_as_the_codec_writes_them(type_: Type, values: list[Any]) -> None:
    schema = ObjectType((Property("p", type_, nullable=True, read_optional=True),))
    for records in (
        [{"p": value} for value in values],
        [{"p": None}, *({"p": value} for value in values), {}],
    ):
        assert written(schema, records) == [encoder_for(schema).encode_array(records)]


def test_decimals_are_written_without_superfluous_zeros() -> None:
    schema = ObjectType((Property("d", DecimalType(38, 10)),))
    batch = Batch.from_records(schema, [{"d": Decimal(n)} for n in ("1.50", "0", "1e-9")])
    assert list(write_records(batch)) == [b'[{"d":1.5},{"d":0},{"d":0.000000001}]']


def test_no_records_are_an_empty_array() -> None:
    assert written(ObjectType((Property("a", StringType()),)), []) == [b"[]"]


def test_many_records_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "PART_BYTES", 100)
    schema = ObjectType(
        (Property("text", StringType()), Property("o", ObjectType((Property("n", IntType(8)),))))
    )
    records: list[Record] = [{"text": f"a{n}" * n, "o": {"n": n}} for n in range(20)]
    found = written(schema, records)
    assert len(found) > 2
    assert b"[" + b",".join(part[1:-1] for part in found) + b"]" == encoder_for(
        schema
    ).encode_array(records)
