"""Small files that become large ones: made on the spot, by repeating what was packed once."""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_DEFLATE = 8
_ZIP64_EXTRA = 1
_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Deflated:
    """A text, packed: `first`, then `repeated` so many times, then `last`."""

    stream: bytes
    size: int
    sum: int = 0
    """Its CRC; nobody unpacks a bomb far enough to compare it."""


def deflated(first: bytes, repeated: bytes = b"", times: int = 0, last: bytes = b"") -> Deflated:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers to what was before it, so the same becomes the same.
    piece = packer.compress(repeated) + packer.flush(zlib.Z_FULL_FLUSH) if times else b""
    end = packer.compress(last) + packer.flush()
    size = len(first) + len(repeated) * times + len(last)
    total = zlib.crc32(first + last) if not times else 0
    return Deflated(start + piece * times + end, size, total)


def archive(entries: Sequence[tuple[str, Deflated]]) -> bytes:
    """Make a Zip whose entries may be of any size."""
    written, directory = io.BytesIO(), io.BytesIO()
    for name, content in entries:
        at = written.tell()
        path = name.encode()
        sizes = struct.pack("<HHQQ", _ZIP64_EXTRA, 16, content.size, len(content.stream))
        # The sizes are in the extra field: there, 64 bits.
        lengths = struct.pack("<LLLHH", content.sum, 2**32 - 1, 2**32 - 1, len(path), len(sizes))
        common = struct.pack("<HHHHH", 45, 0, _DEFLATE, 0, 0x21) + lengths
        written.write(b"PK\x03\x04" + common + path + sizes + content.stream)
        directory.write(b"PK\x01\x02" + struct.pack("<H", 45) + common)
        directory.write(struct.pack("<HHHLL", 0, 0, 0, 0, at) + path + sizes)
    at = written.tell()
    listed = directory.getvalue()
    end = struct.pack("<HHHHLLH", 0, 0, len(entries), len(entries), len(listed), at, 0)
    return written.getvalue() + listed + b"PK\x05\x06" + end


def csv_bomb(gigabytes: int) -> Deflated:
    """Rows of a mebibyte each, of which few become a batch and nothing is wrong with any."""
    row = b"1,a@x.io,2,"
    padded = row + b"x" * (_MEBIBYTE - len(row) - 1) + b"\n"
    return deflated(b"id,mail,age,filler\n", padded, gigabytes * 1024)


def zip_bomb(gigabytes: int = 10) -> bytes:
    return archive([("members.csv", csv_bomb(gigabytes))])


def nested_zip_bomb(gigabytes: int = 10) -> bytes:
    """A bomb in an archive in an archive."""
    inner = zip_bomb(gigabytes)
    middle = io.BytesIO()
    with zipfile.ZipFile(middle, "w", zipfile.ZIP_DEFLATED) as outer:
        outer.writestr("members.csv", inner)
    return middle.getvalue()


def gzip_bomb(gigabytes: int = 10) -> bytes:
    content = csv_bomb(gigabytes)
    head = b"\x1f\x8b\x08\x00" + bytes(6)
    return head + content.stream + struct.pack("<LL", 0, content.size % 2**32)


def snappy_bomb() -> bytes:
    """A raw block that says of itself that it becomes 4 GiB less one byte."""
    return b"\xff\xff\xff\xff\x0f" + b"\xfe\x01\x00" * 100_000


def framed_snappy_bomb() -> bytes:
    """A frame that says so of itself."""
    block = b"\0\0\0\0" + b"\xff\xff\xff\xff\x0f" + b"\xfe\x01\x00" * 1_000
    return b"\xff\x06\x00\x00sNaPpY" + b"\x00" + len(block).to_bytes(3, "little") + block


