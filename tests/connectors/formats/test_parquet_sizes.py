"""Parquet whose few bytes stand for many: pages that are bombs, and texts that are referred to."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.files import FileCode, FileError, FileLimits
from connectors.formats.parquet import PARQUET
from connectors.formats.parquet_pages import MAX_PAGE_BYTES, Page, pages
from connectors.formats.parquet_sizes import MOST_BYTES, parts
from connectors.formats.thrift import ThriftError
from mapping_lang.types.kinds import ObjectType, Property, StringType
from tests.connectors.reading import Found, read, site, source

LIMITS = FileLimits()
TEXT = ObjectType((Property("a", StringType(), nullable=True),))


def _number(value: int) -> bytes:
    """Write a number of a header: zigzag, seven bits at a time."""
    value = (value << 1) ^ (value >> 63)
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*parts, value))


def _page(unpacked: int, packed: int, values: int, *, dictionary: bool = False) -> bytes:
    member, kind = (b"\x4c", 2) if dictionary else (b"\x2c", 0)
    sizes = b"\x15" + _number(kind) + b"\x15" + _number(unpacked) + b"\x15" + _number(packed)
    return sizes + member + b"\x15" + _number(values) + b"\0\0" + bytes(max(packed, 0))


def _pages(content: bytes, values: int, limits: FileLimits = LIMITS) -> list[Page]:
    return list(pages(io.BytesIO(content), 0, len(content), values, limits))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_pages_are_those_that_a_writer_writes(version: str) -> None:
    texts = [str(index % 5_000) for index in range(60_000)]
    written = io.BytesIO()
    pq.write_table(pa.table({"a": texts}), written, data_page_version=version)
    chunk = pq.ParquetFile(written).metadata.row_group(0).column(0)
    start = chunk.dictionary_page_offset

    found = list(pages(written, start, start + chunk.total_compressed_size, 60_000, LIMITS))

    assert sum(page.num_values for page in found) == 60_000
    assert [page.is_dictionary for page in found] == [True] + [False] * (len(found) - 1)
    assert found[0].unpacked_bytes == sum(4 + len(text) for text in set(texts))


def test_what_follows_the_last_value_is_not_looked_at() -> None:
    content = _page(9, 3, 0, dictionary=True) + _page(8, 5, 4) + b"\xff" * 9
    assert _pages(content, 4) == [
        Page(unpacked_bytes=9, num_values=0, is_dictionary=True, at=11, packed_bytes=3),
        Page(unpacked_bytes=8, num_values=4, is_dictionary=False, at=25, packed_bytes=5),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            _page(MAX_PAGE_BYTES + 1, MAX_PAGE_BYTES // 400, 1)[:40],
            "The file has a page of 268,435,457 bytes, expected at most 268,435,456",
        ),
        (
            _page(2**27, 1_000, 1),
            (
                "The file has a page of 1,000 bytes that becomes 134,217,728: one that becomes more"
                " than 500 times as large is not unpacked"
            ),
        ),
    ],
)
def test_a_page_that_becomes_too_much_is_not_unpacked(content: bytes, message: str) -> None:
    with pytest.raises(FileError) as refused:
        _pages(content, 1)

    assert (refused.value.code, refused.value.message) == (FileCode.LIMIT, message)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"\x15",
        b"\x15" + b"\xff" * 20,
        _page(-1, 5, 1),
        _page(5, -1, 1),
        b"\x2c" * 50,
        b"\x18\xff\xff\xff\x7f",
    ],
)
def test_what_is_no_page_is_an_error(content: bytes) -> None:
    with pytest.raises(ThriftError):
        _pages(content, 1)


def _repeated(text: str, records: int) -> pa.Table:
    indices = pa.nulls(records, pa.int32()).fill_null(0)
    ids = pa.array([str(index) for index in range(records)])
    return pa.table({"id": ids, "a": pa.DictionaryArray.from_arrays(indices, pa.array([text]))})


async def _read(directory: Path, table: pa.Table) -> Found:
    pq.write_table(table, directory / "a.parquet", dictionary_pagesize_limit=2**28)
    return await read(source("a.parquet", PARQUET), site(directory), TEXT)


def _divided(lengths: list[int | None], indices: list[int | None]) -> list[int]:
    """Give how many records each part has."""
    texts = pa.array([None if length is None else "x" * length for length in lengths])
    column = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), texts)
    data = pa.record_batch({"id": pa.array(range(len(indices))), "a": column})
    limits = FileLimits(record_bytes=2 * MOST_BYTES)
    divided = list(parts(data, 0, limits))
    assert pa.Table.from_batches(divided) == pa.Table.from_batches([data])
    return [part.num_rows for part in divided]


def test_records_that_refer_to_a_long_text_come_few_at_a_time() -> None:
    third = MOST_BYTES // 3
    assert _divided([third, 1], [0] * 7) == [3, 3, 1]
    assert _divided([third, 1], [0, 1, None, 1, 0, 1, 0, 1]) == [6, 2]
    assert _divided([third, 1], [1] * 7) == [7]
    assert _divided([MOST_BYTES + 1], [0, None, 0]) == [1, 1, 1]


async def test_a_text_that_is_no_text_of_a_record_is_named(tmp_path: Path) -> None:
    table = pa.table({"a": ["short", None, "y" * (LIMITS.record_bytes + 1)]})
    with pytest.raises(FileError) as refused:
        await _read(tmp_path, table)

    assert refused.value.code is FileCode.LIMIT
    assert refused.value.message == (
        "The record 3 of the file has a text of 16,777,217 bytes, expected at most 16,777,216"
    )


async def test_a_file_that_becomes_too_much_is_given_up(tmp_path: Path) -> None:
    size = (tmp_path / "a.parquet").stat
    with pytest.raises(FileError) as refused:
        await _read(tmp_path, _repeated("x" * 2**20, 10_000))

    assert refused.value.code is FileCode.LIMIT
    assert refused.value.message.endswith(
        f" bytes came out of a file of {size().st_size:,}: one that becomes more than 500 times as"
        " large is not read"
    )
