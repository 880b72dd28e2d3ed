"""Damages files of every kind at random and reads them: `python -m tests.connectors.mutations`.

A process of its own, because a library that is written in another language may end it. Whatever was
done to a file, it is read or refused; anything else ends this command.
"""

import argparse
import asyncio
import gzip
import io
import random
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import cramjam
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.files import Compression, FileError, FileLimits, Root, Site
from connectors.formats.csv import CSV
from connectors.formats.excel import EXCEL
from connectors.formats.json import JSON
from connectors.formats.parquet import PARQUET
from connectors.interface import Connector
from tests.connectors.reading import read, source

_NAMED: Mapping[str, object] = {"separator": ",", "hasColumnNames": True}
_CSV = b"id,mail,age\n" + b"".join(b'%d,"u%d@x.io",%d\n' % (i, i, i) for i in range(50))
_JSON = b'[{"id":"a","mail":{"x":[1,2,"\\u00e9"]},"age":1.5e3}%s]' % b"".join(
    b',{"id":"%d","mail":"m","age":null}' % i for i in range(20)
)
_MEMBERS = [{"key": name, "value": "t"} for name in ("id", "mail", "age")]
_PIECES = (b'"', b",", b"\n", b"{", b"[", b"\\", b"<", b"&#0;", b"</row>", b"9" * 11, bytes(8))
_NUMBERS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\x7f\xff\xff\xff")
_FOOTER_BYTES = 1_500
_TIME = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Good files, and how they are read."""

    files: tuple[bytes, ...]
    format: Connector
    settings: Mapping[str, object]
    compression: Compression = Compression.NONE
    sheet: str = ""
    last_bytes: int | None = None
    """Where most of the damage is done: as far as this from the end."""
    parts: bool = False
    """Whether the parts of an archive are damaged instead of the archive."""


def _parquet(compression: str, version: str) -> bytes:
    count = 200
    table = pa.table(
        {
            "id": [str(index) for index in range(count)],
            "mail": ["x" * (index % 7) for index in range(count)],
            "age": pa.array(range(count)),
            "amount": pa.array([Decimal("1.50")] * count),
            "moment": pa.array([_TIME] * count),
            "flag": pa.array([True, None] * (count // 2)),
            "code": pa.array([b"a" * 16] * count, pa.binary(16)),
        }
    )
    written = io.BytesIO()
    pq.write_table(
        table, written, compression=compression, data_page_version=version, row_group_size=70
    )
    return written.getvalue()


def _contradictory() -> bytes:
    """A footer that counts levels of a column which, as it says elsewhere, has none."""
    written = io.BytesIO()
    pq.write_table(pa.table({"a": ["x", None]}), written)
    optional, required = b"\x25\x02\x18\x01a", b"\x25\x00\x18\x01a"
    content = written.getvalue()
    assert content.count(optional) == 1
    return content.replace(optional, required)


def _zipped(content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return written.getvalue()


def _workbook() -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Users"
    sheet.append(["id", "mail", "age"])
    for index in range(20):
        sheet.append([index, f"m{index}", _TIME.date()])
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def _kinds() -> dict[str, Callable[[], Kind]]:
    def csv(content: bytes, compression: Compression) -> Kind:
        return Kind(files=(content,), format=CSV, settings=_NAMED, compression=compression)

    def parquet(last_bytes: int | None) -> Kind:
        codecs = ("none", "snappy", "gzip", "zstd", "brotli", "lz4")
        files = tuple(_parquet(codec, version) for codec in codecs for version in ("1.0", "2.0"))
        odd = () if last_bytes is None else (_contradictory(),) * len(files)
        return Kind(files=files + odd, format=PARQUET, settings={}, last_bytes=last_bytes)

    def workbook(*, parts: bool) -> Kind:
        settings = {"hasColumnNames": True}
        return Kind(
            files=(_workbook(),), format=EXCEL, settings=settings, sheet="Users", parts=parts
        )

    return {
        "csv": lambda: csv(_CSV, Compression.NONE),
        "zip": lambda: csv(_zipped(_CSV), Compression.ZIP),
        "gzip": lambda: csv(gzip.compress(_CSV), Compression.GZIP),
        "snappy": lambda: csv(bytes(cramjam.snappy.compress(_CSV)), Compression.SNAPPY),
        "json": lambda: Kind(files=(_JSON,), format=JSON, settings={"properties": _MEMBERS}),
        "excel": lambda: workbook(parts=False),
        "excel parts": lambda: workbook(parts=True),
        "parquet": lambda: parquet(None),
        "parquet footers": lambda: parquet(_FOOTER_BYTES),
    }


KINDS = _kinds()


def damaged(content: bytes, chance: random.Random, last_bytes: int | None = None) -> bytes:
    """Change, remove and insert some bytes."""
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        low = 0 if last_bytes is None else max(0, len(found) - last_bytes)
        if low >= len(found):
            break
        at = chance.randrange(low, len(found))
        match chance.randrange(7):
            case 0 | 1:
                found[at] = chance.randrange(256)
            case 2:
                del found[at : at + chance.randrange(1, 50)]
            case 3:
                found[at:at] = chance.randbytes(chance.randrange(1, 20))
            case 4:
                found[at:at] = chance.choice(_PIECES)
            case 5:
                found[at:at] = found[at : at + chance.randrange(1, 200)]
            case _:
                found[at : at + 4] = chance.choice(_NUMBERS)
    return bytes(found if chance.randrange(10) else found[: chance.randrange(len(found) + 1)])


def _damaged_parts(content: bytes, chance: random.Random) -> bytes:
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, damaged(part, chance) if chance.randrange(3) == 0 else part)
    return written.getvalue()


async def survive(name: str, count: int, seed: int) -> tuple[int, int]:
    """Read so many damaged files; gives how many could be read, and how many were refused."""
    kind, chance = KINDS[name](), random.Random(seed)  # noqa: S311 - the same in every run
    good = refused = 0
    with tempfile.TemporaryDirectory(prefix="kiln-mutations-") as folder:
        file = Path(folder) / "a"
        given = source(
            "a", kind.format, kind.settings, sheet=kind.sheet, compression=kind.compression
        )
        limits = FileLimits(record_bytes=2**20, unpacked_bytes=2**26, spooled_bytes=2**26)
        place = Site(root=Root(Path(folder), "/files"), limits=limits)
        for _ in range(count):
            content = chance.choice(kind.files)
            file.write_bytes(
                _damaged_parts(content, chance)
                if kind.parts
                else damaged(content, chance, kind.last_bytes)
            )
            try:
                await read(given, place)
                good += 1
            except FileError:
                refused += 1
    return good, refused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    good, refused = asyncio.run(survive(told.kind, told.count, told.seed))
    print(f"{good} read, {refused} refused")


if __name__ == "__main__":
    main()
