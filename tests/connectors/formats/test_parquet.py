"""Parquet as connections.md says: section 8, and DEC-51."""

import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.files import BatchSizes, FileCode, FileError
from connectors.formats.parquet import PARQUET
from mapping_lang.batch import Step
from mapping_lang.diagnostics import Code
from mapping_lang.types.kinds import (
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    FloatType,
    IntType,
    JsonType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
)
from mapping_lang.types.values import Json
from tests.connectors.reading import SIZES, Found, read, site, source


async def _read(
    directory: Path,
    table: pa.Table,
    *,
    schema: ObjectType | None = None,
    sizes: BatchSizes = SIZES,
    **options: object,
) -> Found:
    pq.write_table(table, directory / "a.parquet", **options)
    return await read(source("a.parquet", PARQUET), site(directory), schema, sizes=sizes)


_MOMENT = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_BEFORE = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
_UUID = uuid.UUID("8b0b9a1e-0000-4000-8000-00000000abcd")


@pytest.mark.parametrize(
    ("array", "type_", "expected"),
    [
        (pa.array([True, None]), BooleanType(), [True, None]),
        (pa.array([-128, None], pa.int8()), IntType(8), [-128, None]),
        (pa.array([-(2**15), None], pa.int16()), IntType(16), [-(2**15), None]),
        (pa.array([-(2**31), None], pa.int32()), IntType(32), [-(2**31), None]),
        (pa.array([-(2**63), None], pa.int64()), IntType(64), [-(2**63), None]),
        (pa.array([255, None], pa.uint8()), IntType(8, unsigned=True), [255, None]),
        (pa.array([65535, None], pa.uint16()), IntType(16, unsigned=True), [65535, None]),
        (pa.array([2**32 - 1, None], pa.uint32()), IntType(32, unsigned=True), [2**32 - 1, None]),
        (pa.array([2**64 - 1, None], pa.uint64()), IntType(64, unsigned=True), [2**64 - 1, None]),
        (pa.array([1.5, None], pa.float32()), FloatType(32), [1.5, None]),
        (pa.array([0.1, float("-inf")]), FloatType(64), [0.1, float("-inf")]),
        (
            pa.array([Decimal("-9999999.99"), None], pa.decimal128(9, 2)),
            DecimalType(9, 2),
            [Decimal("-9999999.99"), None],
        ),
        (
            pa.array([Decimal("2.50000"), None], pa.decimal256(50, 5)),
            DecimalType(50, 5),
            [Decimal("2.50000"), None],
        ),
        (pa.array(["é😀", "", None]), StringType(), ["é😀", "", None]),
        (pa.array(["x", None], pa.large_string()), StringType(), ["x", None]),
        (pa.array(["r", "g", "r"]).dictionary_encode(), StringType(), ["r", "g", "r"]),
        (pa.array([b"caf\xc3\xa9", None], pa.binary()), StringType(), ["café", None]),
        (pa.array([b"abcd", None], pa.binary(4)), StringType(), ["abcd", None]),
        (pa.array([date.min, date.max, None]), DateType(), [date.min, date.max, None]),
        (pa.array([_MOMENT, None], pa.timestamp("us", "UTC")), DatetimeType(), [_MOMENT, None]),
        (
            pa.array([_MOMENT.replace(tzinfo=None)], pa.timestamp("us")),
            DatetimeType(),
            [_MOMENT],
        ),
        (pa.array([_MOMENT], pa.timestamp("us", "+02:00")), DatetimeType(), [_MOMENT]),
        (
            pa.array([1704164645678], pa.int64()).view(pa.timestamp("ms", "UTC")),
            DatetimeType(),
            [_MOMENT.replace(microsecond=678000)],
        ),
        (
            pa.array([-1, 1704164645678901999, None], pa.int64()).view(pa.timestamp("ns", "UTC")),
            DatetimeType(),
            [_BEFORE, _MOMENT, None],
        ),
        (pa.array([time(1, 2, 3, 4000)], pa.time32("ms")), TimeType(), [time(1, 2, 3, 4000)]),
        (pa.array([time(1, 2, 3, 4), None], pa.time64("us")), TimeType(), [time(1, 2, 3, 4), None]),
        (
            pa.array([3723000004999], pa.int64()).view(pa.time64("ns")),
            TimeType(),
            [time(1, 2, 3, 4)],
        ),
        (pa.array([5, None], pa.duration("us")), IntType(64), [5, None]),
        (
            pa.ExtensionArray.from_storage(pa.uuid(), pa.array([_UUID.bytes, None], pa.binary(16))),
            UuidType(),
            [str(_UUID), None],
        ),
        (
            pa.ExtensionArray.from_storage(
                pa.json_(), pa.array(['{"a":1.50}', "null", None], pa.string())
            ),
            JsonType(),
            [Json('{"a":1.50}'), Json("null"), None],
        ),
    ],
    ids=str,
)
async def test_each_flat_type_is_a_kind(
    tmp_path: Path, array: pa.Array, type_: Type, expected: list[object]
) -> None:
    found = await _read(tmp_path, pa.table({"a": array}))

    assert found.schema == ObjectType((Property("a", type_, nullable=True),))
    assert found.records == [{"a": value} for value in expected]
    assert (found.rejections, found.issues) == ([], ())


async def test_an_int96_is_a_datetime_beyond_the_years_of_nanoseconds(tmp_path: Path) -> None:
    moments = [datetime(1500, 1, 1, tzinfo=UTC), _MOMENT.replace(microsecond=0)]

    found = await _read(
        tmp_path,
        pa.table({"a": pa.array(moments, pa.timestamp("us", "UTC"))}),
        use_deprecated_int96_timestamps=True,
    )

    assert [record["a"] for record in found.records][1] == moments[1]
    assert found.schema == ObjectType((Property("a", DatetimeType(), nullable=True),))


