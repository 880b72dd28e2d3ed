"""What files are to whoever reads or writes them: bytes in a storage, records in a format.

A file is read by one thread of its own. Storages are asynchronous, so that each of their waits has
a limit; they run on an event loop of that thread, and decompression and decoding, which only
compute, run beside them in the same thread. `connectors.source_file` is the door for others.
"""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, Protocol, final

from forms.addresses import Reach
from mapping_lang.batch import Batch, Rejection, Step
from mapping_lang.types.kinds import ObjectType, Property, Schema

CHUNK_BYTES: Final = 2**20
"""What is asked of a storage at once."""


class FileCode(StrEnum):
    """The stable identifier of why a file cannot be read or written."""

    PATH = "InvalidPath"
    NOT_CONFIGURED = "StorageNotConfigured"
    NOT_FOUND = "FileNotFound"
    NOT_PERMITTED = "FileNotPermitted"
    UNREACHABLE = "StorageUnreachable"
    UNTRUSTED = "StorageUntrusted"
    TIMEOUT = "StorageTimeout"
    STORAGE = "StorageFailed"
    REFUSED = "StorageRefused"
    CHANGED = "FileChanged"
    MODIFIED_AT = "InvalidModificationTime"
    COMPRESSION = "InvalidCompression"
    LIMIT = "FileLimit"
    FORMAT = "InvalidFile"
    SHEET = "SheetNotExist"
    NO_COLUMNS = "NoColumnsFound"
    COLUMN = "InvalidColumn"
    NOT_ALIGNED = "SchemaNotAligned"


_RETRYABLE: Final = frozenset(
    {FileCode.UNREACHABLE, FileCode.TIMEOUT, FileCode.STORAGE, FileCode.CHANGED}
)


class FileError(Exception):
    """A file that cannot be read or written as a whole; `step` is the one it counts for (RUN-29).

    The message says what was found and what was expected, to the author of a pipeline.
    """

    def __init__(self, code: FileCode, message: str, *, step: Step = Step.RECEIVE) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.step = step

    @property
    def retryable(self) -> bool:
        """Whether the same can succeed a moment later."""
        return self.code in _RETRYABLE

    def at(self, step: Step) -> "FileError":
        """Give the same error, which counts for another step."""
        return FileError(self.code, self.message, step=step)


class Compression(StrEnum):
    """What packs a file, as the API spells it (PIPE-45)."""

    NONE = ""
    ZIP = "Zip"
    GZIP = "Gzip"
    SNAPPY = "Snappy"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How much of a file is held, unpacked or kept on disk at most."""

    record_bytes: int = 16 * 2**20
    """Of one record as it stands in the file."""
    ratio: int = 500
    """What packed bytes become at most, times their number, once `ratio_from_bytes` came out."""
    ratio_from_bytes: int = 64 * 2**20
    unpacked_bytes: int = 256 * 2**30
    """Of what comes out of a packed file."""
    spooled_bytes: int = 8 * 2**30
    """Of a file that is kept on disk, because it cannot be read from its beginning to its end."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a storage is waited for; no wait is without a limit."""

    connect_seconds: float = 5.0
    """To connect, to agree on how to encrypt, and to be answered (FILE-3, CONN-13)."""
    read_seconds: float = 30.0
    """For the next bytes of a file that is being read."""
    write_seconds: float = 10.0
    """For a storage to take the next bytes (FILE-7)."""
    finish_seconds: float = 60.0
    """For a storage to say that it has all of a file."""
    pauses: tuple[float, ...] = (0.2, 1.0)
    """Before each time that something is tried again, in seconds."""
    slowest_bytes_per_second: int = 1_000
    """What a storage has to send while it is waited for, over some of its waits."""

    @property
    def slow_seconds(self) -> float:
        """How much waiting shows that a storage is too slow."""
        return 2 * self.read_seconds


