"""A file of a connection, read by a thread of its own while others work on what it gave.

The thread has an event loop, on which its storage waits for a disk or a network; unpacking and
decoding are done beside it, in the same thread. One batch is read ahead and no more.
"""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, final

from connectors.compression.registry import unpack
from connectors.files import (
    BatchSizes,
    Column,
    Compression,
    FileCode,
    FileError,
    FormatInput,
    ReadBatch,
    RecordReader,
    Site,
    StoredFile,
    schema_of,
)
from connectors.interface import Connector
from connectors.reading_thread import ReadingThread, reading_thread
from mapping_lang.batch import Batch, Step
from mapping_lang.diagnostics import did_you_mean, quote
from mapping_lang.types.kinds import Schema
from mapping_lang.types.schemas.alignment import Aspect, find_misalignment

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST_AHEAD: Final = timedelta(minutes=5)
"""How far ahead of ours the clock of a storage may be (FILE-6)."""


_OF_THE_CONTENT: Final = frozenset({FileCode.FORMAT, FileCode.COMPRESSION, FileCode.LIMIT})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """Where a file lies and what is in it, as a pipeline says (K3)."""

    storage: Connector
    storage_settings: Mapping[str, object]
    path: str
    format: Connector
    format_settings: Mapping[str, object]
    sheet: str = ""
    compression: Compression = Compression.NONE


@final
@dataclass(frozen=True, slots=True)
class Preview:
    """The first records of a file."""

    schema: Schema
    batch: Batch
    issues: tuple[str, ...]