_TYPES = (
    b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    b'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/relationships/%s" Target="%s"/></Relationships>'
)
_WORKBOOK = (
    b'<?xml version="1.0"?><workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/'
    b'2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_CELLS = b'<c t="inlineStr"><is><t>%s</t></is></c>'


def workbook(sheet: Deflated) -> bytes:
    """Make a workbook of one sheet, given as XML."""
    return archive(
        [
            ("_rels/.rels", deflated(_TYPES % (b"officeDocument", b"xl/workbook.xml"))),
            ("xl/workbook.xml", deflated(_WORKBOOK)),
            ("xl/_rels/workbook.xml.rels", deflated(_TYPES % (b"worksheet", b"sheet.xml"))),
            ("xl/sheet.xml", sheet),
        ]
    )


def _row(*texts: bytes) -> bytes:
    return b"<row>" + b"".join(_CELLS % text for text in texts) + b"</row>"


_SHEET = b"<worksheet><sheetData>"
_HEADER = _row(b"id", b"mail", b"age")


def endless_rows(gigabytes: int) -> Deflated:
    padded = _row(b"1", b"a@x.io", b"x" * (_MEBIBYTE - 200))
    return deflated(_SHEET + _HEADER, padded, gigabytes * 1024)


def workbook_of_endless_rows(gigabytes: int = 10) -> bytes:
    return workbook(endless_rows(gigabytes))


def workbook_of_one_cell(megabytes: int) -> bytes:
    """Less than is refused for its size alone."""
    start = _SHEET + _HEADER + b"<row><c><v>"
    return workbook(deflated(start, b"1" * _MEBIBYTE, megabytes))


def workbook_of_one_attribute(megabytes: int) -> bytes:
    start = _SHEET + _HEADER + b'<row spans="'
    return workbook(deflated(start, b"1" * _MEBIBYTE, megabytes))


def workbook_of_wide_rows() -> bytes:
    """Rows of one cell in the last column that there is: each stands for 16,384 of them."""
    wide = b'<row><c r="XFD1"><v>1</v></c></row>' * 8_192
    return workbook(deflated(_SHEET + _HEADER, wide, 256))


def workbook_with_entities() -> bytes:
    """What is known as a billion laughs."""
    names = [f"e{index}".encode() for index in range(10)]
    declared = b'<!ENTITY e0 "haha">' + b"".join(
        b'<!ENTITY %s "%s">' % (name, b"&%s;" % before * 10) for before, name in pairwise(names)
    )
    start = b"<!DOCTYPE worksheet [" + declared + b"]>" + _SHEET + _HEADER
    return workbook(deflated(start + _row(b"&e9;", b"a", b"1") + b"</sheetData></worksheet>"))


def parquet_of_repeated_texts(megabytes: int = 2, records: int = 100_000) -> bytes:
    """One long text in the dictionary of a column, which every record refers to."""
    texts = pa.DictionaryArray.from_arrays(
        pa.nulls(records, pa.int32()).fill_null(0),
        pa.array(["x" * (megabytes * _MEBIBYTE)]),
    )
    ids = pa.array(range(records), pa.int64()).cast(pa.string())
    table = pa.table({"id": ids, "mail": texts, "age": pa.nulls(records, pa.string())})
    written = io.BytesIO()
    pq.write_table(
        table,
        written,
        compression="zstd",
        use_dictionary=["mail", "age"],
        dictionary_pagesize_limit=2 * megabytes * _MEBIBYTE,
        store_schema=False,
    )
    return written.getvalue()


def parquet_of_one_page(megabytes: int = 80) -> bytes:
    """All of a column in one page: its writer is told so."""
    table = pa.table(
        {
            "id": [str(index) for index in range(megabytes)],
            "mail": ["x" * (_MEBIBYTE - 4)] * megabytes,
            "age": pa.nulls(megabytes, pa.string()),
        }
    )
    written = io.BytesIO()
    pq.write_table(
        table,
        written,
        compression="zstd",
        use_dictionary=False,
        data_page_size=2**31 - 1,
        write_batch_size=megabytes,
        write_statistics=False,
        store_schema=False,
    )
    return written.getvalue()


def sparse(path: Path, start: bytes, gigabytes: int = 1) -> None:
    """Write a file that is a hole but for its beginning."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(gigabytes * 2**30)