@final
@dataclass(frozen=True, slots=True)
class Root:
    """The directory that the connections to the file system see, and its name in messages."""

    directory: Path
    displayed: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an installation gives to its storages: what they may touch, and how they get there."""

    root: Root | None = None
    reach: Reach = field(default_factory=Reach)
    s3_endpoint: str = ""
    """Of another service that speaks S3; empty for that of Amazon."""
    tls: ssl.SSLContext | None = None
    """What certificates are checked by; None for the authorities that come with us."""
    limits: FileLimits = field(default_factory=FileLimits)
    patience: Patience = field(default_factory=Patience)


class ByteStream(Protocol):
    """Bytes that are read once, from the beginning."""

    @property
    def local(self) -> BinaryIO | None:
        """The same bytes in a file on this machine, where they are in one."""

    def ready(self, size: int, seconds: float, /) -> bool:
        """Wait until there is something to read, or the end, but no longer than that.

        At most so many bytes are asked for meanwhile.
        """

    def read(self, size: int, /) -> bytes:
        """Give at most so many bytes; none at the end. Raises `FileError`."""


class StoredFile(Protocol):
    """A file of a storage that is open for reading."""

    @property
    def modified_at(self) -> datetime | None:
        """When it was last changed; None if the storage does not say."""

    @property
    def size(self) -> int | None:
        """How many bytes it has; None if the storage does not say."""

    @property
    def version(self) -> str:
        """What another content under the same path would not have; empty if nobody can tell."""

    @property
    def local(self) -> BinaryIO | None:
        """The file itself, where it lies on this machine and can be read from any place."""

    async def read(self, size: int, /) -> bytes:
        """Give at most so many bytes; none at the end. Raises `FileError`."""

    async def check(self) -> None:
        """Refuse a file that is not the one that was opened any more; raises `FileError`."""


class Storage(Protocol):
    """Where the files of a connection lie. Nothing is held between two calls."""

    def absolute_path(self, path: str) -> str:
        """Say where a path leads, or raise `FileError` if it is none of this storage (FILE-1)."""

    def open(self, path: str) -> AbstractAsyncContextManager[StoredFile]:
        """Open a file for reading; raises `FileError`."""

    async def write(self, path: str, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Make or replace a file; raises `FileError`."""


OpenStorage = Callable[[Mapping[str, object], Site], Storage]
"""Makes a storage of the settings of a connection; raises `FileError`. It contacts nobody."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSizes:
    """Where a batch ends: at the first of these that is reached."""

    records: int = 10_000
    bytes: int = 2 * 2**20
    """Of the file, unpacked; a record is never divided."""
    seconds: float = 5.0
    """How long records wait for others where a storage is slow (RUN-28)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBatch:
    """Records that follow each other in a file.

    `batch` has all of them. What does not fit its type is absent there, and its record is named
    by a rejection, at its position in the batch; a record has one at most, in ascending order.
    """

    first: int
    """The position in the file of the first record, from 0."""
    batch: Batch
    rejections: tuple[Rejection, ...] = ()
    refused: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """The JSON of what did not fit, by position and property, as far as it is known."""

    @property
    def num_records(self) -> int:
        return self.batch.num_records


@final
@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: the property that it is, and what the file calls it."""

    property: Property
    header: str


class RecordReader(Protocol):
    """A file whose columns are known and whose records are not read yet."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that can be read, in the order of the file."""

    @property
    def issues(self) -> Sequence[str]:
        """What was left out of the columns, and why."""

    def batches(self, schema: Schema, sizes: BatchSizes) -> Iterator[ReadBatch]:
        """Read all records, once. Raises `FileError`.

        The schema is aligned with the columns; it may have narrower texts (DEC-40).
        """


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FormatInput:
    """What a format is opened with."""

    stream: ByteStream
    settings: Mapping[str, object]
    sheet: str = ""
    limits: FileLimits


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FormatReading:
    """How the files of a format are read."""

    open: Callable[[FormatInput], AbstractContextManager[RecordReader]]
    sheets: Callable[[FormatInput], tuple[str, ...]] | None = None
    """Lists the sheets, where files have some."""


def schema_of(columns: Sequence[Column]) -> Schema:
    """Give the schema of a file."""
    return ObjectType(tuple(column.property for column in columns))
