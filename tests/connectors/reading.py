"""Reads files as a run does: by a storage, with what packs them, in a format."""

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from connectors.files import BatchSizes, Compression, Root, Site
from connectors.interface import Connector
from connectors.source_file import OpenFile, SourceFile, open_file
from connectors.storages.filesystem import FILESYSTEM
from mapping_lang.batch import Rejection
from mapping_lang.types.kinds import Schema
from mapping_lang.types.values import Record

NOW = datetime(2100, 1, 1, tzinfo=UTC)
"""Later than whatever a test writes."""


SIZES = BatchSizes()


def now() -> datetime:
    return NOW


@dataclass
class Found:
    """What a file gave, with positions in the file."""

    schema: Schema
    records: list[Record] = field(default_factory=list)
    """All of them; values that do not fit are not there."""
    rejections: list[Rejection] = field(default_factory=list)
    num_batches: int = 0
    issues: tuple[str, ...] = ()

    @property
    def texts(self) -> list[list[object]]:
        return [list(record.values()) for record in self.records]


def source(
    path: str,
    format_: Connector,
    settings: Mapping[str, object] | None = None,
    *,
    sheet: str = "",
    compression: Compression = Compression.NONE,
) -> SourceFile:
    return SourceFile(
        storage=FILESYSTEM,
        storage_settings={},
        path=path,
        format=format_,
        format_settings=settings or {},
        sheet=sheet,
        compression=compression,
    )


def site(root: Path) -> Site:
    return Site(root=Root(root, "/files"))


async def collect(
    file: OpenFile,
    schema: Schema | None = None,
    *,
    sizes: BatchSizes = SIZES,
    start: int = 0,
    into: Found | None = None,
) -> Found:
    """Read all records; what was read before an error is in `into`."""
    wanted = file.schema if schema is None else schema
    found = Found(wanted) if into is None else into
    found.issues = tuple(file.issues)
    async with aclosing(file.batches(wanted, sizes, start=start)) as batches:
        async for read in batches:
            assert read.first == start + len(found.records)
            assert read.batch.num_records <= sizes.records
            found.num_batches += 1
            found.rejections += [each.at(read.first + each.position) for each in read.rejections]
            found.records += read.batch.to_records()
    return found


async def read(
    source: SourceFile,
    site: Site,
    schema: Schema | None = None,
    *,
    sizes: BatchSizes = SIZES,
    start: int = 0,
    into: Found | None = None,
) -> Found:
    async with open_file(source, site, now) as file:
        return await collect(file, schema, sizes=sizes, start=start, into=into)
