import io
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mapping_lang.types.kinds import (
    ArrayType,
    DatetimeType,
    DateType,
    DecimalType,
    IntType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    UuidType,
)
from runtime.standalone.outcome import UnreadableError
from runtime.standalone.records.interface import ReadOptions
from runtime.standalone.records.parquet_records import PARQUET
from tests.runtime.standalone.inputs import object_of, outcomes, read_all, source_of

ID = uuid.UUID("0f0e0d0c-0b0a-0908-0706-050403020100")


def parquet(table: pa.Table, **options: object) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def test_columns_become_properties_by_name() -> None:
    schema = object_of(
        n=IntType(32),
        s=StringType(),
        d=DecimalType(10, 2),
        at=DatetimeType(),
        local=DatetimeType(),
        day=DateType(),
        t=TimeType(),
        u=UuidType(),
        tags=ArrayType(StringType()),
        o=object_of(x=IntType(32), y=DatetimeType()),
        m=MapType(IntType(32)),
    )
    moment = datetime(2024, 2, 29, 10, 30, 0, 123456, tzinfo=UTC)
    table = pa.table(
        {
            "n": pa.array([7], pa.int16()),
            "s": pa.array(["é"]).dictionary_encode(),
            "d": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
            "at": pa.array([moment], pa.timestamp("us", "Europe/Rome")),
            # Nanoseconds are cut (DEC-10).
            "local": pa.array([1_709_202_600_123_456_789], pa.timestamp("ns")),
            "day": pa.array([date(2024, 2, 29)]),
            "t": pa.array([1_000_000], pa.time64("ns")),
            "u": pa.array([ID.bytes], pa.binary(16)),
            "tags": pa.array([["a", "b"]]),
            "o": pa.array([{"x": 1, "y": moment}]),
            "m": pa.array([[("k", 3)]], pa.map_(pa.string(), pa.int64())),
        }
    )
    assert outcomes(read_all(PARQUET, parquet(table), schema)) == [
        (
            1,
            None,
            {
                "n": 7,
                "s": "é",
                "d": Decimal("1.50"),
                "at": moment,
                "local": moment,
                "day": date(2024, 2, 29),
                "t": time(0, 0, 0, 1000),
                "u": str(ID),
                "tags": ["a", "b"],
                "o": {"x": 1, "y": moment},
                "m": {"k": 3},
            },
        )
    ]


def test_a_value_that_does_not_fit_is_a_rejection_of_its_record() -> None:
    schema = ObjectType((Property("n", IntType(8)), Property("s", StringType(), nullable=True)))
    table = pa.table({"n": [1, 1000, None, 2], "s": ["a", "b", "c", None]})
    assert outcomes(read_all(PARQUET, parquet(table, row_group_size=2), schema)) == [
        (1, None, {"n": 1, "s": "a"}),
        (2, None, "validate input", "V205", "n", "1000 is greater than the maximum 127"),
        (3, None, "validate input", "V212", "n", "found null, expected int(8)"),
        (4, None, {"n": 2, "s": None}),
    ]


def test_other_columns_are_not_read() -> None:
    options = ReadOptions()
    table = pa.table({"other": pa.array([None], pa.null()), "n": [1]})
    assert outcomes(read_all(PARQUET, parquet(table), object_of(n=IntType(32)), options)) == [
        (1, None, {"n": 1})
    ]
    assert list(options.ignored.seen) == ["other"]


def test_a_file_without_rows_has_no_records() -> None:
    # DEC-51
    table = pa.table({"n": pa.array([], pa.int32())})
    assert read_all(PARQUET, parquet(table), object_of(n=IntType(32))) == []


def test_a_column_that_every_record_needs_has_to_be_there() -> None:
    with pytest.raises(UnreadableError, match="has no column «name»") as error:
        read_all(PARQUET, parquet(pa.table({"nome": ["x"]})), object_of(name=StringType()))
    assert error.value.hint == "did you mean «nome»?"


@pytest.mark.parametrize("kept", [0, 4, 50, 200])
def test_a_damaged_file_is_told_from_bad_records(kept: int) -> None:
    whole = parquet(pa.table({"n": list(range(1000))}))
    with pytest.raises(UnreadableError, match="cannot be read as Parquet"):
        read_all(PARQUET, whole[:kept], object_of(n=IntType(32)))


def test_a_pipe_is_put_into_a_file_first() -> None:
    with source_of(parquet(pa.table({"n": [1, 2]}))) as source:
        source.is_live = True
        items = list(PARQUET.open(source, object_of(n=IntType(32)), ReadOptions()))
    assert outcomes(items) == [(1, None, {"n": 1}), (2, None, {"n": 2})]