@final
class OpenFile:
    """A file whose columns are known; its records can be read once."""

    def __init__(self, thread: ReadingThread, opened: "_Opened") -> None:
        self._thread = thread
        self._opened = opened

    @property
    def modified_at(self) -> datetime:
        """When the file was last changed: for a Zip, what is in it (RUN-25)."""
        return self._opened.modified_at

    @property
    def version(self) -> str:
        """What another content under the same path would not have; empty if nobody can tell."""
        return self._opened.stored.version

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that can be read, in the order of the file."""
        return self._opened.reader.columns

    @property
    def schema(self) -> Schema:
        """The columns as properties."""
        return schema_of(self.columns)

    @property
    def issues(self) -> Sequence[str]:
        """What was left out of the columns, and why."""
        return self._opened.reader.issues

    def check(self, schema: Schema) -> None:
        """Refuse a schema that is not aligned with the columns (PIPE-140, DEC-40)."""
        found = find_misalignment(schema, self.schema, narrower_text=True)
        if found is None:
            return
        message = found.message
        if found.aspect is Aspect.EXISTENCE:
            names = [column.property.name for column in self.columns]
            hint = did_you_mean(found.path, names)
            shown = ", ".join(map(quote, names[:10])) + (", …" if len(names) > 10 else "")
            message = f"there is no column {quote(found.path)}; the file has {shown}"
            message += f". {hint}" if hint else ""
        raise FileError(
            FileCode.NOT_ALIGNED,
            f"The file is not as the input schema of the pipeline says: {message}",
            step=Step.VALIDATE_INPUT,
        )

    async def batches(
        self, schema: Schema, sizes: BatchSizes, *, start: int = 0
    ) -> AsyncGenerator[ReadBatch, None]:
        """Read the records from a position on; raises `FileError`.

        What was read before an error is given before it is raised.
        """
        self.check(schema)
        given = self._opened.batches(schema, sizes, start)
        self._thread.resources.callback(given.close)
        ahead = self._thread.submit(lambda: next(given, None))
        while (batch := await ahead) is not None:
            ahead = self._thread.submit(lambda: next(given, None))
            yield batch


@asynccontextmanager
async def open_file(
    source: SourceFile, site: Site, now: Callable[[], datetime]
) -> AsyncIterator[OpenFile]:
    """Open a file and find out its columns; raises `FileError`."""
    async with reading_thread() as thread:
        opened = await thread.submit(lambda: _open(thread, source, site, now))
        yield OpenFile(thread, opened)


async def preview(
    source: SourceFile, site: Site, now: Callable[[], datetime], limit: int
) -> Preview:
    """Read the first records of a file; what does not fit its column is absent."""
    async with open_file(source, site, now) as file:
        found: list[Batch] = []
        missing = limit
        if missing > 0:
            sizes = BatchSizes(records=missing)
            async with aclosing(file.batches(file.schema, sizes)) as batches:
                async for read in batches:
                    found.append(read.batch.slice(0, missing))
                    missing -= read.num_records
                    if missing <= 0:
                        break
        return Preview(file.schema, Batch.concat(file.schema, found), tuple(file.issues))


async def sheets(source: SourceFile, site: Site, now: Callable[[], datetime]) -> tuple[str, ...]:
    """List the sheets of a file; none if its format has no sheets."""
    reading = source.format.reading
    list_sheets = None if reading is None else reading.sheets
    if list_sheets is None:
        return ()

    def listed() -> tuple[str, ...]:
        with _content(thread, source, site, now) as content:
            return list_sheets(content.given)

    async with reading_thread() as thread:
        return await thread.submit(listed)


@final
@dataclass(frozen=True, slots=True)
class _Content:
    """What is in a file, and what is known of the file itself."""

    given: FormatInput
    stored: StoredFile
    modified_at: datetime


@final
@dataclass(frozen=True, slots=True)
class _Opened:
    """What the thread has open."""

    thread: ReadingThread
    stored: StoredFile
    modified_at: datetime
    reader: RecordReader

    def batches(
        self, schema: Schema, sizes: BatchSizes, start: int
    ) -> Generator[ReadBatch, None, None]:
        try:
            for read in self.reader.batches(schema, sizes):
                if read.first >= start:
                    yield read
                elif read.first + read.num_records > start:
                    yield _behind(read, start - read.first)
        except FileError as error:
            if error.code in _OF_THE_CONTENT:
                # Half of one file and half of another is no file at all: that is what happened.
                self.thread.wait_for(self.stored.check())
            raise
        self.thread.wait_for(self.stored.check())


def _behind(read: ReadBatch, cut: int) -> ReadBatch:
    """Leave out the first records of a batch."""
    return ReadBatch(
        first=read.first + cut,
        batch=read.batch.slice(cut),
        rejections=tuple(
            each.at(each.position - cut) for each in read.rejections if each.position >= cut
        ),
        refused={
            position - cut: texts for position, texts in read.refused.items() if position >= cut
        },
    )


def _open(
    thread: ReadingThread, source: SourceFile, site: Site, now: Callable[[], datetime]
) -> _Opened:
    reading = source.format.reading
    if reading is None:
        raise ValueError(f"{source.format.code} is no format that can be read")
    content = thread.resources.enter_context(_content(thread, source, site, now))
    reader = thread.resources.enter_context(reading.open(content.given))
    return _Opened(thread, content.stored, content.modified_at, reader)


@contextmanager
def _content(
    thread: ReadingThread, source: SourceFile, site: Site, now: Callable[[], datetime]
) -> Iterator[_Content]:
    """Open a file and what packs it; whatever is wrong until then counts as input (RUN-29)."""
    if source.storage.storage is None:
        raise ValueError(f"{source.storage.code} is no storage")
    opening = True
    try:
        storage = source.storage.storage(source.storage_settings, site)
        with (
            thread.entered(storage.open(source.path)) as stored,
            unpack(
                thread.stream(stored, site.patience), source.compression, site.limits
            ) as content,
        ):
            modified_at = content.modified_at or stored.modified_at or now()
            _check_modified(modified_at, now())
            opening = False
            given = FormatInput(
                stream=content.stream,
                settings=source.format_settings,
                sheet=source.sheet,
                limits=site.limits,
            )
            yield _Content(given, stored, modified_at)
    except FileError as error:
        if opening:
            raise error.at(Step.VALIDATE_INPUT) from None
        raise


def _check_modified(modified_at: datetime, now: datetime) -> None:
    if not EARLIEST <= modified_at <= now + LATEST_AHEAD:
        raise FileError(
            FileCode.MODIFIED_AT,
            f"The storage says that the file was changed at {modified_at.isoformat()}, expected a"
            f" time from {EARLIEST.year} on and at most {LATEST_AHEAD} ahead of ours, which is"
            f" {now.isoformat(timespec='seconds')}",
        )
