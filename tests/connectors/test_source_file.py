"""Files as runs and people read them: FILE-6, FILE-20, RUN-25, RUN-29."""

import asyncio
import gc
import io
import os
import threading
import zipfile
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from connectors.files import BatchSizes, Compression, FileCode, FileError
from connectors.formats.csv import CSV
from connectors.formats.json import JSON
from connectors.interface import Connector, ConnectorType
from connectors.source_file import SourceFile, open_file, preview, sheets
from mapping_lang.batch import Step
from mapping_lang.types.kinds import IntType, ObjectType, Property, StringType, Type
from tests.connectors.reading import NOW, Found, now, read, site, source

SETTINGS = {"separator": ",", "hasColumnNames": True}
CONTENT = b"id,email\n" + b"".join(b"%d,user%d@example.com\n" % (i, i) for i in range(5_000))
MOMENT = datetime(2024, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)


def _written(root: Path, content: bytes, modified_at: datetime = MOMENT) -> SourceFile:
    (root / "a.csv").write_bytes(content)
    nanoseconds = (modified_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    os.utime(root / "a.csv", ns=(0, nanoseconds * 1000))
    return source("a.csv", CSV, SETTINGS)


class _InMemory:
    """A file of a storage that nobody else has."""

    size: int | None = None
    version = ""
    local: BinaryIO | None = None

    def __init__(self, content: bytes, modified_at: datetime | None = None) -> None:
        self._content = io.BytesIO(content)
        self.modified_at = modified_at
        self.is_closed = False

    async def read(self, size: int, /) -> bytes:
        return self._content.read(size)

    async def check(self) -> None:
        return


class _Waiting(_InMemory):
    """A file whose next bytes never come."""

    def __init__(self, is_waited_for: threading.Event) -> None:
        super().__init__(b"")
        self._is_waited_for = is_waited_for

    async def read(self, size: int, /) -> bytes:
        self._is_waited_for.set()
        await asyncio.get_running_loop().create_future()
        return b""


class _Held(_InMemory):
    """A file of two parts, of which the second comes when it is let go."""

    def __init__(self, first: bytes, second: bytes) -> None:
        super().__init__(first)
        self._second = second
        self._let_go: Future[None] = Future()

    def let_go(self) -> None:
        self._let_go.set_result(None)

    async def read(self, size: int, /) -> bytes:
        if chunk := await super().read(size):
            return chunk
        await asyncio.wrap_future(self._let_go)
        rest, self._second = self._second, b""
        return rest


class _Endless(_InMemory):
    """A file that always has more."""

    given = 0

    async def read(self, size: int, /) -> bytes:
        start = self.given % 4
        self.given += size
        return (b"x,a\n" * (size // 4 + 2))[start : start + size]


class _OneFile:
    """A storage of one file."""

    def __init__(self, file: _InMemory) -> None:
        self.file = file

    def absolute_path(self, path: str) -> str:
        return path

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator[_InMemory]:
        try:
            yield self.file
        finally:
            self.file.is_closed = True

    async def write(self, path: str, chunks: AsyncIterator[bytes], content_type: str) -> None:
        raise AssertionError(path)


def _stored_in(storage: _OneFile) -> SourceFile:
    connector = Connector(
        code="memory",
        label="Memory",
        type=ConnectorType.FILE_STORAGE,
        roles={},
        storage=lambda *_: storage,
    )
    return replace(source("a.csv", CSV, SETTINGS), storage=connector)


def _zip(content: bytes, when: tuple[int, int, int, int, int, int]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.csv", when), content)
    return buffer.getvalue()


async def _modified_at(given: SourceFile, root: Path) -> datetime:
    async with open_file(given, site(root), now) as file:
        return file.modified_at


async def _refused(given: SourceFile, root: Path, schema: ObjectType | None = None) -> FileError:
    with pytest.raises(FileError) as refused:
        await read(given, site(root), schema)
    return refused.value


async def test_the_time_of_a_file_is_that_of_its_storage(tmp_path: Path) -> None:
    assert await _modified_at(_written(tmp_path, CONTENT), tmp_path) == MOMENT


async def test_the_time_of_an_archive_is_that_of_what_is_in_it(tmp_path: Path) -> None:
    """RUN-25."""
    given = _written(tmp_path, _zip(CONTENT, (2023, 1, 2, 3, 4, 6)))

    found = await _modified_at(replace(given, compression=Compression.ZIP), tmp_path)

    assert found == datetime(2023, 1, 2, 3, 4, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "modified_at", [datetime(1900, 1, 1, tzinfo=UTC), NOW, NOW + timedelta(minutes=5)]
)
async def test_a_file_of_a_possible_time_is_read(tmp_path: Path, modified_at: datetime) -> None:
    """FILE-6."""
    given = _stored_in(_OneFile(_InMemory(CONTENT, modified_at)))

    assert await _modified_at(given, tmp_path) == modified_at


@pytest.mark.parametrize(
    "modified_at",
    [
        datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC),
        NOW + timedelta(minutes=5, microseconds=1),
    ],
)
async def test_a_file_of_an_impossible_time_is_refused(
    tmp_path: Path, modified_at: datetime
) -> None:
    """FILE-6."""
    error = await _refused(_stored_in(_OneFile(_InMemory(CONTENT, modified_at))), tmp_path)

    assert (error.code, error.step) == (FileCode.MODIFIED_AT, Step.VALIDATE_INPUT)


async def test_what_cannot_be_opened_counts_as_input_validation(tmp_path: Path) -> None:
    """RUN-29."""
    missing = await _refused(source("no.csv", CSV, SETTINGS), tmp_path)
    given = _written(tmp_path, CONTENT)
    no_gzip = await _refused(replace(given, compression=Compression.GZIP), tmp_path)
    no_zip = await _refused(replace(given, compression=Compression.ZIP), tmp_path)

    found = [(error.code, error.step) for error in (missing, no_gzip, no_zip)]
    assert found == [
        (FileCode.NOT_FOUND, Step.VALIDATE_INPUT),
        (FileCode.COMPRESSION, Step.VALIDATE_INPUT),
        (FileCode.COMPRESSION, Step.VALIDATE_INPUT),
    ]


def _schema(name: str, type_: Type, **flags: bool) -> ObjectType:
    return ObjectType((Property(name, type_, **flags),))  # type: ignore[arg-type]  # flags only


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            _schema("mail", StringType()),
            "there is no column «mail»; the file has «id», «email»",
        ),
        (_schema("email", IntType(32)), "`kind` of «email» was int(32) and is now string"),
        (
            _schema("email", StringType(), nullable=True),
            "`nullable` of «email» was true and is now false",
        ),
        (
            _schema("email", StringType(), read_optional=True),
            "`readOptional` of «email» was true and is now false",
        ),
    ],
)
async def test_a_schema_that_is_not_aligned_is_refused(
    tmp_path: Path, schema: ObjectType, message: str
) -> None:
    """FILE-20, PIPE-140, RUN-29."""
    error = await _refused(_written(tmp_path, CONTENT), tmp_path, schema)

    assert (error.code, error.step) == (FileCode.NOT_ALIGNED, Step.VALIDATE_INPUT)
    assert message in error.message