async def test_a_required_column_is_not_nullable(tmp_path: Path) -> None:
    schema = pa.schema([pa.field("a", pa.string(), nullable=False)])

    found = await _read(tmp_path, pa.table({"a": ["x"]}, schema=schema))

    assert found.schema == ObjectType((Property("a", StringType()),))
    assert found.records == [{"a": "x"}]


async def test_what_is_no_flat_column_of_a_known_type_is_an_issue(tmp_path: Path) -> None:
    table = pa.table(
        {
            "a": ["x"],
            "list": [[1]],
            "group": [{"x": 1}],
            "half": pa.array([1.5], pa.float16()),
            "no name": ["x"],
            "nothing": pa.nulls(1),
        }
    )

    found = await _read(tmp_path, table)

    assert [item.name for item in found.schema.properties] == ["a"]
    assert found.issues == (
        "The column «list.list.element» is a part of a group, a list or a map, which are not read",
        "The column «group.x» is a part of a group, a list or a map, which are not read",
        "The column «half» is of the type Float16, which is not read",
        "The column «no name» has a name that no property can have",
        "The column «nothing» is of the type Null, which is not read",
    )


async def test_a_file_without_flat_columns_has_no_columns(tmp_path: Path) -> None:
    with pytest.raises(FileError) as refused:
        await _read(tmp_path, pa.table({"list": [[1]]}))

    assert (refused.value.code, refused.value.step) == (FileCode.NO_COLUMNS, Step.RECEIVE)


async def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], names=["a", "a"])

    with pytest.raises(FileError, match="two columns «a»") as refused:
        await _read(tmp_path, twice)

    assert refused.value.code is FileCode.COLUMN


async def test_a_file_without_rows_has_its_columns(tmp_path: Path) -> None:
    """DEC-51."""
    found = await _read(tmp_path, pa.table({"a": pa.array([], pa.string())}))

    assert (found.records, [item.name for item in found.schema.properties]) == ([], ["a"])


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "brotli", "lz4", "zstd"])
@pytest.mark.parametrize("page_version", ["1.0", "2.0"])
async def test_every_codec_and_page_version_is_read(
    tmp_path: Path, codec: str, page_version: str
) -> None:
    """DEC-51."""
    values = [f"value {i % 7}" for i in range(1_000)]

    found = await _read(
        tmp_path, pa.table({"a": values}), compression=codec, data_page_version=page_version
    )

    assert [record["a"] for record in found.records] == values


async def test_records_are_given_in_batches_of_the_wanted_sizes(tmp_path: Path) -> None:
    table = pa.table({"a": range(2_500), "b": [f"{i:0100}" for i in range(2_500)]})
    expected = [{"b": f"{i:0100}", "a": i} for i in range(2_500)]
    schema = ObjectType(
        (Property("b", StringType(), nullable=True), Property("a", IntType(64), nullable=True))
    )

    by_number = await _read(
        tmp_path, table, schema=schema, sizes=BatchSizes(records=400), row_group_size=900
    )
    by_bytes = await _read(
        tmp_path, table, schema=schema, sizes=BatchSizes(bytes=5_000), use_dictionary=False
    )

    assert by_number.records == by_bytes.records == expected
    assert by_number.num_batches >= 7
    assert by_bytes.num_batches > 20


async def test_what_does_not_fit_fails_its_record_and_no_other(tmp_path: Path) -> None:
    far = 10_000 * 366 * 24 * 60 * 60 * 1000
    table = pa.table(
        {
            "at": pa.array([0, far, None], pa.int64()).view(pa.timestamp("ms", "UTC")),
            "day": pa.array([0, 0, 10_000_000], pa.int32()).view(pa.date32()),
            "text": pa.array([b"\xff", b"ok", b"ok"], pa.binary()),
            "json": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["1", "{", "2"])),
        }
    )

    found = await _read(tmp_path, table)

    assert found.records == [
        {"at": datetime(1970, 1, 1, tzinfo=UTC), "day": date(1970, 1, 1), "json": Json("1")},
        {"day": date(1970, 1, 1), "text": "ok"},
        {"at": None, "text": "ok", "json": Json("2")},
    ]
    assert [(each.position, each.path, each.code) for each in found.rejections] == [
        (0, "text", Code.VALUE_TEXT),
        (1, "at", Code.VALUE_RANGE),
        (2, "day", Code.VALUE_RANGE),
    ]


async def test_narrower_texts_are_enforced(tmp_path: Path) -> None:
    """DEC-40; an empty text is null where it is not listed."""
    schema = ObjectType((Property("a", StringType(values=("x", "y")), nullable=True),))

    found = await _read(tmp_path, pa.table({"a": ["x", "", None, "z"]}), schema=schema)

    assert found.records == [{"a": "x"}, {"a": None}, {"a": None}, {}]
    assert [(each.position, each.code) for each in found.rejections] == [(3, Code.VALUE_NOT_LISTED)]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 100, b"id,email\n1,2\n"])
async def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)

    with pytest.raises(FileError, match="cannot be read as Parquet") as refused:
        await read(source("a.parquet", PARQUET), site(tmp_path))

    assert (refused.value.code, refused.value.step) == (FileCode.FORMAT, Step.RECEIVE)


async def test_a_damaged_page_is_a_clear_error(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"a": [f"{i:050}" for i in range(5_000)]}),
        tmp_path / "a.parquet",
        compression="zstd",
        use_dictionary=False,
        write_page_checksum=True,
    )
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[2_000] ^= 0xFF
    (tmp_path / "a.parquet").write_bytes(content)

    with pytest.raises(FileError, match="cannot be read as Parquet: after record 0"):
        await read(source("a.parquet", PARQUET), site(tmp_path))
