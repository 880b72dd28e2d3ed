"""What packs files, and what may come out of them: FILE-8."""

import gzip
import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

import cramjam
import pytest

from connectors.compression.registry import unpack
from connectors.compression.zip import MAX_DIRECTORY_BYTES
from connectors.files import Compression, FileCode, FileError, FileLimits
from tests.hostile.bombs import csv_bomb, gzip_bomb, zip_bomb

TEXT = b"".join(b"line %d of a text\n" % i for i in range(60_000))
NOISE = random.Random(1).randbytes(300_000)  # noqa: S311 - the same in every run


class Bytes:
    """Bytes that come in pieces of odd sizes."""

    local: BinaryIO | None = None

    def __init__(self, content: bytes, most: int = 10_007) -> None:
        self._stream = io.BytesIO(content)
        self._most = most

    def ready(self, size: int, seconds: float, /) -> bool:
        return seconds > 0

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._most))


def zipped(
    content: bytes,
    *,
    name: str = "a.csv",
    when: tuple[int, int, int, int, int, int] = (2024, 2, 3, 4, 5, 6),
    method: int = zipfile.ZIP_DEFLATED,
    extra: bytes = b"",
) -> bytes:
    entry = zipfile.ZipInfo(name, when)
    entry.compress_type = method
    entry.extra = extra
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, content)
    return buffer.getvalue()


def framed(content: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(content))


PACK: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.NONE: bytes,
    Compression.ZIP: zipped,
    Compression.GZIP: gzip.compress,
    Compression.SNAPPY: framed,
}


def unpacked(
    content: bytes, compression: Compression, limits: FileLimits | None = None, most: int = 10_007
) -> bytes:
    with unpack(Bytes(content, most), compression, limits or FileLimits()) as found:
        parts: list[bytes] = []
        while part := found.stream.read(9_001):
            assert len(part) <= 9_001
            parts.append(part)
        return b"".join(parts)


def refused(
    content: bytes, compression: Compression, limits: FileLimits | None = None
) -> FileError:
    with pytest.raises(FileError) as error:
        unpacked(content, compression, limits)
    return error.value


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("content", [b"", b"x", TEXT, NOISE], ids=["none", "x", "text", "noise"])
def test_what_was_packed_comes_out(compression: Compression, content: bytes) -> None:
    assert unpacked(PACK[compression](content), compression) == content


@pytest.mark.parametrize("compression", Compression)
def test_bytes_may_come_one_by_one(compression: Compression) -> None:
    content = TEXT[:3_000]

    assert unpacked(PACK[compression](content), compression, most=1) == content


def test_gzip_has_members_and_padding() -> None:
    content = gzip.compress(b"a" * 99) + gzip.compress(b"") + gzip.compress(b"b") + bytes(700)

    assert unpacked(content, Compression.GZIP) == b"a" * 99 + b"b"


def test_snappy_has_streams_padding_and_plain_frames() -> None:
    padding = b"\xfe\x03\x00\x00abc"
    content = framed(TEXT) + padding + framed(NOISE)

    assert unpacked(content, Compression.SNAPPY) == TEXT + NOISE


@pytest.mark.parametrize("content", [b"x", TEXT])
def test_snappy_is_read_without_frames_too(content: bytes) -> None:
    raw = bytes(cramjam.snappy.compress_raw(content))

    assert unpacked(raw, Compression.SNAPPY) == content


def test_a_file_of_no_bytes_is_an_empty_stream_of_snappy() -> None:
    assert unpacked(b"", Compression.SNAPPY) == b""