async def test_the_wanted_columns_are_given_in_their_own_order(tmp_path: Path) -> None:
    schema = ObjectType((Property("email", StringType()), Property("id", StringType())))

    found = await read(_written(tmp_path, b"id,email,more\n1,a,x\n"), site(tmp_path), schema)

    assert [list(record.items()) for record in found.records] == [[("email", "a"), ("id", "1")]]


async def test_a_file_that_changes_while_it_is_read_ends_with_an_error(tmp_path: Path) -> None:
    given = _written(tmp_path, CONTENT)
    found = Found(ObjectType(()))

    with pytest.raises(FileError, match="was changed while it was read") as refused:
        await _read_and_change(given, tmp_path, found)

    assert (refused.value.code, refused.value.step) == (FileCode.CHANGED, Step.RECEIVE)


async def _read_and_change(given: SourceFile, root: Path, found: Found) -> None:
    async with (
        open_file(given, site(root), now) as file,
        aclosing(file.batches(file.schema, BatchSizes(records=10))) as batches,
    ):
        async for batch in batches:
            found.records += batch.batch.to_records()
            os.utime(root / "a.csv")


@pytest.mark.parametrize(
    ("limit", "expected"), [(0, 0), (1, 1), (4_999, 4_999), (5_000, 5_000), (9_999, 5_000)]
)
async def test_a_preview_has_as_many_records_as_are_asked_for(
    tmp_path: Path, limit: int, expected: int
) -> None:
    found = await preview(_written(tmp_path, CONTENT), site(tmp_path), now, limit)

    assert found.schema == ObjectType(
        (Property("id", StringType()), Property("email", StringType()))
    )
    assert [record["id"] for record in found.batch.to_records()] == [
        str(i) for i in range(expected)
    ]


async def test_a_preview_of_a_malformed_file_is_an_error(tmp_path: Path) -> None:
    given = _written(tmp_path, b"id,email\n1,a\n2\n")

    assert (await preview(given, site(tmp_path), now, 1)).batch.num_records == 1
    with pytest.raises(FileError):
        await preview(given, site(tmp_path), now, 2)


async def test_a_format_without_sheets_lists_none(tmp_path: Path) -> None:
    assert await sheets(_written(tmp_path, CONTENT), site(tmp_path), now) == ()


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("reading")]


async def _until_no_thread_reads() -> None:
    while _threads():  # noqa: ASYNC110 - threads tell nobody that they end
        await asyncio.sleep(0.005)