@pytest.mark.parametrize(
    ("content", "compression", "message"),
    [
        (b"", Compression.GZIP, "is not Gzip, as the pipeline says it is: it is empty"),
        (b"id,e", Compression.GZIP, "is not Gzip, as the pipeline says it is: it begins with the"),
        (gzip.compress(TEXT)[:-9], Compression.GZIP, "ends in the middle"),
        (gzip.compress(TEXT)[:-1], Compression.GZIP, "ends in the middle"),
        (gzip.compress(TEXT)[:-5] + bytes(5), Compression.GZIP, "incorrect data check"),
        (gzip.compress(TEXT) + b"tail", Compression.GZIP, "after its end, other bytes follow"),
        (b"", Compression.ZIP, "is not Zip, as the pipeline says it is: it is empty"),
        (b"id,email\n", Compression.ZIP, "is not Zip, as the pipeline says it is: it begins with"),
        (zipped(TEXT)[:-30], Compression.ZIP, "File is not a zip file"),
        (b"PK" + bytes(100), Compression.ZIP, "File is not a zip file"),
        (framed(TEXT)[:-9], Compression.SNAPPY, "ends in the middle"),
        (framed(TEXT)[:12], Compression.SNAPPY, "ends in the middle"),
        (framed(TEXT) + b"\x02\x00\x00\x00", Compression.SNAPPY, "of the unknown kind 0x02"),
        (framed(TEXT) + b"\x00\xff\xff\xff", Compression.SNAPPY, "a frame of 16,777,215 bytes"),
        (framed(TEXT) + b"\xff\x06\x00\x00sNaPpX", Compression.SNAPPY, "a wrong identifier"),
        (b"id,email\nv1,a@x.io\n", Compression.SNAPPY, "it begins with the bytes 69 64 2c"),
    ],
)
def test_what_is_not_packed_as_it_should_be_is_refused(
    content: bytes, compression: Compression, message: str
) -> None:
    error = refused(content, compression)

    assert error.code is FileCode.COMPRESSION
    assert message in error.message


def test_a_damaged_frame_of_snappy_is_noticed() -> None:
    content = bytearray(framed(NOISE))
    content[5_000] ^= 1

    assert refused(bytes(content), Compression.SNAPPY).code is FileCode.COMPRESSION


def test_a_damaged_file_of_zip_is_noticed() -> None:
    content = bytearray(zipped(NOISE, method=zipfile.ZIP_STORED))
    content[5_000] ^= 1

    assert "Bad CRC-32" in refused(bytes(content), Compression.ZIP).message


def _archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "" if name.endswith("/") else "content")
    return buffer.getvalue()


def test_an_archive_has_exactly_one_file_beside_directories() -> None:
    """FILE-8."""
    assert unpacked(_archive("d/", "d/a.csv", "e/"), Compression.ZIP) == b"content"
    assert refused(_archive(), Compression.ZIP).message == (
        "The archive has no file, expected exactly one"
    )
    assert refused(_archive("d/"), Compression.ZIP).message == (
        "The archive has no file, expected exactly one"
    )
    assert refused(_archive("a.csv", "__MACOSX/._a.csv"), Compression.ZIP).message == (
        "The archive has 2 files: «a.csv», «__MACOSX/._a.csv», expected exactly one"
    )