async def test_a_reader_that_stops_early_leaves_nothing_open(tmp_path: Path) -> None:
    given = _written(tmp_path, CONTENT * 20)
    async with (
        open_file(given, site(tmp_path), now) as file,
        aclosing(file.batches(file.schema, BatchSizes(records=10))) as batches,
    ):
        await anext(batches)

    # Unclosed files are warnings, and those are errors.
    gc.collect()
    async with asyncio.timeout(10):
        await _until_no_thread_reads()


async def test_a_run_that_is_cancelled_does_not_wait_for_a_storage(tmp_path: Path) -> None:
    is_waited_for = threading.Event()
    storage = _OneFile(_Waiting(is_waited_for))
    given = _stored_in(storage)
    reading = asyncio.create_task(read(given, site(tmp_path)))
    await asyncio.to_thread(is_waited_for.wait, 10)

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert storage.file.is_closed
    async with asyncio.timeout(10):
        await _until_no_thread_reads()


def _flushed(*parts: bytes) -> tuple[bytes, ...]:
    """Pack parts so that what packed them holds none of them back."""
    packing = zlib.compressobj(wbits=31)
    *firsts, last = parts
    flushed = (packing.compress(each) + packing.flush(zlib.Z_SYNC_FLUSH) for each in firsts)
    return (*flushed, packing.compress(last) + packing.flush())


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (source("a", CSV, SETTINGS), (b"id,email\n1,a\n2,b\n3", b",c\n")),
        (
            source("a", CSV, SETTINGS, compression=Compression.GZIP),
            _flushed(b"id,email\n1,a\n2,b\n3", b",c\n"),
        ),
        (
            source(
                "a",
                JSON,
                {"properties": [{"key": "id", "value": "t"}, {"key": "email", "value": "t"}]},
            ),
            (b'[{"id":1,"email":"a"},{"id":2,"email":"b"},{"id":3', b',"email":"c"}]'),
        ),
    ],
)
@pytest.mark.parametrize("seconds", [0.0, 0.001])
async def test_records_do_not_wait_for_what_a_slow_storage_has_not_sent(
    tmp_path: Path, given: SourceFile, parts: tuple[bytes, bytes], seconds: float
) -> None:
    """RUN-28: not even if the next bytes have been asked for already."""
    file = _Held(*parts)
    given = replace(given, storage=_stored_in(_OneFile(file)).storage)
    async with (
        open_file(given, site(tmp_path), now) as opened,
        aclosing(opened.batches(opened.schema, BatchSizes(seconds=seconds))) as batches,
    ):
        # The storage has more, and will send it when this was seen.
        first = await anext(batches)
        file.let_go()
        rest = [batch async for batch in batches]

    assert (first.first, first.num_records) == (0, 2)
    assert [(batch.first, batch.num_records) for batch in rest] == [(2, 1)]


async def test_a_file_is_closed_while_its_storage_is_slow(tmp_path: Path) -> None:
    file = _Held(b"id,email\n1,a\n2", b"")
    given = _stored_in(_OneFile(file))
    async with (
        open_file(given, site(tmp_path), now) as opened,
        aclosing(opened.batches(opened.schema, BatchSizes(seconds=0.0))) as batches,
    ):
        assert (await anext(batches)).num_records == 1

    assert file.is_closed
    async with asyncio.timeout(10):
        await _until_no_thread_reads()


async def test_one_batch_is_read_ahead_and_no_more(tmp_path: Path) -> None:
    endless = _Endless(b"")
    given = _stored_in(_OneFile(endless))
    sizes = BatchSizes(bytes=100_000)
    async with (
        open_file(given, site(tmp_path), now) as file,
        aclosing(file.batches(file.schema, sizes)) as batches,
    ):
        for _ in range(5):
            await anext(batches)
        before = endless.given
        # However long nobody asks for more.
        for _ in range(100):
            await asyncio.sleep(0)

    assert before <= endless.given <= 64 * 2**10 + 8 * 100_000


async def test_a_file_that_shrinks_is_one_that_was_changed_and_not_a_malformed_one(
    tmp_path: Path,
) -> None:
    """Half of a record is no mistake of whoever wrote the file."""
    given = _written(tmp_path, CONTENT * 20)
    found = Found(ObjectType(()))
    with pytest.raises(FileError, match="was changed while it was read") as refused:
        await _read_and_shrink(given, tmp_path, found)

    assert (refused.value.code, refused.value.step) == (FileCode.CHANGED, Step.RECEIVE)
    assert found.num_batches > 0


async def _read_and_shrink(given: SourceFile, root: Path, found: Found) -> None:
    async with (
        open_file(given, site(root), now) as file,
        aclosing(file.batches(file.schema, BatchSizes(bytes=50_000))) as batches,
    ):
        async for _ in batches:
            found.num_batches += 1
            os.truncate(root / "a.csv", 400_003)