def test_an_archive_of_very_many_files_is_not_listed() -> None:
    names = [f"{'x' * 200}{i}" for i in range(MAX_DIRECTORY_BYTES // 200)]

    error = refused(_archive(*names), Compression.ZIP)

    assert "its list of files has more than 1,048,576 bytes" in error.message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_is_packed_by_deflate_or_not_at_all(method: int) -> None:
    assert unpacked(zipped(TEXT, method=zipfile.ZIP_STORED), Compression.ZIP) == TEXT
    assert (
        f"packed by method {method}"
        in refused(zipped(TEXT, method=method), Compression.ZIP).message
    )


def test_an_archive_with_a_password_is_refused() -> None:
    content = bytearray(zipped(TEXT))
    # The first bit of the flags, in the header of the file and in the list.
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1

    assert "protected by a password" in refused(bytes(content), Compression.ZIP).message


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (b"", datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)),
        (struct.pack("<HHBi", 0x5455, 5, 1, 1_700_000_001), datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC)),
        (struct.pack("<HHBi", 0x5455, 5, 2, 1_700_000_001), datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)),
        (b"\x99\x99\x02\x00xx" + struct.pack("<HHBi", 0x5455, 5, 1, 0), datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_the_time_of_a_file_in_an_archive_is_its_own(extra: bytes, expected: datetime) -> None:
    with unpack(Bytes(zipped(TEXT, extra=extra)), Compression.ZIP, FileLimits()) as found:
        assert found.modified_at == expected


def test_other_compressions_do_not_tell_the_time() -> None:
    for compression in (Compression.NONE, Compression.GZIP, Compression.SNAPPY):
        with unpack(Bytes(PACK[compression](TEXT)), compression, FileLimits()) as found:
            assert found.modified_at is None


def _bomb(size: int) -> bytes:
    """Make the deflated form of so many zeros, without having them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(2**20)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


def _gzip_bomb() -> bytes:
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + _bomb(256 * 2**20) + bytes(8)


def _zip_bomb() -> bytes:
    """Make an archive that says of itself that ten gigabytes are in it."""
    data, name, size = _bomb(256 * 2**20), b"a.csv", 2**32 - 2
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 33, 0, len(data), size, 5, 0)
    listed = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        b"PK\x01\x02", 20, 20, 0, 8, 0, 33, 0, len(data), size, 5, 0, 0, 0, 0, 0, 0,
    )  # fmt: skip
    start = len(local) + len(name) + len(data)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(listed) + 5, start, 0)
    return local + name + data + listed + name + end


def _drain(content: bytes, compression: Compression) -> None:
    with unpack(Bytes(content), compression, FileLimits()) as found:
        while found.stream.read(2**20):
            pass


@pytest.mark.parametrize(
    ("content", "compression"),
    [(_gzip_bomb, Compression.GZIP), (_zip_bomb, Compression.ZIP)],
)
def test_a_bomb_is_refused_in_little_memory(
    content: Callable[[], bytes], compression: Compression
) -> None:
    packed = content()
    assert len(packed) < 2**20
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="more than 500 times as large is not") as refused:
            _drain(packed, compression)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refused.value.code is FileCode.LIMIT
    assert most < 16 * 2**20


def test_as_much_as_a_limit_comes_out_and_no_more() -> None:
    limits = FileLimits(unpacked_bytes=len(TEXT))

    assert unpacked(gzip.compress(TEXT), Compression.GZIP, limits) == TEXT
    error = refused(gzip.compress(TEXT + b"x"), Compression.GZIP, limits)

    assert error.message == (
        f"More than {len(TEXT):,} bytes came out of the packed file: no more are unpacked"
    )


def test_a_raw_block_that_says_it_is_huge_is_not_unpacked() -> None:
    # A varint of 2^32 - 1.
    error = refused(b"\xff\xff\xff\xff\x0f" + bytes(50), Compression.SNAPPY)

    assert error.code is FileCode.LIMIT


def test_a_file_that_has_to_be_kept_has_a_limit() -> None:
    error = refused(zipped(NOISE), Compression.ZIP, FileLimits(spooled_bytes=100_000))

    assert (error.code, "more than 100,000 bytes" in error.message) == (FileCode.LIMIT, True)


def test_a_zip_that_says_what_it_becomes_is_refused_before_anything_came_out() -> None:
    """Not a record of it is imported."""
    bomb = csv_bomb(10)
    with (
        pytest.raises(FileError) as refused,
        unpack(Bytes(zip_bomb(10)), Compression.ZIP, FileLimits()),
    ):
        pytest.fail("it was opened")

    assert refused.value.code is FileCode.LIMIT
    assert refused.value.message == (
        f"The packed file says that {bomb.size:,} bytes come out of {len(bomb.stream):,}:"
        " one that becomes more than 500 times as large is not unpacked"
    )


def test_a_gzip_is_judged_by_what_was_unpacked_of_it_and_not_by_what_was_read() -> None:
    """Most of the first mebibyte of a bomb has not become anything when enough came out."""
    came: list[int] = []
    with pytest.raises(FileError, match="more than 500 times as large is not"):
        _unpack_all(gzip_bomb(), FileLimits(ratio_from_bytes=4 * 2**20), came)

    assert sum(came) <= 6 * 2**20


def _unpack_all(packed: bytes, limits: FileLimits, came: list[int]) -> None:
    with unpack(Bytes(packed, most=2**20), Compression.GZIP, limits) as content:
        while chunk := content.stream.read(2**20):
            came.append(len(chunk))
